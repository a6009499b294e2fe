import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, LabError } from '../core/errors.js';
import { OwnConfig } from '../core/own-config.js';
import { PROVIDERS } from '../core/provider.js';
import { type Agreed, NOBODY, NOTHING_AGREED, type User } from '../core/trust.js';
import { checked, parseYaml } from './config-file.js';
import { readTextIfThere, writeAtomic } from './files.js';
import { stateFolder } from './leases.js';
import { openProject, type Project, storageError } from './project.js';
import { userConfigFolder } from './user-config.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Throws LabError for a config of theirs that cannot be read. */
export function readUser(env: Env): User {
  return { own: readOwnConfig(env), agreed: (root) => readAgreed(env, root) };
}

/** `config.yaml` in the folder of what this user decides for all projects. */
export const ownConfigPath = (env: Env): string => join(userConfigFolder(env), 'config.yaml');

/** Opens a project as this user sees it: with their own config beneath it, and what they have agreed to. Throws LabError. */
export const openProjectOf = (env: Env, dir: string): Project => openProject(dir, readUser(env));

const MAX_BYTES = 64 * 1024;

function readOwnConfig(env: Env): OwnConfig {
  const path = ownConfigPath(env);
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > MAX_BYTES)
      throw new LabError(`${path} is no plain file of up to 64 KiB`, 'a config holds settings only');
    return checked(OwnConfig, parseYaml(readFileSync(path, 'utf8'), path), path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return NOBODY.own;
    if (errorCode(error) === undefined) throw error;
    throw new LabError(`${path} cannot be read: ${errorCode(error)}`, 'it must be a file that you may read', {
      cause: error,
    });
  }
}

const text = z.string().nullable();
const AgreedFile = z.strictObject({
  project: z.string(),
  at: z.string(),
  keys: z.array(
    z.strictObject({ provider: z.enum(PROVIDERS), base_url: text, api_key_env: text, auth_token_env: text }),
  ),
  connections: z.array(z.strictObject({ ssh_host: text, ssh_args: z.array(z.string()) })),
  notes: z.array(z.strictObject({ vault_path: z.string(), project_subdir: z.string() })).default([]),
});

/** A file that is damaged or of another project agrees to nothing. */
function readAgreed(env: Env, root: string): Agreed {
  const found = parse(readTextIfThere(agreedPath(env, root)));
  return found === null || found.project !== root
    ? NOTHING_AGREED
    : { keys: found.keys, connections: found.connections, notes: found.notes };
}

/** Keeps what was agreed to. Throws LabError when it cannot be written. */
export function writeAgreed(env: Env, root: string, agreed: Agreed, at: string): string {
  const path = agreedPath(env, root);
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeAtomic(path, `${JSON.stringify({ project: root, at, ...agreed }, null, 2)}\n`, { mode: 0o600 });
    return path;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, path);
  }
}

/** Takes back all that was agreed to. */
export function forgetAgreed(env: Env, root: string): void {
  rmSync(agreedPath(env, root), { force: true });
}

function agreedPath(env: Env, root: string): string {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 32);
  return join(stateFolder(env), 'trust', `${name}.json`);
}

function parse(content: string | null): z.output<typeof AgreedFile> | null {
  try {
    return content === null ? null : (AgreedFile.safeParse(JSON.parse(content)).data ?? null);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { errorCode, errorText, LabError } from '../core/errors.js';
import { NotifyFile, type Secret, secretsOf } from '../core/notify/channel.js';
import { checked, parseYaml } from './config-file.js';
import { expandHome, userConfigFolder } from './user-config.js';

type Env = Readonly<Record<string, string | undefined>>;

const MAX_BYTES = 64 * 1024;

export const notifyFilePath = (env: Env): string => join(userConfigFolder(env), 'notify.yaml');

/**
 * The channels of this user; null where there is no file. Throws LabError for a file that cannot be read or that holds a
 * secret itself and may be read by others.
 */
export function readNotifyFile(env: Env): NotifyFile | null {
  const path = notifyFilePath(env);
  const found = readOwn(path);
  if (found === null) return null;
  const file = checked(NotifyFile, parseYaml(found.text, path), path);
  const bare = Object.entries(file.channels).find(([, channel]) =>
    secretsOf(channel).some((secret) => typeof secret === 'string'),
  );
  if (bare !== undefined && found.shared)
    throw new LabError(
      `${path} holds a secret of the channel "${bare[0]}" and may be read by others`,
      `chmod 600 ${path}, or keep the secret elsewhere: {env: NAME} or {file: PATH}`,
    );
  return file;
}

/** The value of a secret. Throws LabError in words where it is not there; it never says the value. */
export function secretValue(secret: Secret, env: Env): string {
  if (typeof secret === 'string') return secret;
  if ('env' in secret) {
    const value = env[secret.env]?.trim();
    if (value === undefined || value === '')
      throw new LabError(
        `the variable ${secret.env} is not set`,
        'set it where the program is started; hosts may hand on only some variables, then use {file: PATH}',
      );
    return value;
  }
  const path = expandHome(secret.file, env);
  if (!isAbsolute(path))
    throw new LabError(`"${secret.file}" is no absolute path`, 'write /… or ~/… for the file of a secret');
  const found = readOwn(path);
  if (found === null)
    throw new LabError(`there is no file ${path}`, 'write the secret into it, and chmod 600');
  if (found.shared) throw new LabError(`${path} may be read by others`, `chmod 600 ${path}`);
  const value = found.text.trim();
  if (value === '') throw new LabError(`${path} is empty`, 'write the secret into it');
  return value;
}

/** A plain file of bounded size, and whether others than its owner may read it. */
function readOwn(path: string): { text: string; shared: boolean } | null {
  let fd: number;
  try {
    // A pipe would keep us waiting.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw new LabError(
      `${path} cannot be read: ${errorText(error)}`,
      'it must be a plain file that you may read',
      {
        cause: error,
      },
    );
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > MAX_BYTES)
      throw new LabError(`${path} is no plain file of at most 64 KiB`, 'move it away');
    return { text: readFileSync(fd, 'utf8'), shared: (stat.mode & 0o044) !== 0 };
  } finally {
    closeSync(fd);
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import { lockedChanges } from '../../core/locked.js';
import { MARKER } from '../../core/marker.js';
import { secretValues, splitEnv } from '../../core/secrets.js';
import { atOnce, findLocked, lockedPlaces, lockedRoots, stampOf } from '../../store/locked.js';
import type { Project } from '../../store/project.js';
import { ensureWorkspace } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { lockedWarning, type ShellResult, shellResult, wallArgs } from './shell-result.js';
import { runShellThere } from './shell-there.js';
import { codePlace } from './where.js';

/**
 * Runs one shell command in the project folder, bounded in time and output. Nothing of it lives on afterwards. Secrets
 * are not in its environment. Where bubblewrap is installed, the person's files and the run records are read-only for
 * it; elsewhere a change to them is noticed and told.
 */
export async function runShell(
  lab: Pick<Lab, 'machine' | 'env' | 'jobs' | 'at'>,
  project: Project,
  request: { command: string; timeoutSeconds: number; signal: AbortSignal },
): Promise<ShellResult> {
  const place = await codePlace(lab, project);
  if (place !== null) return runShellThere(lab, project, place, request);
  const { paths, config } = project;
  ensureWorkspace(paths);
  const { env } = splitEnv(lab.env, { pass: [], secret: config.experiment.secret_env });
  const marker = `shell@${randomUUID()}`;
  const locked = lookAtLocked(project);
  const tried = sandbox(project, lab.env.PATH ?? '', locked.roots);
  const wall = tried !== null && (await works(lab, tried)) ? tried : null;
  const before = fingerprints(project);
  const result = await lab.machine.exec([...(wall ?? []), 'sh', '-c', request.command], {
    cwd: paths.root,
    env: { ...env, [MARKER]: marker },
    onlyEnv: true,
    timeoutMs: request.timeoutSeconds * 1000,
    maxBytes: 64 * 1024,
    signal: request.signal,
  });
  await lab.jobs.signal({ recordDir: join(paths.workspace, 'no-such-record'), marker }, 'SIGKILL');
  const after = fingerprints(project);
  const changed = [...before].filter(([name, hash]) => after.get(name) !== hash).map(([name]) => name);
  const touched = lockedChanges(locked.stamps, lookAtLocked(project).stamps);
  return shellResult(
    result,
    wall !== null,
    [
      ...changed.map((name) => `${name} was changed during this command; it belongs to the person`),
      ...(touched === null ? [] : [lockedWarning(touched)]),
    ],
    secretValues(lab.env, config.experiment.secret_env),
  );
}

/** bubblewrap arguments that leave everything as it is but make protected places read-only; null where it is missing. */
function sandbox(project: Project, path: string, locked: readonly string[]): string[] | null {
  const program = path
    .split(delimiter)
    .map((folder) => join(folder, 'bwrap'))
    .find(isExecutable);
  if (program === undefined) return null;
  const { root, brief, config, workspace } = project.paths;
  const shut = [brief, config, workspace, join(root, '.git'), ...locked].filter((place) => existsSync(place));
  const open = ['notes', 'papers', 'digests']
    .map((name) => join(workspace, name))
    .filter((place) => existsSync(place));
  return wallArgs(program, { shut, open, folder: root });
}

/** bubblewrap takes a few thousand arguments; what is over this is only looked at afterwards. */
const MAX_BOUND = 500;

/** The locked files as they stand: what to make read-only, and what changes whenever one is written or replaced. */
function lookAtLocked(project: Project): { roots: string[]; stamps: Record<string, string> } {
  const { locked } = project.config.experiment;
  if (locked.length === 0) return { roots: [], stamps: {} };
  const places = lockedPlaces(project.paths, locked);
  const files = atOnce(findLocked(places));
  return {
    roots: lockedRoots(places, files, MAX_BOUND),
    stamps: Object.fromEntries(files.map((file) => [file.path, stampOf(file)])),
  };
}

/** A container may have bubblewrap and forbid what it needs; the command then runs without it rather than not at all. */
async function works(lab: Pick<Lab, 'machine'>, wall: readonly string[]): Promise<boolean> {
  return (await lab.machine.exec([...wall, 'true'], { timeoutMs: 5000 })).code === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Only the answer matters.
    return false;
  }
}

/** Hashes of the files that only a person writes; absent ones count as absent. */
function fingerprints(project: Project): Map<string, string> {
  const { brief, config } = project.paths;
  return new Map(
    [
      ['the brief', brief],
      ['config.yaml', config],
    ].map(([name, path]) => [name ?? '', hashOf(path ?? '')]),
  );
}

function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    return errorCode(error) ?? 'unreadable';
  }
}

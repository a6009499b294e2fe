import { existsSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Config } from '../core/config.js';
import { applyBrief } from '../core/config.js';
import { errorCode, errorText, LabError } from '../core/errors.js';
import { agreedTo, type LedKey, type LedNotes, ledKey, ledNotes, NOBODY, type User } from '../core/trust.js';
import type { Brief } from './brief.js';
import { readBrief } from './brief.js';
import { readConfig } from './config-file.js';
import type { ProjectPaths } from './paths.js';
import { projectPaths } from './paths.js';

/** A project folder that was read: where things lie and what is wanted. */
export interface Project {
  name: string;
  paths: ProjectPaths;
  /** config.yaml with the brief's settings laid over it. */
  config: Config;
  brief: Brief;
  warnings: string[];
  /** Where its own config leads a key, to which the user has not agreed. */
  untrusted: LedKey | null;
  /** Where its own config has notes written outside of it, to which the user has not agreed. */
  untrustedNotes: LedNotes | null;
}

/** Opens a project folder without writing anything. Throws LabError for a folder, config or brief that cannot be read. */
export function openProject(dir: string, user: User = NOBODY): Project {
  const root = realFolder(resolve(dir));
  const { config: raw, notes } = readConfig(join(root, 'config.yaml'), user.own);
  assertBelow(root, raw.project.workspace, 'project.workspace');
  assertBelow(root, raw.project.brief, 'project.brief');
  const paths = projectPaths(root, raw.project.brief, raw.project.workspace);
  const brief = readBrief(paths.brief, raw.memory.brief_max_chars);
  const config = applyBrief(raw, brief.settings);
  return {
    name: config.project.name ?? basename(root),
    paths,
    config,
    brief,
    warnings: [...notes, ...brief.warnings],
    ...untrustedIn(config, root, user),
  };
}

function untrustedIn(
  { agent, obsidian }: Config,
  root: string,
  { own, agreed }: User,
): Pick<Project, 'untrusted' | 'untrustedNotes'> {
  const key = ledKey(agent, own.agent);
  const notes = ledNotes(obsidian, own.obsidian);
  if (key === null && notes === null) return { untrusted: null, untrustedNotes: null };
  const known = agreed(root);
  return {
    untrusted: key === null || agreedTo(known.keys, key) ? null : key,
    untrustedNotes: notes === null || agreedTo(known.notes, notes) ? null : notes,
  };
}

/** Makes the workspace folders. Throws LabError when the project cannot be written. */
export function ensureWorkspace(paths: ProjectPaths): void {
  try {
    makeFolders(paths.runs);
  } catch (error) {
    throw storageError(error, paths.workspace);
  }
}

/** As mkdir -p. Node's own tells of a read-only disk as if a folder were missing. Throws the system's error. */
export function makeFolders(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && statSync(path).isDirectory()) return;
    if (errorCode(error) !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeFolders(dirname(path));
    mkdirSync(path, { recursive: true });
  }
}

/** Words for the failures of a disk that people meet. */
export function storageError(error: unknown, path: string): LabError {
  const code = errorCode(error);
  const hints: Record<string, string> = {
    EACCES: 'give yourself write access to this folder, or choose another with --project',
    EPERM: 'give yourself write access to this folder, or choose another with --project',
    EROFS: 'this file system is read-only; choose a folder that can be written with --project',
    ENOSPC:
      'the disk is full: free some space (old checkpoints are the usual cause) and call again; nothing that was there is damaged',
    EDQUOT: 'your disk quota is used up: free some space and call again; nothing that was there is damaged',
    ENAMETOOLONG: 'choose a shorter name',
    ENOTDIR: 'a file stands where a folder is needed; move it away',
    EEXIST: 'a file stands where a folder is needed; move it away',
  };
  const hint = code === undefined ? undefined : hints[code];
  return new LabError(
    `cannot write ${path}: ${errorText(error)}`,
    hint ?? 'check the folder and call again',
    { cause: error },
  );
}

function realFolder(path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LabError(
      `no project folder at ${path}`,
      'give an existing folder with --project, or make one with: auto-experiment init DIR',
      { cause: error },
    );
  }
  throw new LabError(`${path} is not a folder`, 'give the project folder with --project');
}

/** The folder and, where it exists, what links make of it must lie below the project. */
function assertBelow(root: string, path: string, key: string): void {
  const outside = () =>
    new LabError(
      `${key}: "${path}" is not below the project folder`,
      'write a relative path without ".."; what the program writes stays in the project',
    );
  if (path === '' || path === '.' || path.includes('\0') || isAbsolute(path)) throw outside();
  const full = resolve(root, path);
  if (!isBelow(root, full)) throw outside();
  // What is not there yet is made below the nearest folder that is: no link on the way may lead out of the project.
  for (let at = full; at !== root; at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
    if (!isBelow(root, realTarget(at, key))) throw outside();
  }
}

function realTarget(link: string, key: string): string {
  try {
    return realpathSync(link);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LabError(
      `${key}: ${link} is a link that leads nowhere`,
      'remove it, or make what it points to',
      { cause: error },
    );
  }
}

function isBelow(root: string, path: string): boolean {
  const rest = relative(root, path);
  return rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}

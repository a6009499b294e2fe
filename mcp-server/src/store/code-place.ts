import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { errorCode } from '../core/errors.js';
import type { CodeRef } from '../core/ledger.js';
import { restoreSnapshot, snapshotFiles } from './restore.js';
import { codePaths } from './snapshots.js';
import { readContent, type StoredFile } from './tree-copy.js';
import { blobId } from './tree-id.js';

interface CodeOptions {
  project: string;
  workspace: string;
  code: CodeRef | null;
  into: string;
  /** Make the copy even while the project’s code is unchanged: it may be edited before all of it was read. */
  apart: boolean;
}

/** Where a run's code lies, and which files of it are no longer in the project folder as they were at the launch. */
export interface CodePlace {
  folder: string;
  changed: string[];
}

/**
 * The folder in which a run's code lies as it was when it was launched: the project folder while its code is unchanged, else
 * (and where it is kept `apart`) a copy at `into`, made once. In the copy everything that is no code (data, environments, what git ignores) is a link
 * into the project. A run whose code was not kept gets the project folder.
 */
export async function placeCode({ project, workspace, code, into, apart }: CodeOptions): Promise<CodePlace> {
  if (code === null) return { folder: project, changed: [] };
  const files = await snapshotFiles({ project, workspace }, code);
  const changed = files.filter((file) => isChanged(project, file)).map(({ path }) => path);
  if (existsSync(into)) return { folder: into, changed };
  if (changed.length === 0 && !apart) return { folder: project, changed };
  const half = `${into}.half`;
  // Of our own making, left by a process that was killed meanwhile.
  rmSync(half, { recursive: true, force: true });
  mkdirSync(dirname(into), { recursive: true });
  await restoreSnapshot({ project, workspace, snapshot: code, into: half });
  for (const file of files) if (file.mode === '120000') leadOut(project, workspace, half, file.path);
  const now = new Set((await codePaths(project, workspace)).flatMap(withFolders));
  linkRest(project, half, (path) => now.has(relative(project, path)), workspace);
  renameSync(half, into);
  return { folder: into, changed };
}

/** Files that came since do not count: what a training writes beside its code is no change of it. */
function isChanged(project: string, { path, mode, id }: StoredFile): boolean {
  try {
    const at = join(project, path);
    const isProgram = (lstatSync(at).mode & 0o111) !== 0;
    if (mode !== '120000' && isProgram !== (mode === '100755')) return true;
    return blobId(readContent(at, mode), id.length === 64 ? 'sha256' : 'sha1') !== id;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return true;
  }
}

/** A link that leads out of the project, or into its workspace, leads from the copy to where it led from the project. */
function leadOut(project: string, workspace: string, copy: string, path: string): void {
  const target = readlinkSync(join(copy, path));
  if (isAbsolute(target)) return;
  const meant = resolve(project, dirname(path), target);
  if (isWithin(meant, project) && !isWithin(meant, workspace)) return;
  rmSync(join(copy, path));
  symlinkSync(meant, join(copy, path));
}

/**
 * Never linked: what versioning keeps, because a command in the copy would write it, and what Python compiled, because it
 * belongs to the files beside it and would be taken for that of the copy's.
 */
const APART: readonly string[] = ['.git', '.hg', '.svn', '__pycache__'];

/** Links what lies in `from` and not in `to`, other than code, the workspace, and what is kept apart. */
function linkRest(from: string, to: string, isCode: (path: string) => boolean, workspace: string): void {
  for (const { name } of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, name), join(to, name)];
    if (source === workspace || APART.includes(name)) continue;
    const there = lstatSync(target, { throwIfNoEntry: false });
    const isFolder = lstatSync(source, { throwIfNoEntry: false })?.isDirectory() === true;
    if (there === undefined && !isCode(source) && !isWithin(workspace, source)) symlinkSync(source, target);
    else if (isFolder && (there === undefined || there.isDirectory())) {
      mkdirSync(target, { recursive: true });
      linkRest(source, target, isCode, workspace);
    }
  }
}

const isWithin = (path: string, folder: string): boolean => `${path}${sep}`.startsWith(`${folder}${sep}`);

/** `a/b/c.py` → `a`, `a/b`, `a/b/c.py`. */
export function withFolders(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { errorCode } from '../core/errors.js';
import type { CodeRef } from '../core/ledger.js';
import { restoreSnapshot, snapshotFiles } from './restore.js';
import { codePaths } from './snapshots.js';
import { readContent } from './tree-copy.js';
import { blobId } from './tree-id.js';

/**
 * The folder in which a run's code lies as it was when it was launched: the project folder while its code is unchanged, else
 * a copy at `into`, made once. In the copy everything that is no code (data, environments, what git ignores) is a link
 * into the project. A run whose code was not kept gets the project folder.
 */
export async function placeCode(options: {
  project: string;
  workspace: string;
  code: CodeRef | null;
  into: string;
}): Promise<string> {
  const { project, workspace, code, into } = options;
  if (existsSync(into)) return into;
  if (code === null || (await isUnchanged(project, workspace, code))) return project;
  const half = `${into}.half`;
  // Of our own making, left by a process that was killed meanwhile.
  rmSync(half, { recursive: true, force: true });
  mkdirSync(dirname(into), { recursive: true });
  await restoreSnapshot({ project, workspace, snapshot: code, into: half });
  const now = new Set((await codePaths(project, workspace)).flatMap(withFolders));
  linkRest(project, half, (path) => now.has(relative(project, path)), [workspace, join(project, '.git')]);
  renameSync(half, into);
  return into;
}

/**
 * True while every file of the snapshot is as it was. Files that came since do not count: what a training writes beside its
 * code is no change of it.
 */
async function isUnchanged(project: string, workspace: string, snapshot: CodeRef): Promise<boolean> {
  for (const { path, mode, id } of await snapshotFiles({ project, workspace }, snapshot)) {
    try {
      if (blobId(readContent(join(project, path), mode), id.length === 64 ? 'sha256' : 'sha1') !== id)
        return false;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return false;
    }
  }
  return true;
}

/** Links what lies in `from` and not in `to`, other than code and the `closed` folders. */
function linkRest(
  from: string,
  to: string,
  isCode: (path: string) => boolean,
  closed: readonly string[],
): void {
  for (const { name } of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, name), join(to, name)];
    if (closed.includes(source)) continue;
    const there = lstatSync(target, { throwIfNoEntry: false });
    const isFolder = lstatSync(source, { throwIfNoEntry: false })?.isDirectory() === true;
    if (there === undefined && !isCode(source)) symlinkSync(source, target);
    else if (isFolder && (there === undefined || there.isDirectory())) {
      mkdirSync(target, { recursive: true });
      linkRest(source, target, isCode, closed);
    }
  }
}

/** `a/b/c.py` → `a`, `a/b`, `a/b/c.py`. */
function withFolders(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

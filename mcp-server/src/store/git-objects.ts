import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../core/errors.js';
import { git, tryGit } from './git.js';
import { isProcess } from './identity.js';
import type { StoredFile } from './tree-copy.js';
import { readContent } from './tree-copy.js';

/** Writes the contents that the repository does not have yet, byte for byte: no filter, no change of line ends. */
export async function writeBlobs(project: string, files: readonly StoredFile[]): Promise<StoredFile[]> {
  const asked = [...new Set(files.map((file) => file.id))];
  const answer = await git(project, ['cat-file', '--batch-check=%(objectname)'], {
    input: `${asked.join('\n')}\n`,
  });
  const missing = new Set(
    [...answer.toString('utf8').matchAll(/^(\S+) missing$/gm)].map((match) => match[1] ?? ''),
  );
  const wanted = files.filter((file) => missing.has(file.id));
  if (wanted.length === 0) return [...files];
  const ids = await inTemp(async (temp) => {
    const paths = wanted.map((file, index) => {
      const path = join(project, file.path);
      if (file.mode !== '120000' && !path.includes('\n')) return path;
      // A link's content is its target, and git reads one path per line.
      const stand = join(temp, String(index));
      writeFileSync(stand, readContent(path, file.mode));
      return stand;
    });
    const output = await git(project, ['hash-object', '-w', '--no-filters', '--stdin-paths'], {
      input: `${paths.join('\n')}\n`,
    });
    return output.toString('utf8').trim().split('\n');
  });
  // A file that changed since it was looked at has another id now.
  const now = new Map(wanted.map((file, index) => [file.path, ids[index] ?? file.id]));
  return files.map((file) => ({ ...file, id: now.get(file.path) ?? file.id }));
}

/** A commit of these files under a ref, made through an index of its own. */
export async function commitFiles(
  project: string,
  files: readonly StoredFile[],
  commit: { ref: string; parent: string | null; message: string },
): Promise<{ id: string; tree: string }> {
  return inTemp(async (temp) => {
    const index = join(temp, 'index');
    const input = files.map((file) => `${file.mode} ${file.id}\t${file.path}\0`).join('');
    await git(project, ['update-index', '-z', '--index-info'], { index, input });
    const tree = (await git(project, ['write-tree'], { index })).toString('utf8').trim();
    const parents = commit.parent === null ? [] : ['-p', commit.parent];
    const made = await git(project, ['commit-tree', tree, ...parents, '-F', '-'], {
      input: `${commit.message}\n`,
    });
    const id = made.toString('utf8').trim();
    await git(project, ['update-ref', commit.ref, id]);
    return { id, tree };
  });
}

/** The files of a commit. Throws LabError when the repository has no such commit. */
export async function filesOfCommit(project: string, id: string): Promise<StoredFile[]> {
  const { code, stdout } = await tryGit(project, ['ls-tree', '-r', '-z', '--full-tree', '--long', id]);
  if (code !== 0) {
    throw new LabError(
      `the repository has no snapshot ${id.slice(0, 12)}`,
      'was the repository cloned anew, or refs/auto-experiment removed? Snapshots live there',
    );
  }
  return stdout
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const match = /^(\d{6}) blob ([0-9a-f]+) +(\d+)\t([\s\S]+)$/.exec(line);
      const [, mode = '', blob = '', bytes = '', path = ''] = match ?? [];
      return match === null ? [] : [{ mode, id: blob, bytes: Number(bytes), path }];
    });
}

/** The contents of some objects, in order; null for one that is not there. */
export async function readBlobs(project: string, ids: readonly string[]): Promise<(Buffer | null)[]> {
  const output = await git(project, ['cat-file', '--batch'], { input: `${ids.join('\n')}\n` });
  let at = 0;
  return ids.map(() => {
    const end = output.indexOf(0x0a, at);
    const size = / blob (\d+)$/.exec(output.toString('utf8', at, end))?.[1];
    at = end + 1;
    if (size === undefined) return null;
    const data = output.subarray(at, at + Number(size));
    at += Number(size) + 1;
    return data;
  });
}

const TEMP = /^auto-experiment-index-(\d+)-/;

async function inTemp<T>(act: (folder: string) => Promise<T>): Promise<T> {
  removeStale();
  const folder = mkdtempSync(join(tmpdir(), `auto-experiment-index-${process.pid}-`));
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the folders of this user's processes that were killed while they had one. */
function removeStale(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = TEMP.exec(name)?.[1];
    if (pid === undefined || isProcess(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true && stat.uid === process.getuid?.())
      rmSync(folder, { recursive: true, force: true });
  }
}

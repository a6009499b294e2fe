import { closeSync, constants, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';
import { unifiedDiff } from '../core/line-diff.js';
import { filesOfCommit, readBlobs } from './git-objects.js';
import { storageError } from './project.js';
import type { Snapshot } from './snapshots.js';
import { snapshotFolder } from './snapshots.js';
import type { StoredFile } from './tree-copy.js';
import { getListing, getObject } from './tree-copy.js';

export type SnapshotRef = Pick<Snapshot, 'kind' | 'id'>;

interface Where {
  project: string;
  /** Absolute; default `workspace` in the project. */
  workspace?: string;
}

/** Contents are read in groups, so that memory stays bounded. */
const GROUP_BYTES = 32 * 1024 * 1024;

/** Writes the files of a snapshot into a new folder. Throws LabError when it is there and not empty. */
export async function restoreSnapshot(
  options: Where & { snapshot: SnapshotRef; into: string },
): Promise<{ files: number; bytes: number }> {
  const { snapshot, into } = options;
  const files = await snapshotFiles(options, snapshot);
  makeEmpty(into);
  let bytes = 0;
  try {
    // Links last: nothing is ever written through one.
    for await (const { file, data } of snapshotContents(options, snapshot, files)) {
      if (file.mode !== '120000') put(into, file, data);
      bytes += data.length;
    }
    for await (const { file, data } of snapshotContents(
      options,
      snapshot,
      files.filter((one) => one.mode === '120000'),
    )) {
      put(into, file, data);
    }
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw storageError(error, into);
  }
  return { files: files.length, bytes };
}

/**
 * What changed from snapshot `a` to `b`, as a unified diff of at most `maxChars` UTF-16 units. `changed` counts all files
 * that differ; `truncated` is true when not all of them are in the text.
 */
export async function diffSnapshots(
  options: Where & { a: SnapshotRef; b: SnapshotRef; maxChars?: number },
): Promise<{ text: string; changed: number; truncated: boolean }> {
  const max = options.maxChars ?? 20_000;
  const before = new Map((await snapshotFiles(options, options.a)).map((file) => [file.path, file]));
  const after = new Map((await snapshotFiles(options, options.b)).map((file) => [file.path, file]));
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  const isSame = (path: string) =>
    before.get(path)?.mode === after.get(path)?.mode && before.get(path)?.bytes === after.get(path)?.bytes;
  let text = '';
  let changed = 0;
  for (const path of paths) {
    const [from, to] = [before.get(path), after.get(path)];
    if (isSame(path) && options.a.kind === options.b.kind && from?.id === to?.id) continue;
    const old = from === undefined ? null : await contentOf(options, options.a, from);
    const now = to === undefined ? null : await contentOf(options, options.b, to);
    if (old !== null && now !== null && old.equals(now) && from?.mode === to?.mode) continue;
    changed += 1;
    if (text.length <= max) text += fileDiff(path, from, to, old, now);
  }
  const truncated = text.length > max;
  return { text: truncated ? wholeLines(text, max) : text, changed, truncated };
}

/** Lines removed and lines added from `a` to `b`; of binary files and beyond some megabytes nothing is counted. */
export async function countChangedLines(
  options: Where & { a: SnapshotRef; b: SnapshotRef },
): Promise<number> {
  const { text } = await diffSnapshots({ ...options, maxChars: 4_000_000 });
  return [...text.matchAll(/^(?:\+(?!\+\+ )|-(?!-- ))/gm)].length;
}

function fileDiff(
  path: string,
  from?: StoredFile,
  to?: StoredFile,
  old?: Buffer | null,
  now?: Buffer | null,
): string {
  const mode =
    from !== undefined && to !== undefined && from.mode !== to.mode
      ? `old mode ${from.mode}\nnew mode ${to.mode}\n`
      : '';
  const head = `diff a/${path} b/${path}\n${mode}--- ${from === undefined ? '/dev/null' : `a/${path}`}\n+++ ${to === undefined ? '/dev/null' : `b/${path}`}\n`;
  const isBinary = [old, now].some((data) => data?.subarray(0, 8000).includes(0) === true);
  if (isBinary) return `${head}Binary files differ (${old?.length ?? 0} and ${now?.length ?? 0} bytes)\n`;
  return head + unifiedDiff(old?.toString('utf8') ?? '', now?.toString('utf8') ?? '');
}

function wholeLines(text: string, max: number): string {
  const end = text.lastIndexOf('\n', max - 1);
  return end < 0 ? text.slice(0, max) : text.slice(0, end + 1);
}

/** The files of a snapshot. Throws LabError when it is gone or was not made by this program. */
export async function snapshotFiles(where: Where, snapshot: SnapshotRef): Promise<StoredFile[]> {
  if (!/^[0-9a-f]{40,64}$/.test(snapshot.id))
    throw new LabError(
      `"${snapshot.id.slice(0, 80)}" is no id of a snapshot`,
      'use the id that the run’s record names',
    );
  const files =
    snapshot.kind === 'git'
      ? await filesOfCommit(where.project, snapshot.id)
      : getListing(objectsOf(where), snapshot.id);
  const odd = files.find((file) =>
    file.path
      .split('/')
      .some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git'),
  );
  if (odd !== undefined)
    throw new LabError(
      `the snapshot names "${odd.path.slice(0, 100)}", which is no place for code`,
      'it was not made by this program; do not restore it',
    );
  return files;
}

function objectsOf(where: Where): string {
  return join(snapshotFolder(where), 'objects');
}

async function contentOf(where: Where, snapshot: SnapshotRef, file: StoredFile): Promise<Buffer> {
  for await (const { data } of snapshotContents(where, snapshot, [file])) return data;
  return Buffer.alloc(0);
}

/** Contents of files of a snapshot, in their order. Throws LabError when one is lost. */
export async function* snapshotContents(
  where: Where,
  snapshot: SnapshotRef,
  files: readonly StoredFile[],
): AsyncGenerator<{ file: StoredFile; data: Buffer }> {
  for (const group of groups(files)) {
    const blobs =
      snapshot.kind === 'git'
        ? await readBlobs(
            where.project,
            group.map((file) => file.id),
          )
        : [];
    for (const [index, file] of group.entries()) {
      const data = snapshot.kind === 'git' ? blobs[index] : getObject(objectsOf(where), file.id);
      if (data === null || data === undefined) {
        throw new LabError(
          `the repository has lost ${file.path} of snapshot ${snapshot.id.slice(0, 12)}`,
          'run git fsck to see what else is missing',
        );
      }
      yield { file, data };
    }
  }
}

function groups(files: readonly StoredFile[]): StoredFile[][] {
  const all: StoredFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const group = all.at(-1);
    if (group === undefined || bytes + file.bytes > GROUP_BYTES) {
      all.push([file]);
      bytes = 0;
    } else group.push(file);
    bytes += file.bytes;
  }
  return all;
}

function put(into: string, file: StoredFile, data: Buffer): void {
  const path = join(into, file.path);
  mkdirSync(dirname(path), { recursive: true });
  if (file.mode === '120000') {
    symlinkSync(data, path);
    return;
  }
  const mode = file.mode === '100755' ? 0o777 : 0o666;
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    writeFileSync(fd, data);
  } finally {
    closeSync(fd);
  }
}

function makeEmpty(into: string): void {
  try {
    mkdirSync(into, { recursive: true });
    if (readdirSync(into).length === 0) return;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, into);
  }
  throw new LabError(`${into} is not empty`, 'name a new folder: a snapshot is never written over anything');
}

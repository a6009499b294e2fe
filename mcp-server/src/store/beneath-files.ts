import { closeSync, constants, fstatSync, lstatSync, opendirSync, readSync } from 'node:fs';
import { errorCode, LabError } from '../core/errors.js';
import {
  assertOrdinary,
  assertWritableName,
  holdFolder,
  openBeneath,
  refused,
  splitRelative,
} from './beneath.js';
import { writeAtomic } from './files.js';
import { storageError } from './project.js';

export interface FilePart {
  /** UTF-8, cut between characters; bytes that are no UTF-8 appear as U+FFFD. */
  text: string;
  /** True when a NUL byte is in it: no text. */
  binary: boolean;
  /** Bytes of the whole file. */
  size: number;
  /** Where to read on; null at the end. */
  next: number | null;
}

/** Up to `maxBytes` of a file below `root`, from byte `offset`. Throws LabError as `openBeneath` does. */
export function readBeneath(
  root: string,
  relative: string,
  part: { offset?: number; maxBytes: number },
): FilePart {
  const fd = openBeneath(root, relative, constants.O_RDONLY);
  try {
    const offset = part.offset ?? 0;
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.max(0, Math.min(part.maxBytes, size - offset)));
    let length = 0;
    while (length < buffer.length) {
      const got = readSync(fd, buffer, length, buffer.length - length, offset + length);
      if (got === 0) break;
      length += got;
    }
    const more = length > 0 && offset + length < size;
    const data = buffer.subarray(0, more ? wholeCharacters(buffer.subarray(0, length)) : length);
    return {
      text: data.toString('utf8'),
      binary: data.includes(0),
      size,
      next: more ? offset + data.length : null,
    };
  } finally {
    closeSync(fd);
  }
}

/** Length without a UTF-8 character that goes on beyond the end. */
export function wholeCharacters(data: Buffer): number {
  for (let back = 1; back <= Math.min(3, data.length - 1); back++) {
    const byte = data[data.length - back] ?? 0;
    if (byte < 0x80) return data.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf5 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? data.length - back : data.length;
    }
  }
  return data.length;
}

/**
 * Writes a file below `root`, making the folders on its way; what was there is replaced in one step and keeps its
 * permissions. Throws LabError as `openBeneath` does, for names with control characters, and when the disk refuses.
 */
export function writeBeneath(root: string, relative: string, text: string | Uint8Array): void {
  const parts = splitRelative(relative);
  const name = parts.at(-1);
  if (name === undefined || relative.endsWith('/'))
    throw refused(relative, 'it names a folder', 'name a file');
  assertWritableName(relative);
  try {
    const folder = holdFolder(root, parts.slice(0, -1), relative, true);
    try {
      const path = `${folder.at}/${name}`;
      const there = lstatSync(path, { throwIfNoEntry: false });
      if (there !== undefined) assertOrdinary(there, relative);
      writeAtomic(path, text);
    } finally {
      folder.close();
    }
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw storageError(error, relative);
  }
}

export interface Listed {
  /** Relative to the root. */
  path: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  /** Of files; else null. */
  bytes: number | null;
}

/** More names than this in one folder are not looked at: a folder of a data set may have millions. */
const MAX_NAMES = 50_000;

/**
 * What lies in a folder below `root`, by name, folders followed at once by their contents down to `depth` (1 = only this
 * folder). Links are shown, never followed. `truncated` is true when there is more than `maxEntries`.
 */
export function listBeneath(
  root: string,
  relative: string,
  limits: { maxEntries: number; depth: number },
): { entries: Listed[]; truncated: boolean } {
  const entries: Listed[] = [];
  const truncated = !listInto(entries, root, splitRelative(relative), limits.maxEntries, limits.depth);
  return { entries, truncated };
}

/** False as soon as there is no more room. */
function listInto(
  entries: Listed[],
  root: string,
  parts: readonly string[],
  max: number,
  depth: number,
): boolean {
  const folder = holdFolder(root, parts, parts.join('/'));
  try {
    const { names, all } = namesIn(folder.at);
    for (const name of names) {
      const stat = lstatSync(`${folder.at}/${name}`, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (entries.length >= max) return false;
      const kind = stat.isFile()
        ? 'file'
        : stat.isDirectory()
          ? 'folder'
          : stat.isSymbolicLink()
            ? 'link'
            : 'other';
      entries.push({ path: [...parts, name].join('/'), kind, bytes: kind === 'file' ? stat.size : null });
      if (kind === 'folder' && depth > 1 && !listDeeper(entries, root, [...parts, name], max, depth - 1))
        return false;
    }
    return all;
  } finally {
    folder.close();
  }
}

/** A folder that vanished or became a link meanwhile has no contents. */
function listDeeper(
  entries: Listed[],
  root: string,
  parts: readonly string[],
  max: number,
  depth: number,
): boolean {
  try {
    return listInto(entries, root, parts, max, depth);
  } catch (error) {
    if (error instanceof LabError) return true;
    throw error;
  }
}

function namesIn(path: string): { names: string[]; all: boolean } {
  const names: string[] = [];
  const folder = opendirSync(path);
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (names.length >= MAX_NAMES) return { names: names.sort(), all: false };
      names.push(entry.name);
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  } finally {
    folder.closeSync();
  }
  return { names: names.sort(), all: true };
}

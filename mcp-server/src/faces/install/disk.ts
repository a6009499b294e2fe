import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync, rmdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../../core/errors.js';
import { readBytesIfThere, writeAtomic } from '../../store/files.js';
import { storageError } from '../../store/project.js';

/** The bytes of a file, or null when there is none, also where a file stands in place of its folder. Throws LabError. */
export function bytesOf(path: string): Buffer | null {
  return named(path, 'read', () => orNull(() => readBytesIfThere(path)));
}

/** What stands at a path, a link itself; or null. */
export function entryOf(path: string): Stats | null {
  return named(path, 'read', () => orNull(() => lstatSync(path, { throwIfNoEntry: false }) ?? null));
}

/** The file behind a link: dotfiles are often links into a folder under version control, and stay links. */
export function realFile(path: string): string {
  return entryOf(path)?.isSymbolicLink() === true ? named(path, 'read', () => realpathSync(path)) : path;
}

/** Replaces a file, unless it is not what `expected` says any more: then false. Throws LabError. */
export function replaceFile(path: string, data: Buffer, expected: Buffer | null, mode: number): boolean {
  const moved = new Error('the file was changed meanwhile');
  return named(path, 'write', () => {
    try {
      writeAtomic(path, data, {
        // An existing file keeps its own permissions.
        ...(expected === null ? { mode } : {}),
        lastLook: () => {
          if (!sameBytes(bytesOf(path), expected)) throw moved;
        },
      });
      return true;
    } catch (error) {
      if (error === moved) return false;
      throw error;
    }
  });
}

export function hashOf(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function sameBytes(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** The text of a file that is edited. Throws LabError when it is not UTF-8: editing would damage it. */
export function textOf(data: Buffer | null, path: string): string {
  const text = data?.toString('utf8') ?? '';
  if (data !== null && !Buffer.from(text).equals(data))
    throw new LabError(`${path} is not UTF-8`, 'save it as UTF-8 and run this again; nothing was changed');
  return text;
}

/** Keeps a copy under the record's folder; its name there. */
export function backUp(folder: string, data: Buffer): { backup: string; sha256: string } {
  const sha256 = hashOf(data);
  const backup = join('backups', sha256.slice(0, 16));
  named(folder, 'write', () => {
    mkdirSync(join(folder, 'backups'), { recursive: true, mode: 0o700 });
    // It may hold a person's keys.
    writeAtomic(join(folder, backup), data, { mode: 0o600 });
  });
  return { backup, sha256 };
}

/** As mkdir -p. */
export function makeFolders(path: string): void {
  named(path, 'write', () => mkdirSync(path, { recursive: true }));
}

/** The folders that `makeFolders` would make, outermost first. */
export function missingFolders(path: string): string[] {
  const there = named(path, 'read', () => orNull(() => statSync(path, { throwIfNoEntry: false }) ?? null));
  return there !== null || dirname(path) === path ? [] : [...missingFolders(dirname(path)), path];
}

/** Removes those that are empty, innermost first; what remains of them. */
export function removeEmptyFolders(folders: readonly string[]): string[] {
  return [...folders]
    .sort((a, b) => b.length - a.length)
    .filter((folder) => {
      try {
        rmdirSync(folder);
        return false;
      } catch (error) {
        const code = errorCode(error);
        if (code === 'ENOENT' || code === 'ENOTDIR') return false;
        if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY') return true;
        throw storageError(error, folder);
      }
    })
    .toReversed();
}

function orNull<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Runs something on a file; the system's errors become words. */
export function named<T>(path: string, verb: 'read' | 'write', act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    if (verb === 'write') throw storageError(error, path);
    throw new LabError(
      `cannot read ${path}: ${errorCode(error)}`,
      'give yourself access to it and run this again',
      { cause: error },
    );
  }
}

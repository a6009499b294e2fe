import type { Stats } from 'node:fs';
import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { errorCode, errorText, LabError } from '../core/errors.js';
import { checkedPath, isSameFile } from './beneath-checked.js';

/** Not in node:fs; the value of Linux on x86, arm and riscv. */
const O_PATH = 0o10000000;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const MAX_BYTES = 4096;

/** A folder that is held open: its contents are reached through `at`, wherever the folder's name points meanwhile. */
export interface HeldFolder {
  at: string;
  close(): void;
}

/**
 * The components of a path that an agent gave, relative to a root. Throws LabError for what can leave it or is no path:
 * NUL, absolute, `..`, over 4,096 bytes. The root itself has no components.
 */
export function splitRelative(relative: string): string[] {
  const refuse = (why: string) =>
    refused(relative, why, 'give a path relative to the project folder, without ".."');
  if (relative.includes('\0')) throw refuse('it contains a NUL character');
  if (Buffer.byteLength(relative) > MAX_BYTES) throw refuse('it is longer than 4,096 bytes');
  if (relative.startsWith('/')) throw refuse('it is absolute');
  if (process.platform === 'win32' && /[\\:]/.test(relative)) throw refuse('it holds "\\" or ":"');
  const parts = relative.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refuse('it climbs with ".."');
  return parts;
}

/**
 * Opens a file below `root` and returns its descriptor. Every folder on the way is opened without following links and
 * held while the next is looked up in it (as openat2 with RESOLVE_BENEATH does), so a folder that is swapped for a link
 * meanwhile changes nothing. Refused with a LabError: whatever `splitRelative` refuses, symbolic links anywhere below the
 * root, anything but regular files, and files with several hard links, which may be known by another name elsewhere.
 *
 * `flags` as in open(2); O_CREAT makes the file, not its folders. Where there is no /proc/self/fd (not Linux) the real
 * path is checked before and after opening: that finds links, but a swap within that instant can escape it.
 */
export function openBeneath(root: string, relative: string, flags: number, mode = 0o644): number {
  const parts = splitRelative(relative);
  const name = parts.pop();
  if (name === undefined) throw refused(relative, 'it is the folder itself', 'name a file in it');
  const folder = holdFolder(root, parts, relative);
  try {
    return openIn(folder.at, name, flags, mode, relative);
  } finally {
    folder.close();
  }
}

/**
 * Opens the folder at `parts` below `root` without following links. `make` creates those that are missing. `shown` is the
 * path that errors name. Close it when done.
 */
export function holdFolder(root: string, parts: readonly string[], shown: string, make = false): HeldFolder {
  if (process.platform !== 'linux' || !existsSync('/proc/self/fd')) {
    return { at: checkedPath(root, parts, shown, make), close: () => {} };
  }
  let fd = openRoot(root);
  try {
    for (const part of parts) {
      const next = stepInto(`/proc/self/fd/${fd}/${part}`, make);
      closeSync(fd);
      fd = next;
    }
  } catch (error) {
    closeSync(fd);
    throw folderError(error, shown);
  }
  return { at: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
}

function openRoot(root: string): number {
  try {
    return openSync(root, O_PATH | O_DIRECTORY);
  } catch (error) {
    throw new LabError(
      `the folder ${root} cannot be opened: ${errorText(error)}`,
      'check that it is there and that you may read it',
      { cause: error },
    );
  }
}

function stepInto(path: string, make: boolean): number {
  for (let tries = 0; ; tries++) {
    try {
      return openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      if (!make || tries > 3 || errorCode(error) !== 'ENOENT') throw error;
    }
    try {
      mkdirSync(path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

function openIn(folder: string, name: string, flags: number, mode: number, shown: string): number {
  const path = `${folder}/${name}`;
  const linux = folder.startsWith('/proc/');
  try {
    for (let tries = 0; ; tries++) {
      try {
        return linux ? openPinned(path, flags, shown) : openChecked(path, flags, shown);
      } catch (error) {
        if ((flags & O_CREAT) === 0 || errorCode(error) !== 'ENOENT' || tries > 3) throw error;
      }
      try {
        return openSync(path, flags | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
      } catch (error) {
        // Somebody made it in this instant: look at what it is.
        if (errorCode(error) !== 'EEXIST' || (flags & O_EXCL) !== 0) throw error;
      }
    }
  } catch (error) {
    throw fileError(error, shown);
  }
}

/** Pins the file first and looks at it, so that a FIFO, a device or a second name is refused before anything happens to it. */
function openPinned(path: string, flags: number, shown: string): number {
  const pin = openSync(path, O_PATH | O_NOFOLLOW);
  try {
    assertOrdinary(fstatSync(pin), shown);
    if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) throw existing(shown);
    return openSync(`/proc/self/fd/${pin}`, flags & ~O_CREAT & ~O_NOFOLLOW);
  } finally {
    closeSync(pin);
  }
}

function openChecked(path: string, flags: number, shown: string): number {
  const fd = openSync(path, (flags & ~O_CREAT & ~constants.O_TRUNC) | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    assertOrdinary(stat, shown);
    if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) throw existing(shown);
    if (!isSameFile(path, stat)) throw refused(shown, 'it was changed while it was opened', 'try again');
    if ((flags & constants.O_TRUNC) !== 0) closeSync(openSync(path, constants.O_WRONLY | constants.O_TRUNC));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Throws LabError unless it is a regular file with one name. */
export function assertOrdinary(stat: Stats, shown: string): void {
  if (stat.isSymbolicLink()) throw linkRefused(shown);
  if (stat.isDirectory()) throw refused(shown, 'it is a folder', 'name a file in it, or list it');
  if (!stat.isFile())
    throw refused(shown, 'it is not a regular file', 'only regular files are read and written');
  if (stat.nlink > 1) {
    throw refused(
      shown,
      `it has ${stat.nlink} hard links, so it is also known by another name`,
      `make a copy of "${short(shown)}" and use that`,
    );
  }
}

function existing(shown: string): LabError {
  return refused(shown, 'it is there already', 'choose another name');
}

export function linkRefused(shown: string): LabError {
  return refused(
    shown,
    'a part of it is a symbolic link',
    'links are not followed: name the real place, if it is below the project folder',
  );
}

function folderError(error: unknown, shown: string): unknown {
  if (error instanceof LabError) return error;
  const code = errorCode(error);
  if (code === 'ENOTDIR' || code === 'ELOOP') {
    return refused(
      shown,
      'a part of it is a symbolic link or not a folder',
      'links are not followed: name the real place, if it is below the project folder',
      error,
    );
  }
  return fileError(error, shown);
}

function fileError(error: unknown, shown: string): unknown {
  if (error instanceof LabError) return error;
  const code = errorCode(error);
  if (code === undefined) return error;
  if (code === 'ENOENT')
    return new LabError(
      `there is no "${short(shown)}"`,
      `list the folder to see what there is; "${short(shown)}" is looked up below the project folder`,
      { cause: error },
    );
  if (code === 'ELOOP') return linkRefused(shown);
  return refused(
    shown,
    errorText(error).split(',')[0] ?? code,
    `check what stands at "${short(shown)}" and who may use it`,
    error,
  );
}

/** Throws LabError for a name that no person could read or type. */
export function assertWritableName(relative: string): void {
  if (/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u.test(relative)) {
    throw refused(relative, 'it holds control characters', 'choose a name that a person can read and type');
  }
}

/** The one form of refusal: which path, why, and what to do. */
export function refused(shown: string, why: string, hint: string, cause?: unknown): LabError {
  return new LabError(`"${short(shown)}" is refused: ${why}`, hint, cause === undefined ? {} : { cause });
}

function short(path: string): string {
  const text = JSON.stringify(path).slice(1, -1);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

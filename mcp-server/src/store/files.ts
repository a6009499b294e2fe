import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode } from '../core/errors.js';

/** Temporary files are told by their names: of us, of this host (8 hex), of which process, and a random part. */
const TEMP = /^\.ae-tmp-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}$/;

/** A name for a temporary file that no other process of any host uses, recognised by `removeStaleTemps`. */
export function tempName(): string {
  return `.ae-tmp-${hostTag()}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** This host's name in 8 hex digits: process ids mean something on one host only. */
export function hostTag(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

export interface WriteOptions {
  /**
   * What a power cut may take. `nothing` (default): the new content stays. `newest`: the old content or the new is there.
   * `all`: the file may be empty, so only for what can be made again. Each step saves a wait for the disk.
   */
  mayLose?: 'nothing' | 'newest' | 'all';
  /** Permissions of a new file; those of a file that is there stay. */
  mode?: number;
  /** Called when all is written, just before the rename; what it throws abandons the write. */
  lastLook?: () => void;
}

/**
 * Replaces a file: readers see the old content or the new, never a part, also after a power cut. A symbolic link at
 * `path` is replaced itself. When the disk refuses, the old content stays, nothing is left behind, and the system's
 * error is thrown (ENOSPC, EIO, …).
 */
export function writeAtomic(path: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const folder = dirname(path);
  const temp = join(folder, tempName());
  const there = lstatSync(path, { throwIfNoEntry: false });
  const fd = openSync(temp, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, options.mode ?? 0o666);
  try {
    try {
      if (there?.isFile() === true && options.mode === undefined) fchmodSync(fd, there.mode & 0o777);
      writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data);
      if (options.mayLose !== 'all') fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    options.lastLook?.();
    renameSync(temp, path);
  } catch (error) {
    rmSync(temp, { force: true });
    throw error;
  }
  if ((options.mayLose ?? 'nothing') === 'nothing') syncFolder(folder);
}

function writeAll(fd: number, data: Uint8Array): void {
  for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
}

/** Makes renames in a folder last. Where a folder cannot be synced (Windows, some network disks) nothing can be done. */
export function syncFolder(folder: string): void {
  const fd = openFolder(folder);
  if (fd === null) return;
  try {
    fsyncSync(fd);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EPERM') throw error;
  } finally {
    closeSync(fd);
  }
}

function openFolder(folder: string): number | null {
  try {
    return openSync(folder, constants.O_RDONLY);
  } catch (error) {
    if (errorCode(error) === 'EACCES' || errorCode(error) === 'EISDIR' || errorCode(error) === 'EPERM')
      return null;
    throw error;
  }
}

/**
 * Appends one line, durably, in a single write, so that lines of several processes do not mix. `text` is one line, with
 * or without its `\n`. After a torn last line it begins anew, so the torn one stays alone. A disk that takes only a part
 * is an error (code ENOSPC), as is whatever the system reports. `sync: false` leaves it to the system when the disk gets
 * it: for what can be made again.
 */
export function appendLine(path: string, text: string, { sync = true } = {}): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o666);
  try {
    const line = text.endsWith('\n') ? text : `${text}\n`;
    const data = Buffer.from(endsOpen(fd) ? `\n${line}` : line);
    const written = writeSync(fd, data, 0, data.length);
    if (written !== data.length) {
      throw Object.assign(new Error(`only ${written} of ${data.length} bytes fitted on the disk`), {
        code: 'ENOSPC',
      });
    }
    if (sync) fsyncRegular(fd);
  } finally {
    closeSync(fd);
  }
}

function endsOpen(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

/** A device has nothing to sync. */
function fsyncRegular(fd: number): void {
  if (fstatSync(fd).isFile()) fsyncSync(fd);
}

/** The text of a file (UTF-8), or null when there is none. */
export function readTextIfThere(path: string): string | null {
  return readBytesIfThere(path)?.toString('utf8') ?? null;
}

/** The bytes of a file, or null when there is none. */
export function readBytesIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Removes temporary files that killed processes left in a folder; returns their names. Only files of our own naming, of
 * this host, whose process is gone.
 */
export function removeStaleTemps(folder: string): string[] {
  const removed: string[] = [];
  for (const entry of entriesIfThere(folder)) {
    const [, host, pid] = TEMP.exec(entry.name) ?? [];
    if (pid === undefined || host !== hostTag() || !entry.isFile() || processExists(Number(pid))) continue;
    rmSync(join(folder, entry.name), { force: true });
    removed.push(entry.name);
  }
  return removed;
}

function entriesIfThere(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Whether any process has this id now. Not an identity: ids are used again. */
function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
    if (errorCode(error) === 'EPERM') return true;
    throw error;
  }
}

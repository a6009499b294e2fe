import { createHash } from 'node:crypto';
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { readTextIfThere } from './files.js';
import { type Grip, type LockHolder, parseHolder } from './lock-holder.js';

/** `O_EXLOCK` of macOS and the BSDs (open(2)): the open itself takes a flock(2), which ends with the process. */
const O_EXLOCK = 0x20;

/** A file in the user's temporary folder; its text names the holder. Its presence means nothing: the lock does. */
export function lockPath(name: string): string {
  const folder = join(tmpdir(), `auto-experiment-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, `${createHash('sha256').update(name).digest('hex').slice(0, 24)}.lock`);
}

/** For macOS and the BSDs, where there is no abstract socket namespace. Not tested there yet. */
export function openLocked(path: string, me: LockHolder): Grip | null {
  const fd = openExclusive(path);
  if (fd === null) return null;
  ftruncateSync(fd);
  writeSync(fd, JSON.stringify(me), 0);
  return { release: async () => closeSync(fd) };
}

/** Who holds it; `free` when nobody does; null when the holder has not yet written its name. */
export function askFile(path: string): LockHolder | 'free' | null {
  const fd = openExclusive(path);
  if (fd === null) return parseHolder(readTextIfThere(path) ?? '');
  closeSync(fd);
  return 'free';
}

function openExclusive(path: string): number | null {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK, 0o600);
  } catch (error) {
    if (errorCode(error) === 'EAGAIN' || errorCode(error) === 'EWOULDBLOCK') return null;
    throw error;
  }
}

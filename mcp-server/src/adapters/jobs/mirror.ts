import { closeSync, ftruncateSync, lutimesSync, openSync, statSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import type { JobHandle } from '../../core/ports.js';
import { isElsewhere } from './run-there.js';
import type { Link, Seen } from './snapshot.js';

/** How much of the log is here. */
export function logHere(handle: JobHandle): number {
  return statSync(logOf(handle), { throwIfNoEntry: false })?.size ?? 0;
}

const logOf = (handle: JobHandle): string => join(dirname(handle.recordDir), 'log');

/**
 * Brings what was seen of a run on another machine into its folder here, where everybody reads it. Bytes are written at
 * their own place: two processes that do it at once write the same. Returns false while there is more of the log to
 * come; the exit record is brought only after the last byte.
 */
export function mirror(handle: JobHandle, seen: Seen, offset: number): boolean {
  if (!isElsewhere(handle)) return true;
  if (seen.started !== null) link(handle, 'started', seen.started);
  const size = seen.size ?? 0;
  if (seen.bytes.length > 0 || size < offset) {
    const fd = openSync(logOf(handle), 'r+');
    try {
      // It was cut or written anew there: the copy follows, and is read from its beginning.
      if (size < offset) ftruncateSync(fd, 0);
      for (let done = 0; done < seen.bytes.length; ) {
        done += writeSync(fd, seen.bytes, done, seen.bytes.length - done, offset + done);
      }
    } finally {
      closeSync(fd);
    }
  }
  if (size < offset || offset + seen.bytes.length < size) return false;
  return true;
}

export function mirrorExit(handle: JobHandle, exited: Link): void {
  if (isElsewhere(handle)) link(handle, 'exited', exited);
}

function link(handle: JobHandle, name: string, { text, at }: Link): void {
  const path = join(handle.recordDir, name);
  try {
    symlinkSync(text, path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    throw error;
  }
  if (Number.isFinite(at)) lutimesSync(path, at / 1000, at / 1000);
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../core/errors.js';

const MAX_BYTES = 256 * 1024;

/**
 * The last lines of a file, read from its end: at most 256 KiB whatever its size. A progress bar counts as one line of
 * which the last state is shown. A file that is not there has no lines.
 */
export function readTail(path: string, count: number): { lines: string[]; size: number } {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { lines: [], size: 0 };
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    const length = Math.min(size, MAX_BYTES);
    const buffer = Buffer.alloc(length);
    const read = readSync(fd, buffer, 0, length, size - length);
    const lines = buffer.toString('utf8', 0, read).split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (length < size && lines.length > 1) lines.shift();
    return { lines: lines.slice(-count).map(lastState), size };
  } finally {
    closeSync(fd);
  }
}

/** What a terminal would show of a line that was written over. */
export function lastState(line: string): string {
  return line.split('\r').findLast((part) => part.trim() !== '') ?? '';
}

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

/** The first and the last bytes of a file as text, with a line between them that says what is missing; all of a shorter one. */
export function readEnds(path: string, head: number, tail: number): { text: string; skipped: number } {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { text: '', skipped: 0 };
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    const read = (from: number, length: number): string => {
      const buffer = Buffer.alloc(length);
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, length, from));
    };
    if (size <= head + tail) return { text: read(0, size), skipped: 0 };
    const skipped = size - head - tail;
    return { text: `${read(0, head)}\n… ${skipped} bytes left out …\n${read(size - tail, tail)}`, skipped };
  } finally {
    closeSync(fd);
  }
}

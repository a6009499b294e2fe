import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../core/errors.js';

const CHUNK = 1024 * 1024;
/** Longer than what is looked for, so that nothing is missed where two pieces meet. */
const OVERLAP = 256;

/** Whether a file, however long, has a match of `pattern`, which is shorter than 256 characters. False where there is no file. */
export function fileMatches(path: string, pattern: RegExp): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
  try {
    const buffer = Buffer.alloc(CHUNK);
    for (let at = 0, rest = ''; ; ) {
      const length = readSync(fd, buffer, 0, CHUNK, at);
      if (length === 0) return false;
      const text = rest + buffer.toString('latin1', 0, length);
      if (pattern.test(text)) return true;
      rest = text.slice(-OVERLAP);
      at += length;
    }
  } finally {
    closeSync(fd);
  }
}

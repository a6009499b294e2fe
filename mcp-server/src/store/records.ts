import { lstatSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { formatMark, parseMark } from '../core/mark.js';

/**
 * The tiny facts of a run's life, each a symbolic link whose target is the text. A link under 60 bytes needs no data
 * block, so it is written even on a full disk; it is atomic, and exclusive: the first to write one wins.
 *
 * `started`, `exited`: by the wrapper · `stop`: somebody asks for a stop · `kill`: the supervisor ends it, and why ·
 * `released`: a held run may start ·
 * `ended`: it is over and was judged, or with `judged=later` its verdict takes further runs and `judged` follows.
 */
export type RecordName = 'released' | 'started' | 'exited' | 'stop' | 'kill' | 'ended' | 'judged';

export interface Mark {
  fields: Record<string, string>;
  /** When it was written, milliseconds since 1970. */
  at: number;
}

/** Writes a record; false when it is there already. Throws the system's error when the disk refuses. */
export function writeMark(
  folder: string,
  name: RecordName,
  fields: Record<string, string | number>,
): boolean {
  try {
    symlinkSync(formatMark(fields), join(folder, name));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Reads a record; null when it is not there. A record that cannot be parsed has no fields: it is unknown, never success. */
export function readMark(folder: string, name: RecordName): Mark | null {
  const path = join(folder, name);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  return { fields: stat.isSymbolicLink() ? parseMark(readlinkSync(path)) : {}, at: stat.mtimeMs };
}

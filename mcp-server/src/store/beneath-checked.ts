import type { Stats } from 'node:fs';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';

/**
 * The absolute path of a folder below `root`, for systems without /proc/self/fd. Each component must be a real folder, no
 * link; `make` creates what is missing. This is a check and then a use: somebody who swaps a folder for a link in between
 * is not noticed, which `holdFolder` on Linux does not allow. Throws LabError for links, the system's error else.
 */
export function checkedPath(root: string, parts: readonly string[], shown: string, make = false): string {
  let at = realpathSync(root);
  for (const part of parts) {
    at = join(at, part);
    if (make) makeFolder(at);
    if (!lstatSync(at).isDirectory() || realpathSync(at) !== at) {
      throw new LabError(
        `"${shown.slice(0, 200)}" is refused: a part of it is a symbolic link or not a folder`,
        'links are not followed: name the real place, if it is below the project folder',
      );
    }
  }
  return at;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** Whether the name still stands for the file that was opened. */
export function isSameFile(path: string, opened: Stats): boolean {
  const now = lstatSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.dev === opened.dev && now.ino === opened.ino;
}

import type { Dirent } from 'node:fs';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { removeStaleTemps } from './files.js';
import { isProcess } from './identity.js';
import type { ProjectPaths } from './paths.js';
import { removeHalfMade } from './runs.js';

/** The workspace holds nothing of ours below this depth: `snapshots/objects/ab`. */
const DEPTH = 3;

/**
 * Removes what processes that were killed in the middle of a write left behind: temporary files everywhere in the
 * workspace, folders of runs that were never finished. Only what bears our own names and whose process is gone.
 */
export function removeLeftovers({ workspace, runs }: Pick<ProjectPaths, 'workspace' | 'runs'>): void {
  removeHalfMade(runs, isProcess);
  const visit = (folder: string, depth: number): void => {
    removeStaleTemps(folder);
    if (depth === DEPTH) return;
    for (const entry of foldersIn(folder)) visit(join(folder, entry.name), depth + 1);
  };
  visit(workspace, 0);
}

function foldersIn(folder: string): Dirent[] {
  try {
    // `record` holds links alone.
    return readdirSync(folder, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && entry.name !== 'record',
    );
  } catch (error) {
    // A half-made run may be renamed or removed while we look.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EACCES') return [];
    throw error;
  }
}

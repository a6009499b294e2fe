import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { DataPrint } from '../core/environment.js';
import { LabError } from '../core/errors.js';
import { findLocked } from './locked.js';
import { hashFile } from './locked-hashes.js';
import type { ProjectPaths } from './paths.js';

/** Up to these, what is in the files is hashed; above, their names, sizes and times. */
const SMALL_BYTES = 32 * 1024 * 1024;
const SMALL_FILES = 2000;

/** A fingerprint of what a path or glob means, in or outside the project, in small steps. `now` in milliseconds. */
export function* printData(
  paths: Pick<ProjectPaths, 'root' | 'workspace'>,
  glob: string,
  now: number,
): Generator<void, DataPrint> {
  try {
    const from = resolve(paths.root, glob).slice(1);
    const found = yield* findLocked({ root: '/', workspace: paths.workspace, globs: [from], key: 'data' });
    const bytes = found.reduce((sum, { stat }) => sum + (stat?.size ?? 0), 0);
    const small = bytes <= SMALL_BYTES && found.length <= SMALL_FILES;
    const hash = createHash('sha256');
    for (const { path, stat } of found) {
      const what = small
        ? yield* hashFile(join('/', path), new Map(), now)
        : `${stat?.size ?? 0} ${stat?.mtimeMs ?? 0}`;
      hash.update(`${path}\0${what}\n`);
    }
    const by = small ? 'content' : 'names, sizes and times';
    const none = found.length === 0 ? 'it means no file' : null;
    return {
      glob,
      files: found.length,
      bytes,
      hash: none === null ? hash.digest('hex') : null,
      by,
      why: none,
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { glob, files: 0, bytes: 0, hash: null, by: 'names, sizes and times', why: error.message };
  }
}

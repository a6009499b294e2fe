import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { parseJson } from '../core/parse-json.js';
import type { FileSlice } from '../core/ports.js';
import { wholeReaderOf } from '../core/reading/sources/kinds.js';
import { type ThereFile, ThereIndex } from '../core/reading/sources/there.js';
import type { Candidates } from './candidates.js';
import { readTextIfThere } from './files.js';

/** Files of a run on another machine, as far as they have been brought here, under the paths that they have there. */
export interface Mirrored {
  scan(): Candidates;
  /** `path` below `root`, as it is there. */
  readFrom(path: string, offset: number, maxBytes: number): Promise<FileSlice | null>;
  /** Whether there is such a file, or one in such a folder. */
  holds(path: string): boolean;
}

/** `runDir`: the run's folder here; `root`: the folder that it works in there. */
export function openMirrored(runDir: string, root: string): Mirrored {
  const folder = join(runDir, 'there');
  const path = join(folder, 'index.json');
  let stamp = Number.NaN;
  let files = new Map<string, ThereFile>();
  const look = (): ReadonlyMap<string, ThereFile> => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.mtimeMs + stat.ino === stamp) return files;
    const index = ThereIndex.safeParse(parseJson(readTextIfThere(path) ?? ''));
    if (!index.success) return files;
    stamp = stat.mtimeMs + stat.ino;
    files = new Map(index.data.files.map((file) => [file.path, file]));
    return files;
  };
  return {
    scan() {
      const found = [...look().values()].flatMap(({ path: at, kind, size, mtime, birth, id, bytes }) => {
        // Half of what is written as a whole says nothing, or something else.
        const isReadable = bytes > 0 && (bytes >= size || wholeReaderOf(kind) === null);
        return isReadable ? [{ path: at, kind, size: bytes, mtime, birth, id }] : [];
      });
      return { files: found, complete: true };
    },
    async readFrom(at, offset, maxBytes) {
      const file = look().get(at.slice(root.length + 1));
      if (file === undefined) return null;
      const length = Math.max(0, Math.min(maxBytes, file.bytes - offset));
      const bytes = new Uint8Array(length);
      try {
        const fd = openSync(join(folder, file.copy), 'r');
        try {
          const read = length === 0 ? 0 : readSync(fd, bytes, 0, length, offset);
          return { bytes: bytes.subarray(0, read), size: file.bytes, id: file.id };
        } finally {
          closeSync(fd);
        }
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
        return null;
      }
    },
    holds: (at) =>
      [...look().keys()].some((one) => `${root}/${one}` === at || `${root}/${one}`.startsWith(`${at}/`)),
  };
}

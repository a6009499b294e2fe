import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextIfThere, writeAtomic } from './files.js';
import { snapshotFolder } from './snapshots.js';
import { putObject } from './tree-copy.js';
import { blobId } from './tree-id.js';

/** Contents of code that lies on another machine, kept here among the snapshots, each once. */
export interface ForeignCode {
  /** The object with the content of this SHA-256 (as `sha256sum` prints it); null when it is not here yet. */
  idOf(sum: string): string | null;
  /** Keeps a content and returns its object. */
  keep(data: Buffer): string;
}

/** Objects are named as git names blobs, hosts hash plain contents: `sums/` leads from the one to the other. */
export function openForeignCode(at: { project: string; workspace: string }): ForeignCode {
  const folder = snapshotFolder(at);
  const objects = join(folder, 'objects');
  const sumPath = (sum: string): string => join(folder, 'sums', sum.slice(0, 2), sum.slice(2));
  return {
    idOf(sum) {
      const id = readTextIfThere(sumPath(sum))?.trim() ?? '';
      if (!/^[0-9a-f]{64}$/.test(id)) return null;
      const there = statSync(join(objects, id.slice(0, 2), id.slice(2)), { throwIfNoEntry: false });
      return there === undefined ? null : id;
    },
    keep(data) {
      const id = blobId(data, 'sha256');
      putObject(objects, id, data);
      const path = sumPath(sumOf(data));
      mkdirSync(dirname(path), { recursive: true });
      writeAtomic(path, id, { mayLose: 'all' });
      return id;
    },
  };
}

export const sumOf = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');

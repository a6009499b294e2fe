import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';
import { readBytesIfThere, tempName, writeAtomic } from './files.js';
import { blobId } from './tree-id.js';

/** A file of a snapshot and the id of its content. */
export interface StoredFile {
  path: string;
  mode: string;
  bytes: number;
  id: string;
}

/** What a file holds; of a link, its target. */
export function readContent(path: string, mode: string): Buffer {
  return mode === '120000' ? readlinkSync(path, { encoding: 'buffer' }) : readFileSync(path);
}

/** The same; null for what has vanished or may not be read. */
export function readOrNull(path: string, mode: string): Buffer | null {
  try {
    return readContent(path, mode);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EINVAL', 'ENOTDIR', 'EISDIR'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/** Keeps a content under its hash, once however often it is kept. */
export function putObject(objects: string, id: string, data: Buffer): void {
  const path = objectPath(objects, id);
  if (statSync(path, { throwIfNoEntry: false })?.size === data.length) return;
  mkdirSync(dirname(path), { recursive: true });
  const temp = join(dirname(path), tempName());
  try {
    writeFileSync(temp, data, { flag: 'wx' });
    renameSync(temp, path);
  } catch (error) {
    rmSync(temp, { force: true });
    throw error;
  }
}

/** A content by its hash. Throws LabError when it is gone or damaged. */
export function getObject(objects: string, id: string): Buffer {
  const data = readBytesIfThere(objectPath(objects, id));
  if (data !== null && blobId(data, 'sha256') === id) return data;
  throw new LabError(
    `the snapshot's object ${id.slice(0, 12)} is ${data === null ? 'gone' : 'damaged'}`,
    `it belongs into ${objects}; restore that folder from a backup`,
  );
}

/** Keeps the list of a snapshot's files as an object too; its hash is the snapshot's id. Durable when it returns. */
export function putListing(objects: string, files: readonly StoredFile[]): string {
  const data = Buffer.from(
    files.map((file) => `${file.mode} ${file.id} ${file.bytes}\t${file.path}\0`).join(''),
  );
  const id = blobId(data, 'sha256');
  const path = objectPath(objects, id);
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(path, data);
  return id;
}

export function getListing(objects: string, id: string): StoredFile[] {
  return getObject(objects, id)
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const match = /^(\d{6}) ([0-9a-f]+) (\d+)\t([\s\S]+)$/.exec(line);
      const [, mode = '', blob = '', bytes = '', path = ''] = match ?? [];
      return match === null ? [] : [{ mode, id: blob, bytes: Number(bytes), path }];
    });
}

function objectPath(objects: string, id: string): string {
  if (!/^[0-9a-f]{64}$/.test(id))
    throw new LabError(
      `"${id.slice(0, 80)}" is no id of a snapshot`,
      'use the id that the run’s record names',
    );
  return join(objects, id.slice(0, 2), id.slice(2));
}

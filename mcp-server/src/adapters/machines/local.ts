import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../../core/errors.js';
import type { FileSlice, Machine } from '../../core/ports.js';
import { execLocal } from './local-exec.js';

export interface LocalOptions {
  /** Environment of the commands; that of this process when absent. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** This computer. Errors of files are the system's own (ENOENT, EACCES, …), but for `readFrom`. */
export function localMachine({ env }: LocalOptions = {}): Machine {
  return {
    name: hostname(),
    exec: (argv, options = {}) => execLocal(argv, options, env),
    read: (path) => readFile(path),
    write: replaceFile,
    list: async (path) => (await readdir(path)).sort(),
    readFrom,
  };
}

/** Makes missing folders, then replaces the file whole; permissions of a file that is there stay. */
async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const there = await statIfThere(path);
  const temp = join(folder, `.ae-write-${randomBytes(6).toString('hex')}`);
  try {
    const mode = there?.isFile() === true ? Number(there.mode) & 0o777 : 0o666;
    await writeFile(temp, data, { flag: 'wx', mode, flush: true });
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
}

/** One `stat` while there is nothing new. Throws LabError for what is no plain file: a pipe would never answer. */
async function readFrom(path: string, offset: number, maxBytes: number): Promise<FileSlice | null> {
  const before = await statIfThere(path);
  if (before === null) return null;
  if (!before.isFile()) throw new LabError(`${path} is not a plain file`, 'only plain files can be followed');
  if (Number(before.size) <= offset) return slice(before, new Uint8Array(0));
  const file = await openIfThere(path);
  if (file === null) return null;
  try {
    const stats = await file.stat({ bigint: true });
    const wanted = Math.max(0, Math.min(maxBytes, Number(stats.size) - offset));
    const bytes = new Uint8Array(wanted);
    let length = 0;
    while (length < wanted) {
      const { bytesRead } = await file.read(bytes, length, wanted - length, offset + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return slice(stats, bytes.subarray(0, length));
  } finally {
    await file.close();
  }
}

function slice(stats: BigIntStats, bytes: Uint8Array): FileSlice {
  return { bytes, size: Number(stats.size), id: `${stats.dev}:${stats.ino}` };
}

async function statIfThere(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

async function openIfThere(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
}

import { randomBytes } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../../core/errors.js';
import type { FileSlice, Machine } from '../../core/ports.js';
import { execLocal } from './local-exec.js';
import { scriptLocal } from './local-script.js';

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
    script: (text, timeoutMs) => scriptLocal(text, timeoutMs, env),
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

/**
 * One `stat` while there is nothing new. Throws LabError for what is no plain file: a pipe would never answer.
 * Synchronous within: a hundred logs are read every second, and each trip to the thread pool costs ten times the read.
 */
async function readFrom(
  path: string,
  offset: number,
  maxBytes: number,
  into?: Uint8Array,
): Promise<FileSlice | null> {
  const before = unlessAbsent(() => statSync(path, { bigint: true }));
  if (before === null) return null;
  if (!before.isFile()) throw new LabError(`${path} is not a plain file`, 'only plain files can be followed');
  if (Number(before.size) <= offset) return slice(before, new Uint8Array(0));
  const fd = unlessAbsent(() => openSync(path, 'r'));
  if (fd === null) return null;
  try {
    const stats = fstatSync(fd, { bigint: true });
    const wanted = Math.max(0, Math.min(maxBytes, Number(stats.size) - offset));
    const bytes = into !== undefined && into.length >= wanted ? into : new Uint8Array(wanted);
    let length = 0;
    while (length < wanted) {
      const read = readSync(fd, bytes, length, wanted - length, offset + length);
      if (read === 0) break;
      length += read;
    }
    return slice(stats, bytes.subarray(0, length));
  } finally {
    closeSync(fd);
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

function unlessAbsent<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
}

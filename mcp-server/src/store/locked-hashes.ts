import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { errorCode, LabError } from '../core/errors.js';
import { LockedRecord } from '../core/locked.js';
import { readTextIfThere } from './files.js';
import { findLocked, type LockedPlaces } from './locked.js';

/** Hashes by what changes with each write of a file: device, inode, size and both times. For one process only. */
export type HashCache = Map<string, string>;

const CHUNK = 4 * 1024 * 1024;
const MAX_BYTES = 20 * 1024 ** 3;
const MAX_CACHED = 100_000;
/** A file that was written within the grain of its time stamps may change again without another one. */
const RACY_MS = 2000;

/**
 * Hashes what the globs mean now, in steps of a few megabytes. What cannot be read counts as such. `now` in milliseconds.
 * Throws LabError when the globs mean too much.
 */
export function* hashLocked(
  places: LockedPlaces,
  cache: HashCache,
  now: number,
): Generator<void, LockedRecord> {
  const found = yield* findLocked(places);
  const bytes = found.reduce((sum, { stat }) => sum + (stat?.size ?? 0), 0);
  if (bytes > MAX_BYTES)
    throw new LabError(
      `the globs under experiment.locked mean ${(bytes / 1024 ** 3).toFixed(1)} GiB, and 20 are the most that is hashed`,
      'lock the evaluation code and the lists of the data rather than the data',
    );
  const files: Record<string, string> = {};
  for (const { path } of found) files[path] = yield* hashFile(join(places.root, path), cache, now);
  return { at: new Date(now).toISOString(), globs: [...places.globs], files, error: null };
}

/** Goes through without keeping the rest of the process waiting. Null when `enough` said so before the end. */
export async function gently<T>(steps: Generator<void, T>): Promise<T>;
export async function gently<T>(steps: Generator<void, T>, enough: () => boolean): Promise<T | null>;
export async function gently<T>(steps: Generator<void, T>, enough = () => false): Promise<T | null> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (enough()) return null;
    await turn();
  }
}

/** The hash of a file's content, or in parentheses why it could not be read. */
export function* hashFile(path: string, cache: HashCache, now: number): Generator<void, string> {
  try {
    // A pipe that took its place meanwhile would be waited for without end.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stamp = stampOf(fd);
      if (stamp === null) return '(no plain file)';
      const known = cache.get(stamp.key);
      if (known !== undefined) return known;
      const hash = createHash('sha256');
      const chunk = Buffer.alloc(Math.min(CHUNK, stamp.bytes + 1));
      for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
        hash.update(chunk.subarray(0, read));
        yield;
      }
      const digest = hash.digest('hex');
      const settled = now - stamp.changedAt > RACY_MS && stampOf(fd)?.key === stamp.key;
      if (settled && cache.size < MAX_CACHED) cache.set(stamp.key, digest);
      return digest;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return `(${code})`;
  }
}

function stampOf(fd: number): { key: string; bytes: number; changedAt: number } | null {
  const stat = fstatSync(fd, { bigint: true });
  if (!stat.isFile()) return null;
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = stat;
  return {
    key: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
    bytes: Number(size),
    changedAt: Number(ctimeMs),
  };
}

/** The record of a run; null when there is none or it cannot be read. */
export function readLocked(path: string): LockedRecord | null {
  const text = readTextIfThere(path);
  if (text === null) return null;
  try {
    const parsed = LockedRecord.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

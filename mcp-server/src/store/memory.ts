import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';
import type { MemoryEntry, MemoryLimits, MemoryLog, MemorySection } from '../core/memory.js';
import { addDecision, addResult, parseMemory, renderMemory } from '../core/memory.js';
import { readBytesIfThere, writeAtomic } from './files.js';
import { withFolderLock } from './folder-lock.js';
import { decodeLossless, encodeLossless } from './lossless.js';
import { storageError } from './project.js';

const TRIES = 50;

/** The whole text of MEMORY_LOG.md; '' when there is none. Show it to agents through `viewMemory`. Throws LabError. */
export function readMemory(file: string): string {
  return decodeLossless(readBytes(file) ?? Buffer.alloc(0));
}

/**
 * Adds one entry. Adding the same once more changes nothing, so a caller that was killed may simply repeat itself.
 * Returns whether the file was changed. Throws LabError when the file is no plain file or the disk refuses.
 */
export function appendMemory(
  file: string,
  entry: MemoryEntry & { section: MemorySection },
  limits: MemoryLimits,
  pinned: readonly string[] = [],
): boolean {
  const add = entry.section === 'results' ? addResult : addDecision;
  return changeMemory(file, (log) => add(log, entry, limits, pinned));
}

/**
 * Reads, changes and replaces the memory file. When somebody saves it meanwhile, the change is made anew on top of what
 * they saved. Bytes that are no UTF-8 stay as they are.
 */
export function changeMemory(file: string, change: (log: MemoryLog) => MemoryLog): boolean {
  try {
    return withFolderLock(join(dirname(file), '.memory.lock'), () => changeLocked(file, change));
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw storageError(error, file);
  }
}

function changeLocked(file: string, change: (log: MemoryLog) => MemoryLog): boolean {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = readBytes(file);
    const text = decodeLossless(before ?? Buffer.alloc(0));
    const after = renderMemory(change(parseMemory(text)));
    if (after === text) return false;
    if (replaceIfSame(file, before, after)) return true;
  }
  throw new LabError(
    `${file} is changed by somebody else all the time`,
    'close the program that keeps saving it, and call again',
  );
}

class Saved extends Error {}

function replaceIfSame(file: string, before: Buffer | null, after: string): boolean {
  const lastLook = () => {
    const now = readBytes(file);
    if (before === null ? now !== null : now === null || !now.equals(before)) throw new Saved();
  };
  try {
    writeAtomic(file, encodeLossless(after), { lastLook });
    return true;
  } catch (error) {
    if (error instanceof Saved) return false;
    throw error;
  }
}

function readBytes(file: string): Buffer | null {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isFile()) {
      throw new LabError(
        `${file} is a ${stat.isSymbolicLink() ? 'symbolic link' : 'folder or device'}, not a file`,
        'put a plain text file there, or move it away',
      );
    }
    return readBytesIfThere(file);
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw new LabError(`${file} cannot be read`, 'check who owns it and who may read it', { cause: error });
  }
}

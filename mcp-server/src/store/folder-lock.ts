import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';
import { ProcessIdentity } from '../core/process-identity.js';
import { readTextIfThere, tempName } from './files.js';
import { isAlive, selfIdentity } from './identity.js';

const WAIT_MS = 2;

/** About 10 s: what is done under this lock takes milliseconds. */
const TRIES = 5000;

/** A holder that was killed between making its file and writing its name into it. */
const NAMELESS_TRIES = 500;

/**
 * Runs `act` while no other process of this machine does the same; waits for it, blocking. For a few file operations that
 * must be in order. The lock is a file with the holder's identity, so that of a killed process is taken over at once.
 * Throws LabError when another host or a hanging process keeps it for 10 s.
 */
export function withFolderLock<T>(path: string, act: () => T): T {
  const me = JSON.stringify({
    host: hostname(),
    identity: selfIdentity(),
    once: randomBytes(6).toString('hex'),
  });
  let nameless = 0;
  for (let tries = 0; !made(path, me); tries++) {
    const holder = readTextIfThere(path);
    nameless = holder === '' ? nameless + 1 : 0;
    if (holder !== null && (nameless > NAMELESS_TRIES || isDead(holder))) takeAway(path, holder);
    else if (tries < TRIES) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    else
      throw new LabError(
        `${path} is held: ${holder?.slice(0, 200)}`,
        'if no such process runs on that host any more, remove this file',
      );
  }
  try {
    return act();
  } finally {
    if (readTextIfThere(path) === me) rmSync(path, { force: true });
  }
}

function made(path: string, me: string): boolean {
  try {
    writeFileSync(path, me, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Only of this host can that be known. */
function isDead(text: string): boolean {
  try {
    const holder: unknown = JSON.parse(text);
    if (typeof holder !== 'object' || holder === null || !('host' in holder) || !('identity' in holder))
      return false;
    const identity = ProcessIdentity.safeParse(holder.identity);
    return holder.host === hostname() && identity.success && !isAlive(identity.data);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Moved away before it is removed, so that a lock which somebody has just taken is noticed and put back. */
function takeAway(path: string, holder: string): void {
  const aside = join(dirname(path), tempName());
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readTextIfThere(aside) ?? '';
  if (moved !== holder) made(path, moved);
  rmSync(aside, { force: true });
}

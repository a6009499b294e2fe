import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, errorText, LabError } from '../core/errors.js';
import type { Random } from '../core/ports.js';
import { askFile, lockPath, openLocked } from './lock-file.js';
import type { Grip, LockHolder } from './lock-holder.js';
import { askSocket, bindSocket, socketAddress } from './lock-socket.js';

export type Lock =
  | {
      held: true;
      /** Lets go; a second call does nothing. */
      release(): Promise<void>;
    }
  | {
      held: false;
      /** Null when it does not answer, as a suspended process does not. */
      holder: LockHolder | null;
    };

/**
 * Takes the lock of this name for this user on this host, or says who holds it. The kernel holds it for the process:
 * it is free at once when the process ends, however it ends; a suspended holder keeps it; children do not inherit it;
 * it does not keep the process alive. Not seen across network namespaces: a container and its host have separate ones.
 * Throws LabError where the system refuses.
 *
 * Linux: an abstract unix socket. Elsewhere: a locked file, not tested there yet.
 */
export async function acquireLock(name: string, about = ''): Promise<Lock> {
  for (;;) {
    const grip = await tryLock(name, about);
    if (grip !== null) return held(grip);
    const holder = await askHolder(name);
    if (holder !== 'free') return { held: false, holder };
  }
}

/**
 * Who holds the lock now; null when nobody does. A holder that does not answer has no pid. Only a hint: to be sure of
 * it, take it.
 */
export async function lockHolder(name: string): Promise<LockHolder | { pid: null; about: string } | null> {
  const holder = await askHolder(name);
  if (holder === 'free') return null;
  return holder ?? { pid: null, about: 'a process that does not answer' };
}

export interface WithLockOptions {
  about?: string;
  signal?: AbortSignal | undefined;
  /** Milliseconds until it gives up; critical sections are short, so a longer wait means that a holder hangs. */
  patienceMs?: number;
  random?: Random;
}

/**
 * Runs `fn` while holding the lock, waiting for it as long as it takes others to do the same. For short critical
 * sections. Rejects with what `fn` throws, with the reason of `signal`, and with LabError after `patienceMs`.
 */
export async function withLock<T>(
  name: string,
  fn: () => T | Promise<T>,
  { about = '', signal, patienceMs = 30_000, random = Math.random }: WithLockOptions = {},
): Promise<T> {
  const patience = AbortSignal.timeout(patienceMs);
  const either = signal === undefined ? patience : AbortSignal.any([signal, patience]);
  for (let wait = 1; ; wait = Math.min(wait * 2, 32)) {
    signal?.throwIfAborted();
    const grip = await tryLock(name, about);
    if (grip !== null) {
      try {
        return await fn();
      } finally {
        await grip.release();
      }
    }
    if (patience.aborted) throw await impatience(name, patienceMs);
    await pause(wait * (0.5 + random()), either);
  }
}

/** Waits; an abort ends the wait early and is looked at by the caller, who knows whose abort it was. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function impatience(name: string, ms: number): Promise<LabError> {
  const holder = await lockHolder(name);
  const who =
    holder?.pid == null ? 'a process that does not answer' : `process ${holder.pid} (${holder.about})`;
  return new LabError(
    `the lock "${name}" has been held by ${who} for ${Math.round(ms / 1000)} s`,
    'it is meant to be held for milliseconds; look whether that process is suspended, and end it if it hangs',
  );
}

function held(grip: Grip): Lock {
  let releasing: Promise<void> | undefined;
  return {
    held: true,
    release: () => {
      releasing ??= grip.release();
      return releasing;
    },
  };
}

async function tryLock(name: string, about: string): Promise<Grip | null> {
  const me: LockHolder = { pid: process.pid, about: about.slice(0, 1000) };
  try {
    if (process.platform === 'linux') return await bindSocket(socketAddress(name), me);
    return openLocked(lockPath(name), me);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LabError(
      `the lock "${name}" cannot be taken: ${errorText(error)}`,
      'the system refuses local sockets or files; a sandbox may forbid them',
      { cause: error },
    );
  }
}

async function askHolder(name: string): Promise<LockHolder | 'free' | null> {
  if (process.platform === 'linux') return await askSocket(socketAddress(name));
  return askFile(lockPath(name));
}

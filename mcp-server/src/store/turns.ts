import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { TurnState, Turns } from '../core/paper/manners.js';
import { readTextIfThere, writeAtomic } from './files.js';
import { withLock } from './lock.js';

const State = z.object({
  lastAt: z.number(),
  blockedUntil: z.number(),
  why: z.enum(['rate_limited', 'unavailable']).nullable(),
  failures: z.number(),
});
const NONE: TurnState = { lastAt: 0, blockedUntil: 0, why: null, failures: 0 };

/** Longest wait for others: a venue list of a slow host, a few times over. */
const PATIENCE_MS = 10 * 60_000;

/**
 * The queue over all processes of this user, one file per group of hosts below `folder`. The lock is the kernel's, so that
 * of a killed process is free at once.
 */
export function openTurns(folder: string): Turns {
  return {
    take(group, act, signal) {
      const file = join(folder, `${group.replace(/[^a-z0-9.-]/gi, '_')}.json`);
      return withLock(`turn ${file}`, () => act(readState(file), (state) => saveState(folder, file, state)), {
        about: `asking ${group}`,
        signal,
        patienceMs: PATIENCE_MS,
      });
    },
  };
}

/** A file that cannot be read says nothing: the next one is written whole. */
function readState(file: string): TurnState {
  const text = readTextIfThere(file);
  if (text === null) return NONE;
  try {
    const parsed = State.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : NONE;
  } catch (error) {
    if (error instanceof SyntaxError) return NONE;
    throw error;
  }
}

function saveState(folder: string, file: string, state: TurnState): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeAtomic(file, `${JSON.stringify(state)}\n`, { mayLose: 'all', mode: 0o600 });
}

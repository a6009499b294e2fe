import { renameSync } from 'node:fs';
import { z } from 'zod';
import { errorCode } from '../core/errors.js';
import { readTextIfThere, writeAtomic } from './files.js';
import { storageError } from './project.js';

/** `state.json`: what the loop is doing now. Everything in it can be rebuilt from the ledger. */
export const LoopState = z.strictObject({
  cycle: z.number().int().default(0),
  phase: z.enum(['idle', 'think', 'execute', 'watch', 'reflect', 'paused', 'stopped']).default('idle'),
  since: z.string().nullable().default(null),
  reason: z.string().nullable().default(null),
  /** How many results and decisions of the ledger are in MEMORY_LOG.md. */
  memory_applied: z.number().int().min(0).default(0),
});
export type LoopState = z.output<typeof LoopState>;

/** Reads the state; an absent or damaged file gives the defaults. */
export function readState(path: string): LoopState {
  return parse(readTextIfThere(path) ?? '{}') ?? LoopState.parse({});
}

/** Changes parts of the state. A damaged file is kept beside it as `state.json.corrupt-<time>`. Throws LabError. */
export function updateState(path: string, changes: Partial<LoopState>): LoopState {
  try {
    const text = readTextIfThere(path);
    if (text !== null && parse(text) === null)
      renameSync(path, `${path}.corrupt-${new Date().toISOString().replaceAll(':', '-')}`);
    const state = { ...readState(path), ...changes };
    // A phase is told anew by what happens next; only the memory’s mark must not fall behind the memory.
    const mayLose = changes.memory_applied === undefined ? 'newest' : 'nothing';
    writeAtomic(path, `${JSON.stringify(state, null, 2)}\n`, { mayLose });
    return state;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, path);
  }
}

function parse(text: string): LoopState | null {
  try {
    const parsed = LoopState.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

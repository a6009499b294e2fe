import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import type { GpuLease } from '../../core/gpus/lease.js';
import { RunRecord } from '../../core/run-record.js';
import { isLive, readLeases } from '../../store/leases.js';
import type { Lab } from '../lab.js';
import { handleOf } from './handle.js';

/** A lease counts while its run still has processes, wherever they hang now. */
export async function isHeld(lab: Pick<Lab, 'jobs'>, lease: GpuLease): Promise<boolean> {
  const run = runOf(lease.recordDir);
  if (run === null) return false;
  const handle = handleOf(run, lease.recordDir);
  const [state] = await lab.jobs.poll([handle]);
  // What cannot be seen is not free.
  if (state !== undefined && ['running', 'suspended', 'unknown'].includes(state.life)) return true;
  return (await lab.jobs.survivors(handle)).length > 0;
}

/** The run that a lease is for; null where its record cannot be read. */
export function runOf(recordDir: string): RunRecord | null {
  try {
    const parsed = RunRecord.safeParse(
      JSON.parse(readFileSync(join(dirname(recordDir), 'run.json'), 'utf8')),
    );
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR')
      return null;
    throw error;
  }
}

/** GPUs held by live leases of any project, as keys. */
export async function liveLeases(lab: Pick<Lab, 'leases' | 'clock' | 'jobs'>): Promise<string[]> {
  const keys: string[] = [];
  for (const entry of readLeases(lab.leases)) {
    if (await isLive(entry, { now: lab.clock(), isHeld: (lease) => isHeld(lab, lease) }))
      keys.push(entry.uuid);
  }
  return keys;
}

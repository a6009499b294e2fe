import type { JobHandle } from '../../core/ports.js';
import type { RunRecord } from '../../core/run-record.js';

/** How the job of a run is found again. `recordDir`: its folder of records here. */
export function handleOf(
  record: Pick<RunRecord, 'marker' | 'place' | 'slurm'>,
  recordDir: string,
): JobHandle {
  const { marker, place, slurm } = record;
  return { recordDir, marker, place, slurm };
}

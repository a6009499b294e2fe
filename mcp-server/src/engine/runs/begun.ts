import type { JobState } from '../../core/ports.js';
import type { RunRecord } from '../../core/run-record.js';

/** Times of records are rounded on their way. */
const SAME_MS = 2000;

/** The record of a run that is seen to have started, or to have been started anew by its scheduler; the same one where nothing has changed. */
export function begun(record: RunRecord, { startedAt, life }: JobState): RunRecord {
  if (startedAt === null) return record;
  const known = record.started_at === null ? null : Date.parse(record.started_at);
  const anew = record.slurm !== null && life === 'running' && Math.abs(startedAt - (known ?? 0)) > SAME_MS;
  if (known !== null && !anew) return record;
  return { ...record, state: 'running', started_at: new Date(startedAt).toISOString() };
}

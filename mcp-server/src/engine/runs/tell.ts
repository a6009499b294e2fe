import type { RunRecord } from '../../core/run-record.js';
import type { Active } from './active.js';

/** Takes what its machine says of a run into the record, and takes it back when it no longer holds. True when it changed. */
export function tell(run: Pick<Active, 'record' | 'told'>, note: string | null): boolean {
  if (note === run.told) return false;
  const ours = run.record.note === run.told;
  run.told = note;
  if (note === null && !ours) return false;
  run.record = { ...run.record, note };
  return true;
}

/** A process of another computer that shares our disk: it cannot be asked after from here. */
export const isForeign = ({ place, host }: Pick<RunRecord, 'place' | 'host'>, here: string): boolean =>
  place === null && host !== here;

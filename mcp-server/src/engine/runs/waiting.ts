import { statSync } from 'node:fs';
import type { RunRecord } from '../../core/run-record.js';
import { stopWaiting } from '../../store/gpu-line.js';
import type { Lab } from '../lab.js';
import type { Refused } from './grant.js';

const ASK_MS = 5000;
/** Quiet hours may be taken out of the config at any time. */
const LONGEST_MS = 60_000;
/** A GPU is shown as busy for a moment after its process has ended: soon, then less and less often. */
const SOON_MS = 100;
const SURVEY_AGE_MS = 2000;

type Asker = Pick<RunRecord, 'id' | 'gpus_wanted' | 'gpus_allowed' | 'place'>;

/** When the runs that wait for GPUs ask again, and which of them. */
export function createWaiting(lab: Pick<Lab, 'clock' | 'leases'>, project: string) {
  /** Those that were refused: whether others behind them wait too, and when they ask again. */
  const refusals = new Map<string, { holdsBack: boolean; own: boolean; askAt: number }>();
  /** What was refused in this look: a run that asks for the same need not ask. */
  const vain = new Set<string>();
  let changed = true;
  let freedAt = Number.NEGATIVE_INFINITY;
  let leasesSeen = Number.NaN;
  const kindOf = ({ gpus_wanted, gpus_allowed, place }: Asker): string =>
    JSON.stringify([gpus_wanted, gpus_allowed, place]);

  return {
    /** A new look at the queue. Who was refused asks again when time has passed, or somebody’s lease has come or gone. */
    begin(): void {
      const now = statSync(lab.leases, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      changed = now !== leasesSeen;
      leasesSeen = now;
      vain.clear();
    },
    /** What a queued run is to do now; `stop`: it waits, and so do all behind it. */
    turn(run: Asker): 'ask' | 'skip' | 'stop' {
      const before = refusals.get(run.id);
      if (vain.has(kindOf(run))) return 'skip';
      if (before === undefined || changed || lab.clock() >= before.askAt) return 'ask';
      if (!before.own) vain.add(kindOf(run));
      return before.holdsBack ? 'stop' : 'skip';
    },
    refused(run: Asker, { hopeless, own = false, until }: Refused): void {
      const now = lab.clock();
      if (!own) vain.add(kindOf(run));
      const soon = Math.min(ASK_MS, Math.max(SOON_MS, (now - freedAt) / 2));
      const askAt = until === null ? now + soon : Math.min(until, now + LONGEST_MS);
      refusals.set(run.id, { holdsBack: !hopeless, own, askAt });
    },
    served(run: string): void {
      if (refusals.delete(run)) stopWaiting(lab.leases, { project, run });
    },
    /** A run of ours has ended: its GPUs may be free now. */
    freed(): void {
      freedAt = lab.clock();
      for (const refusal of refusals.values()) refusal.askAt = freedAt;
    },
    /** A survey from before the last end does not count against a run; undefined = any of the usual age. */
    maxAgeMs(): number | undefined {
      const age = Math.max(0, lab.clock() - freedAt);
      return age < SURVEY_AGE_MS ? age : undefined;
    },
    patience(most: number): number {
      const next = Math.min(...[...refusals.values()].map(({ askAt }) => askAt)) - lab.clock();
      return Math.min(most, Math.max(SOON_MS / 2, next));
    },
    /** Nobody of this project waits any more. */
    over(): void {
      for (const run of refusals.keys()) stopWaiting(lab.leases, { project, run });
      refusals.clear();
    },
  };
}

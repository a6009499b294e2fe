import type { RunRecord } from '../../core/run-record.js';
import { releaseLeases } from '../../store/leases.js';
import type { Lab } from '../lab.js';
import type { Active } from './active.js';

const LOOK_MS = 10_000;

/** Gives back the GPUs of runs that have ended: at once, or when the processes that they left behind are gone too. */
export function createLingering(lab: Pick<Lab, 'jobs' | 'leases' | 'clock'>, root: string) {
  const runs = new Map<string, Active>();
  const free = (id: string) => releaseLeases({ folder: lab.leases, project: root, run: id });
  return {
    async take(ended: RunRecord, run: Active): Promise<void> {
      if (run.survivors.length === 0) await free(ended.id);
      else if (ended.gpus.length > 0) runs.set(ended.id, run);
    },
    async look(): Promise<void> {
      for (const [id, run] of runs) {
        if (lab.clock() - run.lastScan < LOOK_MS) continue;
        run.lastScan = lab.clock();
        if ((await lab.jobs.survivors(run.handle)).length > 0) continue;
        await free(id);
        runs.delete(id);
      }
    },
    size: () => runs.size,
  };
}

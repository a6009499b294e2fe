import { LabError } from '../../core/errors.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { decide } from './decide.js';
import { queueReplicate } from './replicate.js';

/** Queues the runs that the keep rule wants, for a supervisor. */
export interface Replicating {
  /** Runs of which no replicate can be launched any more, and why. */
  refusals: ReadonlyMap<string, string>;
  /** Something ended: the keep rule may want further runs. */
  wake(): void;
  /** True while it may want runs that are not queued yet. */
  restless(): boolean;
  /** Queues what is wanted, at most `free` runs. */
  step(project: Project, free: number): Promise<void>;
}

export function createReplicating(
  lab: Pick<Lab, 'clock' | 'random' | 'host' | 'surveyGpus' | 'machine' | 'at'>,
  log: (text: string) => void,
): Replicating {
  const refusals = new Map<string, string>();
  let restless = true;
  return {
    refusals,
    wake: () => {
      restless = true;
    },
    restless: () => restless,
    async step(project, free) {
      if (!restless || free <= 0) return;
      const { campaign, wanted } = decide(project, lab.clock(), refusals);
      restless = wanted.length > 0;
      for (const want of wanted.slice(0, free)) {
        const { arm, kind } = want.replicate;
        try {
          const made = await queueReplicate(lab, project, campaign, want);
          if (made !== null) log(`${made.id} repeats ${arm} on seed ${made.seed} (${kind})`);
        } catch (error) {
          if (!(error instanceof LabError)) throw error;
          // A budget leaves no run for it, or its code is gone: the keep rule goes on without.
          log(`no replicate of ${arm}: ${error.message}`);
          refusals.set(arm, error.message);
          return;
        }
      }
    },
  };
}

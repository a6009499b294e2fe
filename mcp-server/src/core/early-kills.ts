import { usableValue } from './arms.js';
import type { Campaign } from './campaign.js';
import { type Audited, type FalseKills, falseKillRate } from './verdict/early-kill.js';

/** What is known of the early kills of a campaign. */
export interface EarlyKills {
  stopped: number;
  /** By the runs that would have been stopped and were finished instead. */
  measured: FalseKills;
}

/** A finished run was stopped falsely when it proved at least as good as the best so far. */
export function earlyKillsOf(campaign: Campaign): EarlyKills {
  const early = [...campaign.runs.values()].filter((run) => run.early !== null);
  const audited = early.flatMap((run): Audited[] => {
    if (run.early?.decision !== 'finish' || run.end === null || usableValue(run) === null) return [];
    if (run.verdict === null) return [];
    const seconds = (Date.parse(run.end.at) - Date.parse(run.early.at)) / 1000;
    const { status, gain } = run.verdict;
    return [
      { good: status === 'confirmed' || (gain !== null && gain >= 0), extraSeconds: Math.max(0, seconds) },
    ];
  });
  const stopped = early.filter(
    (run) => run.early?.decision === 'kill' && run.end?.ending === 'stopped',
  ).length;
  return { stopped, measured: falseKillRate(audited) };
}

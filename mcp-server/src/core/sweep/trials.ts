import type { Campaign } from '../campaign.js';
import type { Plan } from '../ledger.js';
import { fromJsonNumber } from '../metric.js';
import type { Trial } from './propose.js';

/** What the trials among these plans have given so far. */
export function trialsOf(campaign: Campaign, plans: readonly Plan[]): Trial[] {
  return plans.flatMap(({ id, assignment }) => {
    if (assignment === null) return [];
    const run = campaign.runs.get(campaign.runOf.get(id) ?? '');
    const verdict = run?.verdict;
    // What one seed gave guides the search while its confirmation goes on.
    const measured = verdict == null ? run?.end?.value : verdict.value;
    const value = measured == null ? null : fromJsonNumber(measured);
    // A run that was stopped or lost says nothing about its setting; one that crashed or diverged does.
    const failed = verdict?.status === 'crash' || (verdict?.status === 'rejected' && verdict.gain === null);
    return [{ assignment, value: failed ? null : value, failed }];
  });
}

/** Whether a plan is a point of the config’s own search space; a sweep of the leader varies another command. */
export const isOwnTrial = ({ assignment, sweep }: Plan): boolean =>
  assignment !== null && sweep === undefined;

/** What all points of the config’s search space have given that were ever tried. */
export function allTrials(campaign: Campaign): Trial[] {
  const { plans, past } = campaign;
  const others = plans.filter((plan) => isOwnTrial(plan) && !past?.counted.has(plan.id));
  return [...(past?.trials ?? []), ...trialsOf(campaign, others)];
}

import { armOf } from '../arms.js';
import type { Campaign, CampaignRun } from '../campaign.js';
import { fromJsonNumber } from '../metric.js';
import { checkGuard, guardWords, parseGuard } from '../verdict/guards.js';

/**
 * Words of the first guard that a run does not pass, or null. Each run that is given counts: a candidate and, once it is
 * confirmed, its fresh seeds, by their mean. An unknown value is no pass.
 */
export function failedGuard(
  campaign: Campaign,
  guards: readonly string[],
  runs: readonly CampaignRun[],
): string | null {
  const { baseline } = campaign;
  const base = baseline === null ? [] : [baseline, ...armOf(campaign, baseline).values.map(({ run }) => run)];
  const baseRuns = [...new Set(base)].flatMap((id) => campaign.runs.get(id) ?? []);
  for (const text of guards) {
    const guard = parseGuard(text);
    const answer = checkGuard(guard, meanOf(runs, guard.metric), meanOf(baseRuns, guard.metric));
    if (answer.answer !== 'pass') return guardWords(answer);
  }
  return null;
}

/** Names of the metrics that guards look at. Throws LabError for a guard that cannot be understood. */
export function guardedMetrics(guards: readonly string[]): string[] {
  return [...new Set(guards.map((text) => parseGuard(text).metric))];
}

/** Mean over the runs; null where one of them has no finite value: what was not seen is unknown. */
function meanOf(runs: readonly CampaignRun[], metric: string): number | null {
  const values = runs
    .map((run) => run.end?.others?.[metric])
    .map((value) => (value == null ? Number.NaN : fromJsonNumber(value)));
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return values.length > 0 && Number.isFinite(mean) ? mean : null;
}

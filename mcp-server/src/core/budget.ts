import { isRepeatable } from './arms.js';
import { money, spent } from './bill.js';
import type { Campaign } from './campaign.js';
import type { Config } from './config.js';
import { formatDuration, formatValue } from './units.js';
import type { BudgetView } from './view.js';

export interface BudgetLimits {
  runs?: number | undefined;
  gpu_hours?: number | undefined;
  /** Seconds. */
  wall_clock?: number | undefined;
  usd?: number | undefined;
  tokens?: number | undefined;
}

export interface BudgetUse {
  runs: number;
  gpu_hours: number;
  wall_clock: number;
  usd: number;
  tokens: number;
}

/** What the campaign has used. `active` are the runs without an ending: GPUs held since when (ms), or null before the start. */
export function budgetUse(
  campaign: Campaign,
  active: readonly { startedAt: number | null; gpus: number }[],
  now: number,
): BudgetUse {
  const running = active.reduce(
    (sum, run) =>
      sum + (run.startedAt === null ? 0 : (run.gpus * Math.max(0, now - run.startedAt)) / 3_600_000),
    0,
  );
  const since = campaign.startedAt === null ? now : Date.parse(campaign.startedAt);
  return {
    runs:
      (campaign.past?.launched ?? 0) +
      [...campaign.runs.values()].filter((run) => run.launch !== null).length,
    gpu_hours: campaign.gpuHours + running,
    wall_clock: Math.max(0, (now - since) / 1000),
    ...spent(campaign.bill),
  };
}

/**
 * Words why one more run may not be launched, or null. `gpuHoursAhead` is what it and the runs under way may still
 * cost at most; null = unlimited, then only what is used already counts.
 */
export function budgetRefusal(
  limits: BudgetLimits,
  use: Pick<BudgetUse, 'runs' | 'gpu_hours' | 'wall_clock'>,
  gpuHoursAhead: number | null,
): string | null {
  if (limits.runs !== undefined && use.runs >= limits.runs) {
    return `the budget of ${limits.runs} runs is used up`;
  }
  if (limits.wall_clock !== undefined && use.wall_clock >= limits.wall_clock) {
    return `the budget of ${formatDuration(limits.wall_clock)} wall clock is used up`;
  }
  if (limits.gpu_hours !== undefined) {
    if (use.gpu_hours >= limits.gpu_hours) return `the budget of ${limits.gpu_hours} GPU-hours is used up`;
    if (gpuHoursAhead !== null && use.gpu_hours + gpuHoursAhead > limits.gpu_hours) {
      const left = (limits.gpu_hours - use.gpu_hours).toFixed(2);
      return `this run may cost ${gpuHoursAhead.toFixed(2)} GPU-hours and ${left} of ${limits.gpu_hours} are left`;
    }
  }
  return null;
}

/**
 * Words why no further candidate may be planned, or null. Where gains are confirmed on fresh seeds, a last run that leaves
 * none for its own confirmation would be wasted.
 */
export function planRefusal(
  { budget, experiment }: Pick<Config, 'budget' | 'experiment'>,
  campaign: Campaign,
  use: BudgetUse,
): string | null {
  const refusal = budgetRefusal(budget, use, null);
  const base = campaign.baseline === null ? undefined : campaign.runs.get(campaign.baseline);
  const seeded = isRepeatable(base) && experiment.verdict !== 'cheap' && experiment.seeds > 1;
  if (refusal !== null || budget.runs === undefined || !seeded) return refusal;
  const left = budget.runs - use.runs;
  if (left > experiment.seeds) return null;
  return `the ${left} runs left of the budget of ${budget.runs} are too few to try and to confirm another candidate`;
}

export function budgetViews(limits: BudgetLimits, use: BudgetUse): BudgetView[] {
  return [
    { name: 'runs', used: use.runs, limit: limits.runs ?? null, unit: 'runs' },
    {
      name: 'gpu_hours',
      used: Number(use.gpu_hours.toFixed(4)),
      limit: limits.gpu_hours ?? null,
      unit: 'GPU-hours',
    },
    {
      name: 'wall_clock',
      used: Math.round(use.wall_clock),
      limit: limits.wall_clock ?? null,
      unit: 'seconds',
    },
    ...(['usd', 'tokens'] as const).flatMap((name) => {
      const limit = limits[name] ?? null;
      // Shown where it is limited: what was spent beside it stands on the bill.
      return limit === null
        ? []
        : [{ name, used: Number(use[name].toPrecision(6)), limit, unit: name === 'usd' ? 'USD' : 'tokens' }];
    }),
  ];
}

/** What is used of each budget that is set, for instance `runs 3 of 8`. */
export function budgetWords(limits: BudgetLimits, use: BudgetUse): string[] {
  return budgetViews(limits, use).flatMap(({ name, used, limit, unit }) => {
    if (limit === null) return [];
    if (name === 'usd') return [`model calls ${money(used)} of ${money(limit)}`];
    return [
      name === 'wall_clock'
        ? `wall clock ${formatDuration(used)} of ${formatDuration(limit)}`
        : `${unit} ${formatValue(used)} of ${formatValue(limit)}`,
    ];
  });
}

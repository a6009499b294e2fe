import type { Campaign } from '../../core/campaign.js';
import { toArgv } from '../../core/command.js';
import type { Config } from '../../core/config.js';
import type { Sweeping } from '../../core/cycle.js';
import type { Plan } from '../../core/ledger.js';
import { isBetter } from '../../core/metric.js';
import { propose, type Trial } from '../../core/sweep/propose.js';
import { trialsOf } from '../../core/sweep/trials.js';
import { formatValue } from '../../core/units.js';
import { assertPlaceholders, hasPlaceholders } from './sweep-command.js';
import { planId, trialPlan } from './sweep-planner.js';

/** Trials in a row without a better one after which a sweep of the leader is given up, at least. */
const HOPELESS = 4;
/** So many failures at its beginning and none that succeeded: the command or a range is wrong. */
const BROKEN = 3;

export type Trying =
  | { do: 'run'; plan: Omit<Plan, 'kind' | 'at'> }
  | { do: 'wait' }
  | { do: 'over'; reason: string };

/** The next trial of a sweep that the leader handed over: no model is asked. Pure. */
export function nextTrial(config: Config, campaign: Campaign, asked: Sweeping): Trying {
  const { direction } = config.experiment;
  const { parameters, trials: wanted, command, family } = asked.sweep;
  const own = campaign.plans.filter((plan) => plan.sweep === asked.cycle);
  const trials = trialsOf(campaign, own);
  const known = trials.filter(({ value, failed }) => value !== null || failed);
  const base = baseCommand(config, campaign, command);
  const over = (why: string): Trying => ({ do: 'over', reason: `${why}; ${bestOf(trials, direction)}` });
  if (direction === undefined || base === null)
    return over('it cannot be run: metric or command are not known');
  const open = own.some((plan) => {
    const run = campaign.runs.get(campaign.runOf.get(plan.id) ?? '');
    return run !== undefined && run.verdict === null;
  });
  const stop = (why: string): Trying => (open ? { do: 'wait' } : over(why));
  if (own.length >= wanted) return stop(`all ${wanted} trials are done`);
  if (known.length >= BROKEN && known.every(({ failed }) => failed))
    return stop(`its first ${known.length} trials all failed`);
  const idle = sinceBest(known, direction);
  if (idle >= Math.max(HOPELESS, Math.ceil(wanted / 2)))
    return stop(`${idle} trials in a row were no better than its best`);
  const assignment = propose(
    { parameters, max_runs: wanted, patience: wanted, seed: asked.cycle },
    trials,
    direction,
  );
  if (assignment === null) return stop('every combination was tried');
  const template = command !== undefined && hasPlaceholders(command) ? command : undefined;
  const plan = {
    id: planId(campaign),
    cycle: asked.cycle,
    planner: 'llm',
    sweep: asked.cycle,
    hypothesis: asked.why,
    ...(family === undefined ? {} : { family }),
    ...trialPlan(template, base, assignment),
  };
  return { do: 'run', plan };
}

/** What a sweep varies: the leader’s command, else the config’s, else the baseline’s. Null = none is known. */
function baseCommand(config: Config, campaign: Campaign, command: string | undefined): string[] | null {
  if (command !== undefined && command !== '') return toArgv(command);
  if (config.experiment.command !== undefined) return toArgv(config.experiment.command);
  return campaign.runs.get(campaign.baseline ?? '')?.launch?.command ?? null;
}

/** Words that say what is wrong with a sweep’s command, or nothing. Throws LabError. */
export function assertSweep(
  config: Config,
  campaign: Campaign,
  { command, parameters }: { command?: string | undefined; parameters: object },
): string | null {
  if (config.experiment.direction === undefined)
    return 'a sweep needs a declared metric: plan single experiments';
  if (baseCommand(config, campaign, command) === null)
    return '"sweep" needs "command": no other is known yet';
  if (command !== undefined && hasPlaceholders(command)) assertPlaceholders(command, Object.keys(parameters));
  return null;
}

function sinceBest(known: readonly Trial[], direction: 'maximize' | 'minimize'): number {
  let best = -1;
  for (const [index, { value }] of known.entries()) {
    const before = known[best]?.value ?? null;
    if (value !== null && (before === null || isBetter(value, before, direction))) best = index;
  }
  return known.length - 1 - best;
}

function bestOf(trials: readonly Trial[], direction: 'maximize' | 'minimize' | undefined): string {
  const failed = trials.filter((trial) => trial.failed).length;
  let best: Trial | null = null;
  for (const trial of trials)
    if (
      trial.value !== null &&
      direction !== undefined &&
      (best?.value == null || isBetter(trial.value, best.value, direction))
    )
      best = trial;
  const words = Object.entries(best?.assignment ?? {}).map(([name, value]) => `${name}=${value}`);
  const found = best === null ? 'none gave a value' : `best ${formatValue(best.value)} at ${words.join(' ')}`;
  return `${trials.length} trials, ${failed} failed, ${found}`;
}

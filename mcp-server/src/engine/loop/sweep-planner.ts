import type { Campaign } from '../../core/campaign.js';
import { toArgv } from '../../core/command.js';
import type { Config } from '../../core/config.js';
import { LabError } from '../../core/errors.js';
import type { Plan } from '../../core/ledger.js';
import { fromJsonNumber } from '../../core/metric.js';
import { plansMade } from '../../core/past.js';
import { propose } from '../../core/sweep/propose.js';
import type { Assignment, SweepConfig } from '../../core/sweep/space.js';
import { allTrials } from '../../core/sweep/trials.js';
import { formatValue } from '../../core/units.js';
import { assertDryRun } from '../runs/dry-run.js';
import { assertProgram } from '../runs/program.js';
import { readOrders } from './directives.js';
import type { Planner, Thought } from './planner.js';
import { conclude } from './reflect.js';
import { assertPlaceholders, fillCommand, withoutPlaceholders } from './sweep-command.js';

/** The planner without a model: it walks through the search space of the config. */
export function sweepPlanner(): Planner {
  return {
    name: 'sweep',
    assertReady({ env }, { config, paths }) {
      const { experiment } = config;
      assertProgram(sweepSettings(config).command, paths.root, { PATH: env.PATH ?? '', ...experiment.env });
      if (experiment.mandatory_dry_run) assertDryRun(experiment);
    },
    orders: (text, config) => readOrders(text, sweepSettings(config).sweep),
    cycles: plansMade,
    begun: (campaign, most) => campaign.planned.slice(-most),
    async think({ project, campaign, heard, limit }) {
      if (limit !== null) return { do: 'stop', reason: limit };
      const wishes = heard.wishes.map(({ assignment }) => assignment);
      const thought = think(project.config, campaign, wishes);
      if (thought.do !== 'run') return thought;
      const wish = heard.wishes.find(({ assignment }) => assignment === thought.plan.assignment);
      return wish === undefined
        ? thought
        : { do: 'run', plan: { ...thought.plan, directive: wish.directive } };
    },
    async execute({ project, world, signal }, plan) {
      if (plan.change !== undefined || plan.command.length === 0)
        return { do: 'drop', reason: 'planned by a model: the sweep planner cannot change the code for it' };
      return { do: 'launched', ...(await world.launch(project, plan, signal)) };
    },
    reflect: async ({ lab, project, campaign }, run) => conclude(lab, project, campaign, run, null),
  };
}

/** Settings that a sweep cannot do without. Throws LabError that says what to write where. */
export function sweepSettings(config: Config): {
  sweep: SweepConfig;
  command: string[];
  metric: string;
  direction: 'maximize' | 'minimize';
} {
  const { sweep, experiment } = config;
  if (sweep === undefined) {
    throw new LabError(
      'there is no search space',
      'write sweep: with parameters: into config.yaml, for instance lr: {log_uniform: [0.0001, 1]}',
    );
  }
  if (experiment.metric === undefined || experiment.direction === undefined) {
    throw new LabError(
      'the primary metric is not declared',
      'write metric: (as your training prints it) and direction: maximize or minimize into the brief’s front matter or under experiment: in config.yaml',
    );
  }
  const source =
    experiment.command ??
    (sweep.command === undefined ? undefined : withoutPlaceholders(toArgv(sweep.command)));
  if (source === undefined) {
    throw new LabError(
      'there is no training command',
      'write experiment.command into config.yaml, for instance: python3 train.py',
    );
  }
  if (sweep.command !== undefined) assertPlaceholders(sweep.command, Object.keys(sweep.parameters));
  return { sweep, command: toArgv(source), metric: experiment.metric, direction: experiment.direction };
}

/**
 * THINK without a model: the unchanged command first, then the search space, until the target, the budget of the
 * sweep, a plateau, or nothing is left to try. `forced` are values that a directive asks for. Pure.
 */
function think(config: Config, campaign: Campaign, forced: readonly Assignment[]): Thought {
  const { sweep, command, metric, direction } = sweepSettings(config);
  const cycle = plansMade(campaign) + 1;
  const common = { id: planId(campaign), cycle, planner: 'sweep', hypothesis: null };
  const first = campaign.plans.find((plan) => plan.role === 'baseline');
  if (first === undefined && campaign.baseline === null)
    return { do: 'run', plan: { ...common, ...baselinePlan(command) } };
  if (campaign.baseline === null) return baselineMissing(campaign, first?.id ?? '');

  const reached = targetReached(config, campaign, metric, direction);
  if (reached !== null) return { do: 'stop', reason: reached };
  const next = forced[0];
  if (next === undefined) {
    if (sweep.max_runs !== undefined && plansMade(campaign) >= sweep.max_runs) {
      return { do: 'stop', reason: `all ${sweep.max_runs} runs of the sweep are done (sweep.max_runs)` };
    }
    const idle = sinceChampion(campaign);
    if (idle >= sweep.patience) {
      return {
        do: 'stop',
        reason: `plateau: ${idle} runs in a row brought nothing better than ${formatValue(bestValue(campaign))} (sweep.patience)`,
      };
    }
  }
  const assignment = next ?? propose(sweep, allTrials(campaign), direction);
  if (assignment === null)
    return { do: 'stop', reason: 'the search space is exhausted: every combination was tried' };
  return { do: 'run', plan: { ...common, ...trialPlan(sweep.command, command, assignment) } };
}

/** Ids of plans are numbered in the order of the ledger. */
export const planId = (campaign: Campaign): string => `plan-${plansMade(campaign) + 1}`;

/** The unchanged command, as a plan. */
export function baselinePlan(command: string[]): Pick<Plan, 'role' | 'title' | 'command' | 'assignment'> {
  return { role: 'baseline', title: 'baseline: the unchanged command', command, assignment: null };
}

/** One point of a search space, as a plan. */
export function trialPlan(
  template: string | undefined,
  command: readonly string[],
  assignment: Assignment,
): Pick<Plan, 'role' | 'title' | 'command' | 'assignment'> {
  return {
    role: 'candidate',
    title: Object.entries(assignment)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    command: fillCommand(template, command, assignment),
    assignment,
  };
}

function bestValue(campaign: Campaign): number | null {
  const best = campaign.champion === null ? undefined : campaign.runs.get(campaign.champion)?.verdict;
  return best?.value == null ? null : fromJsonNumber(best.value);
}

/** Words that say that the target is reached, or null. */
export function targetReached(
  config: Config,
  campaign: Campaign,
  metric: string,
  direction: 'maximize' | 'minimize',
): string | null {
  const best = bestValue(campaign);
  const { target } = config.experiment;
  if (best === null || target === undefined) return null;
  if (direction === 'maximize' ? best < target : best > target) return null;
  return `target reached: ${metric} ${formatValue(best)} (target ${formatValue(target)}) by ${campaign.champion}`;
}

function baselineMissing(campaign: Campaign, plan: string): Thought {
  const run = campaign.runs.get(campaign.runOf.get(plan) ?? '');
  if (run?.verdict == null) return { do: 'wait' };
  const why = run.verdict.reason;
  return { do: 'stop', reason: `the unchanged command gives no baseline (${run.id}): ${why}` };
}

/** Candidates that ended since the best so far was found. */
function sinceChampion(campaign: Campaign): number {
  const best = campaign.champion === null ? undefined : campaign.runs.get(campaign.champion);
  return campaign.own - (best?.nth ?? 0);
}

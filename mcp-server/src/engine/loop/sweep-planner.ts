import type { Campaign } from '../../core/campaign.js';
import { toArgv } from '../../core/command.js';
import type { Config } from '../../core/config.js';
import { LabError } from '../../core/errors.js';
import type { Plan } from '../../core/ledger.js';
import { fromJsonNumber } from '../../core/metric.js';
import { propose, type Trial } from '../../core/sweep/propose.js';
import type { Assignment, SweepConfig } from '../../core/sweep/space.js';
import { formatValue } from '../../core/units.js';

/** What the planner wants next: one more run, to wait for runs under way, or to stop with a reason in words. */
export type Thought =
  | { do: 'run'; plan: Omit<Plan, 'kind' | 'at'> }
  | { do: 'wait' }
  | { do: 'stop'; reason: string };

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
export function think(config: Config, campaign: Campaign, forced: readonly Assignment[]): Thought {
  const { sweep, command, metric, direction } = sweepSettings(config);
  const cycle = campaign.plans.length + 1;
  const common = { id: `plan-${cycle}`, cycle, planner: 'sweep', hypothesis: null };
  const first = campaign.plans.find((plan) => plan.role === 'baseline');
  if (first === undefined && campaign.baseline === null) {
    return {
      do: 'run',
      plan: {
        ...common,
        role: 'baseline',
        title: 'baseline: the unchanged command',
        command,
        assignment: null,
      },
    };
  }
  if (campaign.baseline === null) return baselineMissing(campaign, first?.id ?? '');

  const champion = campaign.champion === null ? undefined : campaign.runs.get(campaign.champion)?.verdict;
  const best = champion?.value == null ? null : fromJsonNumber(champion.value);
  const { target } = config.experiment;
  if (best !== null && target !== undefined && (direction === 'maximize' ? best >= target : best <= target)) {
    return {
      do: 'stop',
      reason: `target reached: ${metric} ${formatValue(best)} (target ${formatValue(target)}) by ${campaign.champion}`,
    };
  }
  const next = forced[0];
  if (next === undefined) {
    if (sweep.max_runs !== undefined && campaign.plans.length >= sweep.max_runs) {
      return { do: 'stop', reason: `all ${sweep.max_runs} runs of the sweep are done (sweep.max_runs)` };
    }
    const idle = sinceChampion(campaign);
    if (idle >= sweep.patience) {
      return {
        do: 'stop',
        reason: `plateau: ${idle} runs in a row brought nothing better than ${formatValue(best)} (sweep.patience)`,
      };
    }
  }
  const assignment = next ?? propose(sweep, trialsOf(campaign), direction);
  if (assignment === null)
    return { do: 'stop', reason: 'the search space is exhausted: every combination was tried' };
  const words = Object.entries(assignment).map(([name, value]) => `${name}=${value}`);
  return {
    do: 'run',
    plan: {
      ...common,
      role: 'candidate',
      title: words.join(' '),
      command: fill(sweep, command, assignment),
      assignment,
    },
  };
}

function baselineMissing(campaign: Campaign, plan: string): Thought {
  const run = [...campaign.runs.values()].find((known) => known.launch?.plan === plan);
  if (run?.verdict == null) return { do: 'wait' };
  const why = run.verdict.reason;
  return { do: 'stop', reason: `the unchanged command gives no baseline (${run.id}): ${why}` };
}

/** Candidates that ended since the best so far was found. */
function sinceChampion(campaign: Campaign): number {
  const own = campaign.ended.filter((id) => campaign.runs.get(id)?.launch?.replicate === undefined);
  const at = campaign.champion === null ? -1 : own.lastIndexOf(campaign.champion);
  return own.length - 1 - at;
}

function trialsOf(campaign: Campaign): Trial[] {
  const runs = new Map([...campaign.runs.values()].map((run) => [run.launch?.plan, run]));
  return campaign.plans.flatMap(({ id, assignment }) => {
    if (assignment === null) return [];
    const run = runs.get(id);
    const verdict = run?.verdict;
    // What one seed gave guides the search while its confirmation goes on.
    const measured = verdict == null ? run?.end?.value : verdict.value;
    const value = measured == null ? null : fromJsonNumber(measured);
    // A run that was stopped or lost says nothing about its setting; one that crashed or diverged does.
    const failed = verdict?.status === 'crash' || (verdict?.status === 'rejected' && verdict.gain === null);
    return [{ assignment, value: failed ? null : value, failed }];
  });
}

/** The command with values in place: into `{name}` of the template, or appended as `--name value`. */
function fill(sweep: SweepConfig, command: readonly string[], assignment: Assignment): string[] {
  if (sweep.command === undefined)
    return [
      ...command,
      ...Object.entries(assignment).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ];
  return toArgv(sweep.command).map((word) =>
    word.replace(PLACEHOLDER, (whole, name: string) =>
      name in assignment ? String(assignment[name]) : whole,
    ),
  );
}

/** `{seed}` is not among them: it is filled for each run, not by the planner. */
const PLACEHOLDER = /\{(?!seed\})([A-Za-z_][\w.-]*)\}/g;

/** The template without its parameters: words with placeholders go, and the option before a bare placeholder. */
function withoutPlaceholders(argv: readonly string[]): string[] {
  const holds = (word: string | undefined): boolean => word !== undefined && word.search(PLACEHOLDER) >= 0;
  return argv.filter((word, index) => {
    const next = argv[index + 1];
    const optionOfNext = word.startsWith('-') && holds(next) && next?.startsWith('{') === true;
    return !holds(word) && !optionOfNext;
  });
}

function assertPlaceholders(template: string, names: readonly string[]): void {
  const found = [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  const missing = names.filter((name) => !found.includes(name));
  const [lost] = missing;
  if (lost !== undefined) {
    throw new LabError(
      `sweep.command does not use the parameter "${lost}"`,
      `write {${lost}} where its value belongs, or leave sweep.command out`,
    );
  }
  const unknown = found.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new LabError(
      `sweep.command uses {${unknown}}, which is no parameter`,
      `declare it under sweep.parameters, or remove it`,
    );
}

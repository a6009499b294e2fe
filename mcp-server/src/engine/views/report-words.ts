import { money } from '../../core/bill.js';
import { fromJsonNumber, isBetter } from '../../core/metric.js';
import type { RunView } from '../../core/run.js';
import { clip, oneLine } from '../../core/text.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';
import type { BudgetView, Certainty, Overview, Standing } from '../../core/view.js';

/** How good or bad a word is, for its colour. The word itself always says it too. */
export type Tone = 'good' | 'maybe' | 'bad' | 'plain';

export interface Word {
  text: string;
  tone: Tone;
}

/** The first sentence of a report, and a second one that says how far to trust it. */
export interface Headline {
  text: string;
  trust: string | null;
  tone: Tone;
}

const UNCONFIRMED =
  'This gain is unconfirmed: one seed cannot tell a gain from noise. Name experiment.seed_env, or write {seed} into the command, and the program repeats such runs on fresh seeds.';

/** The primary metric's name, short enough for a headline. */
export function metricLabel(overview: Overview): string {
  return clip(oneLine(overview.metric?.name ?? 'value'), 40);
}

/** Whether something is better than the baseline, by how much, and whether that is confirmed. */
export function headlineOf(overview: Overview): Headline {
  const { metric, baseline, best, runs } = overview;
  const plain = (text: string): Headline => ({ text, trust: null, tone: 'plain' });
  if (runs.length === 0) return plain('Nothing has run yet.');
  if (metric === null) {
    return plain(
      'No primary metric is declared, so the runs cannot be compared. Declare metric and direction.',
    );
  }
  const name = metricLabel(overview);
  if (baseline === null) {
    return plain(`There is no baseline yet: no run has ended with a value of ${name}.`);
  }
  const reached = `${name} ${formatValue(baseline.value)}`;
  if (best === null || best.run === baseline.run) {
    return plain(`Nothing is better than the baseline ${baseline.run} yet (${reached}).`);
  }
  const numbers = `${name} ${formatValue(best.value)} against ${formatValue(baseline.value)}`;
  const by = best.gain === null ? '' : `, a gain of ${formatGain(best.gain)}`;
  if (best.verdict === 'confirmed') {
    const text = `${best.run} is better than the baseline ${baseline.run}: ${numbers}${by}, confirmed.`;
    const between =
      best.interval === null
        ? ''
        : `; the gain lies between ${formatGain(best.interval[0])} and ${formatGain(best.interval[1])}`;
    return { text, trust: `Confirmed on ${best.seeds} fresh seeds${between}.`, tone: 'good' };
  }
  const text = `${best.run} looks better than the baseline ${baseline.run}: ${numbers}${by}, unconfirmed.`;
  return { text, trust: UNCONFIRMED, tone: 'maybe' };
}

/** Where the best value stands to the target; null without a target. */
export function targetWord(overview: Overview): Word | null {
  const { metric, best, baseline } = overview;
  if (metric === null || metric.target === null) return null;
  const target = `${metricLabel(overview)} ${formatValue(metric.target)}`;
  const leader = best ?? baseline;
  if (leader === null) return { text: `Target ${target}: no value yet.`, tone: 'plain' };
  if (isBetter(metric.target, fromJsonNumber(leader.value), metric.direction)) {
    return {
      text: `Target ${target}: not reached; the best is ${formatValue(leader.value)}.`,
      tone: 'plain',
    };
  }
  if (leader.verdict === 'confirmed')
    return { text: `Target ${target}: reached by ${leader.run}, confirmed.`, tone: 'good' };
  return { text: `Target ${target}: reached by ${leader.run}, unconfirmed.`, tone: 'maybe' };
}

/** The verdict on one run in words. A run that is better and not confirmed is always called unconfirmed. */
export function verdictWord(run: RunView, baseline: Standing | null): Word {
  if (run.state !== 'ended') return { text: '–', tone: 'plain' };
  if (run.replicate_of !== null) return { text: `seed of ${run.replicate_of}`, tone: 'plain' };
  if (run.role === 'baseline') return { text: 'baseline', tone: 'plain' };
  const better = (gainOf(run, baseline) ?? 0) > 0;
  switch (run.verdict) {
    case 'confirmed':
      return { text: 'confirmed', tone: 'good' };
    case 'unconfirmed':
      return { text: 'unconfirmed', tone: 'maybe' };
    case 'inconclusive':
      return { text: better ? 'inconclusive, unconfirmed' : 'inconclusive', tone: 'plain' };
    case 'rejected':
      return { text: 'rejected', tone: 'plain' };
    case 'invalid':
    case 'crash':
      return { text: run.verdict, tone: 'bad' };
    case null:
      return { text: better ? 'pending, unconfirmed' : 'pending', tone: 'plain' };
  }
}

/**
 * Difference to the baseline in the metric's own unit, positive = better. Null when either value is unknown, and for a
 * run that did not come to its end: what it measured on the way is not comparable.
 */
export function gainOf(run: RunView, baseline: Standing | null): number | null {
  const { primary } = run;
  if (run.verdict === 'confirmed') return run.gain;
  if (run.replicate_of !== null) return null;
  if (run.ending !== 'succeeded') return null;
  if (run.role === 'baseline' || baseline === null || primary === null || primary.value === null) return null;
  const difference = fromJsonNumber(primary.value) - fromJsonNumber(baseline.value);
  if (!Number.isFinite(difference)) return null;
  return primary.direction === 'maximize' ? difference : -difference;
}

/** The gain as a number with its sign; the verdict that says whether it counts is shown beside it. */
export function gainText(run: RunView, baseline: Standing | null): string {
  const gain = gainOf(run, baseline);
  return gain === null ? '–' : formatGain(gain);
}

/** The primary value; a metric that was not seen is unknown, never 0. */
export function valueText(run: RunView): string {
  return run.primary === null ? 'unknown' : formatValue(run.primary.value);
}

export function endingWord(run: RunView): Word {
  if (run.state !== 'ended') return { text: run.state, tone: 'plain' };
  if (run.ending === null) return { text: 'ended', tone: 'plain' };
  const tone = run.ending === 'succeeded' ? 'good' : run.ending === 'stopped' ? 'plain' : 'bad';
  return { text: run.ending, tone };
}

const MAX_TROUBLED = 12;

/**
 * Runs that a person should look at: everything that ended in another way than it should, void and suspicious results. The
 * newest ones, and a line that says how many more there are; null when there are none.
 */
export function troubled(runs: readonly RunView[]): { shown: RunView[]; more: string | null } {
  const all = runs
    .filter(
      (run) =>
        (run.state === 'ended' && endingWord(run).tone === 'bad') ||
        run.verdict === 'invalid' ||
        run.flags.length > 0,
    )
    .toReversed();
  const more = all.length - MAX_TROUBLED;
  return {
    shown: all.slice(0, MAX_TROUBLED),
    more: more > 0 ? `and ${more} earlier ones, in the table of runs` : null,
  };
}

/** Why: how the ending is known, or the reason of the verdict where the result is void. */
export function whyOf(run: RunView): string {
  const evidence = run.evidence[0] ?? 'no evidence was left';
  if (run.verdict === 'invalid') return run.verdict_reason ?? evidence;
  return endingWord(run).tone === 'bad' ? evidence : (run.flags[0] ?? evidence);
}

/** What is wrong with it, in one word. */
export function troubleWord(run: RunView): Word {
  if (run.verdict === 'invalid') return { text: 'invalid', tone: 'bad' };
  const word = endingWord(run);
  return word.tone !== 'bad' && run.flags.length > 0 ? { text: 'suspicious', tone: 'maybe' } : word;
}

/** What is known of the noise, and what the campaign may still risk; null before anything is known. */
export function certaintyText({
  mode,
  sigma,
  replicates,
  alpha,
  alpha_left,
  confirmations,
}: Certainty): string | null {
  if (mode === 'cheap') return 'One seed per run (experiment.verdict: cheap): every gain is unconfirmed.';
  if (sigma === null) return null;
  const left = `${formatValue(Number(alpha_left.toPrecision(2)))} of ${formatValue(alpha)}`;
  const tested = `${confirmations} candidate${confirmations === 1 ? '' : 's'} tested on fresh seeds`;
  return `Noise from seed to seed: σ ${formatValue(Number(sigma.toPrecision(3)))} (${replicates} runs). ${tested}; left of the chance of a false keep: ${left}.`;
}

/** `12 runs: 9 succeeded, 2 failed, 1 running`. */
export function countText(runs: readonly RunView[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const { text } = endingWord(run);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([word, count]) => `${count} ${word}`);
  return runs.length === 0
    ? 'no runs'
    : `${runs.length} run${runs.length === 1 ? '' : 's'}: ${parts.join(', ')}`;
}

export function progressText(run: RunView): string {
  const { progress, note } = run;
  const unit = progress?.epoch !== null && progress?.epoch !== undefined ? 'epoch' : 'step';
  const at = progress?.epoch ?? progress?.step ?? null;
  const parts = [
    ...(at === null
      ? []
      : [`${unit} ${formatValue(at)}${progress?.total == null ? '' : ` of ${formatValue(progress.total)}`}`]),
    ...(run.primary === null || run.primary.value === null
      ? []
      : [`${run.primary.name} ${formatValue(run.primary.value)} so far`]),
    ...(note === null ? [] : [note]),
  ];
  return parts.join(' · ') || 'no progress seen yet';
}

/** `2026-11-23 07:15 UTC`; text that is no time stays as it is. */
export function timeText(at: string | Date | null): string {
  if (at === null) return '–';
  const time = typeof at === 'string' ? new Date(at) : at;
  if (Number.isNaN(time.getTime())) return String(at);
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `GPU-hours: 1.5 of 10`. */
export function budgetText({ name, used, limit, unit }: BudgetView): string {
  const amount =
    unit === 'seconds'
      ? formatDuration
      : unit === 'USD'
        ? money
        : (value: number) => formatValue(name === 'gpu_hours' ? calm(value) : value);
  return `${budgetTitle(name)}: ${amount(used)}${limit === null ? ', no limit' : ` of ${amount(limit)}`}`;
}

/** What a budget is of. */
export const budgetTitle = (name: BudgetView['name']): string =>
  ({
    runs: 'runs',
    tokens: 'tokens',
    usd: 'model calls',
    wall_clock: 'wall clock',
    gpu_hours: 'GPU-hours',
  })[name];

/** Hours as a person says them: a number that grows with each second is not read. */
const calm = (hours: number): number => Number(hours < 1 ? hours.toPrecision(2) : hours.toFixed(1));

import type { Direction } from '../metric.js';
import { formatDuration, formatValue } from '../units.js';
import { betaQuantile } from './beta.js';
import { deviation, isScale, mean, usable } from './moments.js';
import { gainSign } from './rule.js';
import { tUpper } from './student.js';

/** One run's curve of the primary metric. Steps (or epochs) of all curves that are compared have one unit. */
export type Curve = readonly { step: number; value: number }[];

export interface KillRule {
  /** Shares of the champion's steps at which a run is looked at; nothing is killed before the first. */
  looks: readonly number[];
  /** Chance that a run as good as the champion is killed, over all looks. */
  risk: number;
}

export const KILL_RULE: KillRule = { looks: [0.25, 0.5, 0.75], risk: 0.02 };

export interface KillDecision {
  decision: 'continue' | 'would-kill';
  why: 'too-early' | 'few-replicates' | 'no-spread' | 'no-matched-step' | 'within-spread' | 'beyond-spread';
  /** The look, as a share of the champion's steps, and its step; null when none is due or none can be judged. */
  share: number | null;
  step: number | null;
  /** The run's value there, and the replicates' mean, spread (standard deviation) and number. */
  value: number | null;
  mean: number | null;
  spread: number | null;
  replicates: number;
  /** How far the run is behind the mean, in spreads; and how far it may be. */
  behind: number | null;
  margin: number | null;
}

/**
 * The matched-step rule. At the latest look that the run has passed, its best value so far is compared with the values of the
 * champion's replicates at the same step (between two records: on the straight line between them). It would be killed when it is
 * behind their mean by more than m·√(s² + r²) + g, with s their standard deviation at that step,
 *   m = t_{n−1}(1 − risk/looks) · √(1 + 1/n),
 * the one-sided prediction bound for one more run of n replicates: with 2 or 3 replicates m is large, as it must be. Looks
 * share the risk (Bonferroni), so that looking more often kills no more of the good.
 * r is the run's own roughness, its mean square step-to-step change over √2: a curve that swings tells little by one value.
 * g is what the replicates' best values still gained after that step, since a late riser may gain as much.
 * It presumes that a good run is not far behind at its start; the audit below measures how often that is wrong.
 * Source: G. J. Hahn, "Factors for calculating two-sided prediction intervals for samples from a normal distribution", J. Am.
 * Stat. Assoc. 64 (1969) 878–888 (one-sided form); of r: J. von Neumann, Ann. Math. Stat. 12 (1941) 367–395.
 */
export function judgeCurve(
  direction: Direction,
  champion: readonly Curve[],
  running: Curve,
  rule: KillRule = KILL_RULE,
): KillDecision {
  const curves = champion.map(sorted).filter((curve) => curve.length > 0);
  const run = sorted(running);
  const blank = {
    share: null,
    step: null,
    value: null,
    mean: null,
    spread: null,
    behind: null,
    margin: null,
  };
  const none = (why: KillDecision['why']): KillDecision => ({
    ...blank,
    decision: 'continue',
    why,
    replicates: curves.length,
  });
  if (curves.length < 2) return none('few-replicates');
  const end = Math.min(...curves.map((curve) => curve.at(-1)?.step ?? 0));
  const now = run.at(-1)?.step ?? Number.NEGATIVE_INFINITY;
  const share = [...rule.looks]
    .sort((a, b) => b - a)
    .find((look) => look > 0 && look < 1 && now >= look * end);
  if (share === undefined) return none('too-early');
  const step = share * end;
  const sign = gainSign(direction);
  const there = valueAt(run, step);
  const peers = curves.flatMap((curve) => valueAt(curve, step) ?? []);
  if (there === null || peers.length < 2) return none('no-matched-step');
  const before = run.filter((point) => point.step <= step);
  const value = best([...before.map((point) => point.value), there], sign);
  const n = peers.length;
  const spread = deviation(peers);
  const known = { share, step, value, mean: mean(peers), spread, replicates: n };
  if (!isScale(spread)) {
    return { ...known, spread: null, decision: 'continue', why: 'no-spread', behind: null, margin: null };
  }
  const behind = (-sign * (value - known.mean)) / spread;
  const bound = tUpper(rule.risk / rule.looks.length, n - 1) * Math.sqrt(1 + 1 / n);
  const later = mean(curves.map((curve) => sign * best(valuesTo(curve, end), sign)));
  const gained = Math.max(0, later - mean(curves.map((curve) => sign * best(valuesTo(curve, step), sign))));
  const margin = bound * Math.hypot(1, roughness(before) / spread) + gained / spread;
  const kill = behind > margin;
  return {
    ...known,
    decision: kill ? 'would-kill' : 'continue',
    why: kill ? 'beyond-spread' : 'within-spread',
    behind,
    margin,
  };
}

const best = (values: readonly number[], sign: 1 | -1): number =>
  sign * values.reduce((most, value) => Math.max(most, sign * value), Number.NEGATIVE_INFINITY);

/** What a curve showed up to a step, its value there included. */
function valuesTo(curve: Curve, step: number): number[] {
  const there = valueAt(curve, step);
  const before = curve.filter((point) => point.step <= step).map(({ value }) => value);
  return there === null ? before : [...before, there];
}

/** √(Σ (x_i − x_{i−1})² / 2(k − 1)): the standard deviation about the trend. 0 for fewer than two records. */
function roughness(curve: Curve): number {
  const steps = curve.slice(1).map(({ value }, index) => value - (curve[index]?.value ?? value));
  return steps.length === 0 ? 0 : Math.sqrt(mean(steps.map((step) => step ** 2)) / 2);
}

/** Finite points in the order of their steps; of one step the last record counts. */
function sorted(curve: Curve): Curve {
  const byStep = new Map<number, number>();
  for (const { step, value } of curve) {
    if (usable(step) && usable(value)) byStep.set(step, value);
  }
  return [...byStep].map(([step, value]) => ({ step, value })).sort((a, b) => a.step - b.step);
}

/** The value at a step, on the straight line between the records around it; null outside of the curve. */
function valueAt(curve: Curve, step: number): number | null {
  const after = curve.findIndex((point) => point.step >= step);
  const right = curve[after];
  if (right === undefined) return null;
  if (right.step === step) return right.value;
  const left = curve[after - 1];
  if (left === undefined) return null;
  const way = (step - left.step) / (right.step - left.step);
  return left.value * (1 - way) + right.value * way;
}

/** Whether a run that would be killed is let finish, to learn whether the rule errs. `draw` is random in [0, 1). */
export function auditKill(draw: number, share = 0.15): 'kill' | 'finish' {
  return draw < share ? 'finish' : 'kill';
}

/** A run that would have been killed and was let finish. */
export interface Audited {
  /** Whether it then proved as good as the champion or better, so that the kill would have been false. */
  good: boolean;
  /** GPU-seconds that it went on after the moment of the kill; null when unknown. */
  extraSeconds: number | null;
}

export interface FalseKills {
  audited: number;
  falseKills: number;
  /** Null before the first audited run. */
  rate: number | null;
  /** Clopper-Pearson interval at `level`. */
  low: number;
  high: number;
  level: number;
  /** Mean GPU-seconds that a kill saves, by the audited runs; null when unknown. */
  savedSeconds: number | null;
}

/**
 * The measured false-kill rate. Source of the interval: C. J. Clopper & E. S. Pearson, "The use of confidence or fiducial
 * limits", Biometrika 26 (1934) 404–413: ends are quantiles of Beta(k, n−k+1) and Beta(k+1, n−k).
 */
export function falseKillRate(audited: readonly Audited[], level = 0.95): FalseKills {
  const n = audited.length;
  const k = audited.filter(({ good }) => good).length;
  const tail = (1 - level) / 2;
  const times = audited.flatMap(({ extraSeconds }) => (extraSeconds === null ? [] : [extraSeconds]));
  return {
    audited: n,
    falseKills: k,
    rate: n === 0 ? null : k / n,
    low: k === 0 ? 0 : betaQuantile(tail, k, n - k + 1),
    high: k === n ? 1 : betaQuantile(1 - tail, k + 1, n - k),
    level,
    savedSeconds: times.length === 0 ? null : times.reduce((sum, time) => sum + time / times.length, 0),
  };
}

/** One sentence. */
export function killWords(decided: KillDecision): string {
  const { share, step, behind, margin, replicates } = decided;
  if (behind === null || margin === null || share === null || step === null) {
    const words = {
      'too-early': 'it has not reached the first look',
      'few-replicates': 'the champion has fewer than two curves',
      'no-spread': 'the champion’s replicates do not differ at that step',
      'no-matched-step': 'there is no common step',
      'within-spread': '',
      'beyond-spread': '',
    };
    return `goes on: ${words[decided.why]}`;
  }
  const where = `at step ${formatValue(Number(step.toPrecision(6)))} (${Math.round(share * 100)} % of the champion’s)`;
  const distance = `${behind >= 0 ? `${behind.toFixed(1)} spreads behind` : `${(-behind).toFixed(1)} spreads ahead of`} the mean of ${replicates} replicates ${where}`;
  return decided.decision === 'would-kill'
    ? `would be stopped: ${distance}; ${margin.toFixed(1)} are allowed`
    : `goes on: ${distance}; ${margin.toFixed(1)} are allowed`;
}

/** One sentence. */
export function falseKillWords({
  audited,
  falseKills,
  rate,
  low,
  high,
  level,
  savedSeconds,
}: FalseKills): string {
  if (rate === null)
    return 'no run that would have been stopped has been let finish yet: the false-kill rate is unknown';
  const percent = (value: number) => `${(value * 100).toFixed(0)} %`;
  const saved =
    savedSeconds === null ? '' : `; a stop saves ${formatDuration(savedSeconds)} of GPU time on average`;
  return `${falseKills} of ${audited} audited stops would have been wrong: ${percent(rate)} (${percent(level)} interval ${percent(low)} … ${percent(high)})${saved}`;
}

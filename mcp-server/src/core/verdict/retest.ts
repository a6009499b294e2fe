import type { Direction } from '../metric.js';
import { formatGain } from '../units.js';
import { mean, usable } from './moments.js';
import { poolNoise } from './noise.js';
import { gainSign } from './rule.js';
import { tTail } from './student.js';

export interface RetestInput {
  direction: Direction;
  /** The champion's values on seeds that had no part in its confirmation. */
  champion: readonly number[];
  /** The baseline's replicates. */
  baseline: readonly number[];
  /** Replicates of every other arm, for the noise scale; the champion's confirmation values are one such arm. */
  others: readonly (readonly number[])[];
  /** Most fresh seeds for this re-test. */
  seeds: number;
}

export interface Retest {
  decision: 'stands' | 'withdrawn' | 'continue';
  why: 'better-again' | 'not-better' | 'not-shown-again' | 'diverged' | 'seeds-wanted' | 'seed-not-used';
  gain: number | null;
  error: number | null;
  dof: number | null;
  t: number | null;
  p: number | null;
  /** The level that p must stay under for the champion to stand. */
  level: number;
  used: { champion: number; baseline: number };
}

/** One-sided level of a re-test. It guards a claim already made, so it spends no α: a failed one only takes back. */
const LEVEL = 0.1;

/**
 * A champion against the baseline, again, on seeds that had no part in its confirmation. It stands once its gain over the
 * baseline is above 0 at the one-sided level 0.1 (Student's t with the pooled noise scale); it is withdrawn when its mean is not
 * better after two seeds or more, or when the seeds are used up without that. Withdrawing can only lower the chance that a
 * false keep is left at the end; what it costs in true champions is in the tables of docs/verdict.md.
 */
export function retest(input: RetestInput): Retest {
  const sign = gainSign(input.direction);
  const baseline = input.baseline.filter(usable);
  const { champion, seeds } = input;
  const used = { champion: champion.length, baseline: baseline.length };
  const blank = { gain: null, error: null, dof: null, t: null, p: null, level: LEVEL, used };
  if (!champion.every(usable)) return { ...blank, decision: 'withdrawn', why: 'diverged' };
  const first = baseline[0];
  if (champion.length === 0 || first === undefined)
    return { ...blank, decision: 'continue', why: 'seeds-wanted' };
  const gain =
    sign * (mean(champion.map((value) => value - first)) - mean(baseline.map((value) => value - first)));
  const noise = poolNoise([champion, baseline, ...input.others]);
  if (noise.kind === 'none') {
    if (noise.why === 'few') return { ...blank, gain, decision: 'continue', why: 'seeds-wanted' };
    return gain > 0
      ? { ...blank, gain, decision: 'stands', why: 'seed-not-used' }
      : { ...blank, gain, decision: 'withdrawn', why: 'not-better' };
  }
  const error = noise.sigma * Math.sqrt(1 / champion.length + 1 / baseline.length);
  const t = gain / error;
  const p = tTail(t, noise.dof);
  const known = { ...blank, gain, error, dof: noise.dof, t, p };
  if (p <= LEVEL) return { ...known, decision: 'stands', why: 'better-again' };
  if (gain <= 0 && champion.length >= Math.min(2, seeds))
    return { ...known, decision: 'withdrawn', why: 'not-better' };
  if (champion.length < seeds) return { ...known, decision: 'continue', why: 'seeds-wanted' };
  return { ...known, decision: 'withdrawn', why: 'not-shown-again' };
}

/** One sentence. */
export function retestWords({ decision, why, gain, p, used }: Retest): string {
  if (why === 'diverged') return 'withdrawn: on a fresh seed the champion gave no finite value';
  if (gain === null) return 're-test under way: no fresh seed yet';
  const numbers = `${formatGain(gain)} over the baseline on ${used.champion} fresh seed${used.champion === 1 ? '' : 's'}${p === null ? '' : ` (p ${p.toPrecision(2)})`}`;
  switch (decision) {
    case 'stands':
      return `the champion stands: ${numbers}`;
    case 'withdrawn':
      return `the champion is withdrawn: ${numbers}`;
    case 'continue':
      return `re-test under way: ${numbers}`;
  }
}

import { formatGain } from '../units.js';
import { tTail, tUpper } from './student.js';

export interface ShrunkGain {
  /** What the fresh seeds showed. */
  raw: number;
  /** What to report: 0 ≤ estimate ≤ raw. */
  estimate: number;
  /** Interval for the true gain: low ≤ estimate ≤ high. */
  low: number;
  high: number;
  /** Its level, for instance 0.95. */
  level: number;
}

/** How far above the raw gain the search for an upper end begins, and how fine it is, in standard errors. */
const SPAN = 40;
const STEPS = 400;

/** What a confirmed decision holds of its test. */
export interface Crossed {
  gain: number;
  error: number;
  dof: number;
  /** The t that was needed at the look that confirmed. */
  bound: number;
  /** The t that the last look would have needed, and its standard error; without it this look counts as the last. */
  last?: { bound: number; error: number } | null;
}

/**
 * The gain of a confirmed candidate, corrected for the fact that only gains above a bound are ever reported (the winner's
 * curse). Truncated likelihood: given the true gain δ,
 *   S(δ) = P(ĝ ≥ gain) / P(the candidate is confirmed at all),
 * where ĝ = δ + e·T, T of Student's t, e the standard error, and the denominator is the larger of the chances to pass this
 * look's bound and the last look's. The estimate is the δ with S = ½ (median-unbiased), the interval ends those with
 * S = (1 ± level)/2. All are held within δ ≥ 0: that the gain is above 0 is what the test itself has decided, at the campaign's
 * α. The conditional likelihood was chosen over empirical Bayes because it needs no prior on how good the ideas of a
 * campaign are; a gain that would have been found anyway is hardly shrunk, one that only just passed is shrunk much.
 * Approximations: T is shifted (no non-central t), and a stop at an earlier look is not told apart. What they cost is measured:
 * the table of bias and coverage in docs/verdict.md.
 * Source: S. Zöllner & J. K. Pritchard, "Overcoming the winner's curse", Am. J. Hum. Genet. 80 (2007) 605–615; W. Fithian,
 * D. Sun, J. Taylor, "Optimal inference after model selection", arXiv:1410.2597.
 */
export function shrinkGain(confirmed: Crossed, level = 0.95): ShrunkGain {
  const { gain, error, dof } = confirmed;
  const tail = (1 - level) / 2;
  if (!(error > 0)) return { raw: gain, estimate: gain, low: gain, high: gain, level };
  const at = (share: number) => Math.min(solve(confirmed, share), gain + tUpper(tail, dof) * error);
  const estimate = Math.max(0, Math.min(at(0.5), gain));
  return {
    raw: gain,
    estimate,
    low: Math.min(at(tail), estimate),
    high: Math.max(at(1 - tail), estimate),
    level,
  };
}

/** The largest δ ≥ 0 with S(δ) ≤ share; 0 when there is none. With heavy t tails S need not grow near 0, so it comes from above. */
function solve({ gain, error, dof, bound, last }: Crossed, share: number): number {
  const survival = (truth: number) => {
    const now = tTail(bound - truth / error, dof);
    const then = last === undefined || last === null ? 0 : tTail(last.bound - truth / last.error, dof);
    return tTail((gain - truth) / error, dof) / Math.max(now, then);
  };
  const top = Math.max(0, gain) + SPAN * error;
  let above = top;
  for (let step = 1; step <= STEPS; step++) {
    const below = top * (1 - step / STEPS);
    if (survival(below) > share) {
      above = below;
      continue;
    }
    let [low, high] = [below, above];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (survival(middle) > share) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  }
  return 0;
}

/** `+0.012 (95 % interval 0.006 … 0.018)`. */
export function gainWords(gain: ShrunkGain): string {
  const plain = (value: number) => formatGain(value).replace(/^\+/, '');
  return `${formatGain(gain.estimate)} (${Math.round(gain.level * 100)} % interval ${plain(gain.low)} … ${plain(gain.high)})`;
}

import { formatGain } from '../units.js';
import { tUpper } from './student.js';

export interface Simplicity {
  winner: 'candidate' | 'champion';
  why: 'simpler-and-not-worse' | 'not-simpler' | 'may-be-worse' | 'unknown';
  /** Changed lines against the baseline that the candidate saves; negative when it needs more. Null when a count is unknown. */
  saved: number | null;
  /** Lower end of the one-sided 95 % bound of the gain, and the loss that is put up with, both in the metric's unit. */
  lowest: number | null;
  margin: number | null;
}

/** The loss that simplicity may cost at most, in σ. */
const MARGIN = 1;
const LEVEL = 0.05;

/**
 * The tie-break: a candidate that is not confirmed better but on fresh seeds is shown to be no worse than one noise scale σ
 * (one-sided 95 % bound, Student's t: a non-inferiority test) wins when it needs fewer changed lines. It is a keep
 * for simplicity and no claim of a gain; it spends no α.
 */
export function breakTie(
  tested: { gain: number | null; error: number | null; dof: number | null; sigma: number | null },
  lines: { candidate: number | null; champion: number | null },
): Simplicity {
  const saved = lines.candidate === null || lines.champion === null ? null : lines.champion - lines.candidate;
  const { gain, error, dof, sigma } = tested;
  const blank = { saved, lowest: null, margin: null };
  if (saved === null || gain === null || error === null || dof === null || sigma === null) {
    return { ...blank, winner: 'champion', why: 'unknown' };
  }
  const known = { saved, lowest: gain - tUpper(LEVEL, dof) * error, margin: MARGIN * sigma };
  if (saved <= 0) return { ...known, winner: 'champion', why: 'not-simpler' };
  return known.lowest > -known.margin
    ? { ...known, winner: 'candidate', why: 'simpler-and-not-worse' }
    : { ...known, winner: 'champion', why: 'may-be-worse' };
}

/** One sentence. */
export function simplicityWords({ winner, why, saved, lowest, margin }: Simplicity): string {
  if (saved === null || lowest === null || margin === null)
    return 'no tie-break: the changed lines or the noise are unknown';
  if (winner === 'candidate') {
    return `kept for simplicity, not for a gain: ${saved} changed lines fewer, and at worst ${formatGain(lowest)} (95 %), within one σ (${formatGain(-margin)})`;
  }
  return why === 'not-simpler'
    ? `no tie-break: it needs ${saved === 0 ? 'as many changed lines' : `${-saved} changed lines more`}`
    : `no tie-break: ${saved} changed lines fewer, but it may be worse by more than one σ (${formatGain(lowest)} at 95 %)`;
}

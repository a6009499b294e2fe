import type { Direction } from '../metric.js';
import { formatGain, formatValue } from '../units.js';
import { mean, usable } from './moments.js';
import type { Noise } from './noise.js';
import { gainSign, RULE, type Rule } from './rule.js';

export interface ScreenDecision {
  decision: 'promote' | 'reject';
  why: 'far-enough' | 'too-near' | 'no-noise-scale' | 'not-finite';
  /** Better is positive, in the metric's unit; null when the value is not finite. */
  gain: number | null;
  /** The gain in noise scales; null without one. */
  sigmas: number | null;
  /** The gain that a promotion takes; null when it is not known. */
  needed: number | null;
}

/**
 * Whether one screening value is worth fresh seeds. It spends no α and is never used again: it only chooses. Without a noise
 * scale every better value is promoted, since the replicates of a confirmation are what measures the noise.
 */
export function screen(
  direction: Direction,
  value: number,
  champion: readonly number[],
  noise: Noise,
  rule: Pick<Rule, 'screen'> = RULE,
): ScreenDecision {
  const known = champion.filter(usable);
  if (!usable(value) || known.length === 0) {
    return { decision: 'reject', why: 'not-finite', gain: null, sigmas: null, needed: null };
  }
  const gain = gainSign(direction) * (value - mean(known));
  if (noise.kind === 'none') {
    const decision = gain > 0 ? 'promote' : 'reject';
    return { decision, why: gain > 0 ? 'no-noise-scale' : 'too-near', gain, sigmas: null, needed: null };
  }
  const needed = rule.screen * noise.sigma;
  const far = gain >= needed;
  return {
    decision: far ? 'promote' : 'reject',
    why: far ? 'far-enough' : 'too-near',
    gain,
    sigmas: gain / noise.sigma,
    needed,
  };
}

/** One sentence. */
export function screenWords(screened: ScreenDecision): string {
  const { why, gain, sigmas, needed } = screened;
  if (gain === null) return 'not screened: the value or the champion’s is not a finite number';
  if (sigmas === null || needed === null) {
    return gain > 0
      ? `promoted: ${formatGain(gain)} on one seed; the noise is not known yet`
      : `rejected on one seed: ${formatGain(gain)}`;
  }
  const numbers = `${formatGain(gain)} on one seed is ${formatValue(Number(sigmas.toFixed(2)))} σ of the noise`;
  return why === 'far-enough'
    ? `promoted to fresh seeds: ${numbers}`
    : `rejected on one seed: ${numbers}; ${formatGain(needed)} were needed`;
}

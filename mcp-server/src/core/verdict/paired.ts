import type { Direction } from '../metric.js';
import { type ConfirmDecision, decideLook, mostSeeds, untested } from './look.js';
import { deviation, mean, usable } from './moments.js';
import { poolNoise } from './noise.js';
import { gainSign, RULE, type Rule } from './rule.js';

/** Candidate and champion on one shared fresh seed (and data order). */
export interface Pair {
  candidate: number;
  champion: number;
}

export interface PairedInput {
  direction: Direction;
  /** One for each fresh seed that both have run, in the order in which they came. */
  pairs: readonly Pair[];
  /** Pairs of earlier comparisons, for the scale of the differences: one list each. */
  others: readonly (readonly Pair[])[];
  alpha: number;
  seeds: number;
}

/**
 * The rule for matched noise, where the project declares that a seed (or data order) gives candidate and champion the same
 * luck: it looks at the differences d = candidate − champion on each seed, whose spread is smaller than that of the values by as
 * much as the two go together:
 *   t = d̄ / (max(σ_d, s_d) / √m),
 * σ_d the scale of differences pooled over comparisons, s_d that of this one. Each look wants a run of both. Differences of two
 * runs with the same kind of noise are symmetric whatever its skew. If seeds are not matched in truth it is still valid,
 * only weaker. Never fewer than three pairs, since with nothing pooled the scale has m − 1 degrees of freedom.
 */
export function confirmPaired(input: PairedInput, rule: Rule = RULE): ConfirmDecision {
  const { alpha, seeds, pairs } = input;
  const sign = gainSign(input.direction);
  const used = { candidate: pairs.length, champion: pairs.length };
  const known = { alpha, used, gain: null };
  if (pairs.length === 0) return untested(known, 'continue', 'seeds-wanted', { candidate: 1, champion: 1 });
  if (!pairs.every((pair) => usable(pair.candidate))) return untested(known, 'rejected', 'diverged');
  const differences = gaps(pairs, sign);
  if (differences.length === 0)
    return untested(known, 'continue', 'seeds-wanted', { candidate: 1, champion: 1 });
  const gain = mean(differences);
  const noise = poolNoise([differences, ...input.others.map((other) => gaps(other, sign))]);
  if (noise.kind === 'none') {
    if (noise.why === 'few')
      return untested({ ...known, gain }, 'continue', 'seeds-wanted', { candidate: 1, champion: 1 });
    return gain > 0
      ? untested({ ...known, gain }, 'inconclusive', 'seed-not-used')
      : untested({ ...known, gain }, 'rejected', 'hopeless');
  }
  const { sigma, dof } = noise;
  const j = differences.length;
  const own = Math.max(sigma, rule.own * deviation(differences));
  const [error, lastError] = [own / Math.sqrt(j), own / Math.sqrt(mostSeeds(seeds, rule))];
  const looked = decideLook(
    { gain, error, lastError, sigma, dof, alpha, j, seeds, used, lacking: 0 },
    { ...rule, least: Math.max(3, rule.least) },
  );
  return { ...looked, wants: { ...looked.wants, champion: looked.wants.candidate } };
}

/** A pair whose champion has no finite value says nothing. */
function gaps(pairs: readonly Pair[], sign: 1 | -1): number[] {
  return pairs.flatMap((pair) => {
    const gap = sign * (pair.candidate - pair.champion);
    return usable(gap) ? [gap] : [];
  });
}

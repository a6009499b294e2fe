import type { Direction } from '../metric.js';
import { type ConfirmDecision, decideLook, mostSeeds, untested } from './look.js';
import { deviation, mean, usable } from './moments.js';
import { poolNoise } from './noise.js';
import { gainSign, RULE, type Rule } from './rule.js';

export interface ConfirmInput {
  direction: Direction;
  /** Values of the candidate's fresh confirmation seeds, in the order in which they came. Never the screening value. */
  candidate: readonly number[];
  /** Values of the champion's replicates, fresh ones included. */
  champion: readonly number[];
  /** Replicates of every other arm, for the noise scale: one list each. */
  others: readonly (readonly number[])[];
  /** α allotted to this confirmation when it began (`allotAlpha(…).next`). */
  alpha: number;
  /** `experiment.seeds`. An unclear candidate may go on to `mostSeeds(seeds)`. */
  seeds: number;
}

/**
 * One look at a candidate on fresh seeds against a replicated champion. Pure: asked again with the same values it says the same.
 *
 * With c̄, b̄ the means of the j fresh and the n champion values and σ the noise scale pooled over all arms (`poolNoise`),
 *   t = (c̄ − b̄) / √(max(σ, s_c)²/j + σ²/n),
 * s_c the candidate's own standard deviation: a candidate noisier than the campaign does not profit from the others' calm, and
 * one lucky extreme widens its own yardstick, which is what keeps skewed and heavy-tailed noise within α. `decideLook` judges t.
 * A candidate is first asked for one seed; only one that is still hopeful has the champion brought to full strength.
 */
export function confirm(input: ConfirmInput, rule: Rule = RULE): ConfirmDecision {
  const { candidate, seeds, alpha } = input;
  const sign = gainSign(input.direction);
  const champion = input.champion.filter(usable);
  const used = { candidate: candidate.length, champion: champion.length };
  const origin = champion[0];
  if (!candidate.every(usable)) return untested({ alpha, used, gain: null }, 'rejected', 'diverged');
  const lacking = Math.max(0, Math.round(rule.champion * seeds) - champion.length);
  if (candidate.length === 0 || origin === undefined) {
    const wants = {
      candidate: candidate.length === 0 ? 1 : 0,
      champion: origin === undefined ? Math.max(1, lacking) : 0,
    };
    return untested({ alpha, used, gain: null }, 'continue', 'seeds-wanted', wants);
  }
  const noise = poolNoise([candidate, champion, ...input.others]);
  const tamed = noise.kind === 'measured' ? noise.tamed : [];
  const as = (arm: number, index: number) => tamed.find((one) => one.arm === arm && one.index === index)?.as;
  // An outlier that was tamed for the scale may not make the candidate look better through a mean either: a good one of the
  // candidate counts as tamed, a bad one of the champion is left out.
  const fresh = candidate.map((value, index) => sign * ((as(0, index) ?? value) - origin));
  const raw = candidate.map((value) => sign * (value - origin));
  const gained = fresh.map((value, index) => Math.min(value, raw[index] ?? value));
  const held = champion.flatMap((value, index) => {
    const mild = as(1, index);
    return mild !== undefined && sign * (mild - value) > 0 ? [] : [sign * (value - origin)];
  });
  const gain = mean(gained) - mean(held);
  const known = { alpha, used, gain };
  if (noise.kind === 'none' && noise.why === 'identical') {
    return gain > 0
      ? untested(known, 'inconclusive', 'seed-not-used')
      : untested(known, 'rejected', 'hopeless');
  }
  if (noise.kind === 'none')
    return untested(known, 'continue', 'seeds-wanted', { candidate: 1, champion: lacking });
  const { sigma, dof } = noise;
  const own = Math.max(sigma, rule.own * deviation(gained));
  const errorOf = (fresh: number) => Math.sqrt(own ** 2 / fresh + sigma ** 2 / held.length);
  const [error, lastError] = [errorOf(gained.length), errorOf(mostSeeds(seeds, rule))];
  return decideLook(
    { gain, error, lastError, sigma, dof, alpha, j: candidate.length, seeds, used, lacking },
    rule,
  );
}

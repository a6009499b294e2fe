import { RULE, type Rule } from './rule.js';
import { tTail, tUpper } from './student.js';

export interface ConfirmDecision {
  decision: 'continue' | 'confirmed' | 'rejected' | 'inconclusive';
  why:
    | 'seeds-wanted'
    | 'clear'
    | 'hopeless'
    | 'not-clear'
    | 'diverged'
    /** All replicates are equal to the last bit: the seed does not reach the training, and fresh seeds are not fresh. */
    | 'seed-not-used';
  /** Runs that are wanted before the next look; all zero unless the decision is 'continue'. They may run side by side. */
  wants: { candidate: number; champion: number };
  /** Mean gain on the fresh seeds, better is positive, in the metric's unit; not shrunk. Null before the first value. */
  gain: number | null;
  /** Standard error of the gain, noise scale and its degrees of freedom; null without a scale. */
  error: number | null;
  sigma: number | null;
  dof: number | null;
  t: number | null;
  /** One-sided p-value of t, and the level that it had to stay under at this look (0 where no keep was allowed). */
  p: number | null;
  level: number;
  /** The t that was needed at this look; null where no keep was allowed. */
  bound: number | null;
  /** The same bound and standard error at the last look that there can be: what `shrinkGain` needs to know. */
  last: { bound: number; error: number } | null;
  /** α allotted to this confirmation. */
  alpha: number;
  /** Replicates used. */
  used: { candidate: number; champion: number };
}

export interface Look {
  gain: number;
  error: number;
  /** The standard error that the last look would have, with `mostSeeds` fresh seeds. */
  lastError: number;
  sigma: number;
  dof: number;
  alpha: number;
  /** Fresh seeds of the candidate so far, and the project's `experiment.seeds`. */
  j: number;
  seeds: number;
  used: { candidate: number; champion: number };
  /** Replicates that the champion still lacks before a keep is allowed. */
  lacking: number;
}

/** The most fresh seeds that one candidate gets. */
export function mostSeeds(seeds: number, rule: Pick<Rule, 'extend' | 'least'> = RULE): number {
  return Math.max(rule.least, Math.round(seeds * rule.extend));
}

/**
 * One look of a group-sequential one-sided t test with binding futility. After j of m fresh seeds the cumulated level is
 * α·(j/m)^ρ; this look may use what that adds. The levels of all looks sum to α, so (union bound) the test errs with
 * probability at most α, however the looks hang together. The futility bound only ever takes keeps away.
 * Source of the spending function: K. Kim & D. L. DeMets, "Design and analysis of group sequential tests based on the type I
 * error spending rate function", Biometrika 74 (1987) 149–154.
 */
export function decideLook(look: Look, rule: Rule): ConfirmDecision {
  const { gain, error, lastError, sigma, dof, alpha, j, seeds, used, lacking } = look;
  const most = mostSeeds(seeds, rule);
  const t = gain / error;
  const p = tTail(t, dof);
  const spent = (seedsUsed: number) =>
    seedsUsed < rule.least ? 0 : Math.min(1, seedsUsed / most) ** rule.spending;
  const level = lacking > 0 || j > most ? 0 : alpha * (spent(j) - spent(j - 1));
  const numbers = {
    wants: { candidate: 0, champion: 0 },
    gain,
    error,
    sigma,
    dof,
    t,
    p,
    level,
    bound: level > 0 ? tUpper(level, dof) : null,
    last: level > 0 ? { bound: tUpper(alpha * (1 - spent(most - 1)), dof), error: lastError } : null,
    alpha,
    used,
  };
  if (level > 0 && p <= level) return { ...numbers, decision: 'confirmed', why: 'clear' };
  const hope = rule.hopeful[Math.min(j, rule.hopeful.length) - 1] ?? 0;
  if (gain < hope * sigma) return { ...numbers, decision: 'rejected', why: 'hopeless' };
  if (j >= most && lacking <= 0) return { ...numbers, decision: 'inconclusive', why: 'not-clear' };
  const wants = { candidate: j < most ? 1 : 0, champion: Math.max(0, lacking) };
  return { ...numbers, decision: 'continue', why: 'seeds-wanted', wants };
}

/** A decision without a test. */
export function untested(
  known: Pick<ConfirmDecision, 'alpha' | 'used' | 'gain'>,
  decision: ConfirmDecision['decision'],
  why: ConfirmDecision['why'],
  wants: ConfirmDecision['wants'] = { candidate: 0, champion: 0 },
): ConfirmDecision {
  return {
    ...known,
    decision,
    why,
    wants,
    error: null,
    sigma: null,
    dof: null,
    t: null,
    p: null,
    level: 0,
    bound: null,
    last: null,
  };
}

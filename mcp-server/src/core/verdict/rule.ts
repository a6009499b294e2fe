import type { Direction } from '../metric.js';

/**
 * The constants of the keep rule, chosen by simulation (`npm run bench:null`; the tables and the search are in
 * docs/verdict.md). All distances are in noise scales σ; nothing here has the unit of a metric.
 */
export interface Rule {
  /** A screening value is promoted when it beats the champion's mean by this many σ. */
  screen: number;
  /** Half of the campaign's α is spent after this many charged confirmations. */
  half: number;
  /** Fresh replicates bring the champion to this many times `seeds` before a candidate can be confirmed against it. */
  champion: number;
  /** A candidate that stays unclear goes on to at most this many times `seeds` fresh seeds. */
  extend: number;
  /** A candidate goes on after a look only while its mean gain is at least this many σ; by the number of fresh seeds, the last for all more. */
  hopeful: readonly number[];
  /** Power ρ of the spending within one confirmation: after j of m fresh seeds, (j/m)^ρ of its α may be used. */
  spending: number;
  /** Fewest fresh seeds on which a candidate may be confirmed. */
  least: number;
  /** How much of its own standard deviation a candidate is held to where that is above σ: 1 all of it, 0 none. */
  own: number;
}

export const RULE: Rule = {
  screen: 1,
  half: 2,
  champion: 3,
  extend: 4,
  hopeful: [0.5, 0.7, 0.8, 0.9],
  spending: 3,
  least: 3,
  own: 1,
};

/** +1 where larger is better, −1 where smaller is: value × sign grows with goodness. */
export function gainSign(direction: Direction): 1 | -1 {
  return direction === 'maximize' ? 1 : -1;
}

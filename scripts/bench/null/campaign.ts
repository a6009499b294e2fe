// One simulated campaign; larger is better; the unit is the noise scale.
import type { Draw, Noise } from './noise.js';

export interface Campaign {
  runs: number;
  noise: Noise;
  /** Share of the candidates that are truly better than the champion of their time, and by how much. */
  share?: number;
  effect?: number;
  /** How much wider the candidates' noise is than the champion's. */
  spread?: number;
  /** The first value of the baseline, instead of a random one. */
  first?: number;
}

/** A kept candidate: what a fresh run of it shows on average, against what was shown, and whether it is truly better. */
interface Candidate {
  real: boolean;
  level: number;
  run(): number;
}

/** What a rule is given to play with, and the tally of what it did. */
export interface Game {
  runs: number;
  draw: Draw;
  tally: Tally;
  champion(): number;
  candidate(): Candidate;
  keep(one: Candidate): void;
}

export interface Tally {
  wrong: number;
  found: number;
  real: number;
  runs: number;
  /** True level of the kept champion. */
  level: number;
}

export type Play = (game: Game) => void;

/** Plays one campaign. Every run of a champion or candidate is counted. */
export function campaign(what: Campaign, play: Play, draw: Draw): Tally {
  const { runs, noise, share = 0, effect = 0, spread = 1, first } = what;
  const tally: Tally = { wrong: 0, found: 0, real: 0, runs: 0, level: 0 };
  play({
    runs,
    draw,
    tally,
    champion() {
      tally.runs++;
      return tally.runs === 1 && first !== undefined ? first : tally.level + noise(draw);
    },
    candidate() {
      const real = draw() < share;
      if (real) tally.real++;
      const level = tally.level + (real ? effect : 0);
      const run = () => {
        tally.runs++;
        return level + spread * noise(draw);
      };
      return { real, level, run };
    },
    keep({ real, level }) {
      if (real) tally.found++;
      else tally.wrong++;
      tally.level = level;
    },
  });
  return tally;
}

export interface Outcome {
  /** Share of campaigns with any false keep, and its Monte-Carlo standard error. */
  any: number;
  error: number;
  /** Share of real gains found; null without any. */
  power: number | null;
  /** Runs paid for each candidate beyond its first, the baseline's included. */
  extra: number;
  /** Runs for each real gain found. */
  each: number | null;
}

export function many(what: Campaign, play: Play, draw: Draw, times: number): Outcome {
  const all = Array.from({ length: times }, () => campaign(what, play, draw));
  const sum = (pick: (tally: Tally) => number) => all.reduce((total, tally) => total + pick(tally), 0);
  const [any, found, real, runs] = [
    sum(({ wrong }) => (wrong > 0 ? 1 : 0)) / times,
    sum((tally) => tally.found),
    sum((tally) => tally.real),
    sum((tally) => tally.runs),
  ];
  return {
    any,
    error: Math.sqrt((any * (1 - any)) / times),
    power: real === 0 ? null : found / real,
    extra: runs / times / what.runs - 1,
    each: found === 0 ? null : runs / found,
  };
}

import type { Direction } from '../metric.js';
import { formatDuration, formatGain, formatValue } from '../units.js';
import { mean, usable } from './moments.js';
import type { Noise } from './noise.js';
import { gainSign } from './rule.js';

/** Something a person should look at. It decides nothing. */
export interface Suspicion {
  kind: 'jump' | 'fast' | 'same-value' | 'constant' | 'not-by-evaluator';
  words: string;
  /** The figure that raised it and the limit that it passed. */
  figure: number;
  limit: number;
}

export interface SuspicionFacts {
  direction: Direction;
  metric: string;
  value: number | null;
  /** Seconds that the run took; null when it did not come to its end. */
  seconds: number | null;
  /** Content hash of the code that ran, with its command and config. */
  code: string | null;
  /** The champion's replicates. */
  champion: readonly number[];
  /** What its own other seeds gave. */
  seeds: readonly number[];
  noise: Noise;
  /** Earlier runs that came to their end. */
  peers: readonly { run: string; value: number | null; seconds: number | null; code: string | null }[];
  /** Whether the metric was written by a locked evaluator; null when nothing tells. */
  byLockedEvaluator: boolean | null;
}

export interface SuspicionLimits {
  /** A gain beyond this many σ over the champion. */
  jump: number;
  /** Shorter than this share of the median of its peers, of which there must be at least `peers`. */
  fast: number;
  peers: number;
}

const SUSPICION: SuspicionLimits = { jump: 8, fast: 0.5, peers: 3 };

/** Flags for a person, each with its numbers; an empty list when nothing stands out. Unknown facts raise nothing. */
export function suspicions(facts: SuspicionFacts, limits: SuspicionLimits = SUSPICION): Suspicion[] {
  return [
    jump(facts, limits),
    fast(facts, limits),
    same(facts),
    constant(facts),
    notByEvaluator(facts),
  ].flatMap((one) => one ?? []);
}

function jump(
  { direction, metric, value, champion, noise }: SuspicionFacts,
  limits: SuspicionLimits,
): Suspicion | null {
  const known = champion.filter(usable);
  if (value === null || !usable(value) || known.length === 0 || noise.kind === 'none') return null;
  const gain = gainSign(direction) * (value - mean(known));
  const sigmas = gain / noise.sigma;
  if (!(sigmas > limits.jump)) return null;
  return {
    kind: 'jump',
    figure: sigmas,
    limit: limits.jump,
    words: `${metric} jumped by ${formatGain(gain)}, ${sigmas.toFixed(0)} σ of the noise: look whether the evaluation or the data changed`,
  };
}

function fast({ seconds, peers }: SuspicionFacts, limits: SuspicionLimits): Suspicion | null {
  const times = peers
    .flatMap((peer) => (peer.seconds !== null && peer.seconds > 0 ? [peer.seconds] : []))
    .sort((a, b) => a - b);
  const middle = times[times.length >> 1];
  if (seconds === null || middle === undefined || times.length < limits.peers) return null;
  const share = seconds / middle;
  if (!(share < limits.fast)) return null;
  return {
    kind: 'fast',
    figure: share,
    limit: limits.fast,
    words: `it took ${formatDuration(seconds)}, its ${times.length} peers ${formatDuration(middle)} in the middle: look whether all of the work was done`,
  };
}

function same({ metric, value, code, peers }: SuspicionFacts): Suspicion | null {
  if (value === null || !Number.isFinite(value) || code === null) return null;
  const twins = peers.filter((peer) => peer.value === value && peer.code !== null && peer.code !== code);
  const [first] = twins;
  if (first === undefined) return null;
  return {
    kind: 'same-value',
    figure: twins.length,
    limit: 0,
    words: `${metric} is ${formatValue(value)} to the last digit as in ${first.run}${twins.length > 1 ? ` and ${twins.length - 1} more` : ''}, with other code: look whether the change reaches the training`,
  };
}

/** The seed moves other code and not this one: a number that is printed, or a seed that is not taken, looks like that. */
function constant({ metric, value, seeds, noise }: SuspicionFacts): Suspicion | null {
  if (value === null || noise.kind === 'none' || seeds.length < 2) return null;
  if (seeds.some((other) => other !== value)) return null;
  return {
    kind: 'constant',
    figure: seeds.length + 1,
    limit: 2,
    words: `${metric} is ${formatValue(value)} to the last digit on each of its ${seeds.length + 1} seeds, while the seed moves other runs: look whether it is measured`,
  };
}

function notByEvaluator({ metric, byLockedEvaluator }: SuspicionFacts): Suspicion | null {
  if (byLockedEvaluator !== false) return null;
  return {
    kind: 'not-by-evaluator',
    figure: 1,
    limit: 0,
    words: `${metric} was printed, but not by the locked evaluator: look where the number comes from`,
  };
}

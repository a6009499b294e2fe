import type { Direction } from '../metric.js';
import { isBetter } from '../metric.js';
import type { Assignment, Parameter, SweepConfig } from './space.js';
import { toAssignment, toUnit } from './space.js';

/** A run of the sweep so far. `value` null: still running, failed, or no metric. */
export interface Trial {
  assignment: Assignment;
  value: number | null;
  /** It ended without a usable value: it crashed, diverged, or printed none. */
  failed: boolean;
}

/**
 * The next values to try: a pure function of the space, the seed and the trials so far, so that a planner that
 * was killed proposes the same again. First quasi-random points, then, of several points around the best, the one that
 * its tried neighbours speak for; every fourth of these stays quasi-random, so that a narrow valley elsewhere is not
 * missed for ever.
 * Null when no untried point was found (a small, exhausted space).
 */
export function propose(
  sweep: SweepConfig,
  trials: readonly Trial[],
  direction: Direction,
): Assignment | null {
  const { parameters } = sweep;
  const names = Object.keys(parameters);
  const tried = new Set(trials.map((trial) => keyOf(trial.assignment, names)));
  const explore = sweep.explore ?? Math.max(4, Math.ceil((sweep.max_runs ?? 16) / 2));
  const best = bestTrial(trials, direction);
  for (let attempt = 0; attempt < 256; attempt++) {
    const index = trials.length + attempt;
    const narrow = best !== null && trials.length >= explore && (trials.length - explore) % 4 !== 3;
    const unit = narrow
      ? mostPromising(parameters, best, trials, direction, sweep.seed, index, attempt)
      : quasiRandom(index, names.length, sweep.seed);
    const assignment = toAssignment(parameters, unit);
    if (!tried.has(keyOf(assignment, names))) return assignment;
  }
  return null;
}

function bestTrial(trials: readonly Trial[], direction: Direction): Trial | null {
  let best: { trial: Trial; value: number } | null = null;
  for (const trial of trials) {
    if (trial.failed || trial.value === null || !Number.isFinite(trial.value)) continue;
    if (best === null || isBetter(trial.value, best.value, direction)) best = { trial, value: trial.value };
  }
  return best?.trial ?? null;
}

/**
 * The additive recurrence of M. Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences" (2018): steps of
 * the powers of the inverse of the generalised golden ratio, low discrepancy in any dimension. `seed` shifts it.
 */
export function quasiRandom(index: number, dimensions: number, seed: number): number[] {
  let ratio = 2;
  for (let i = 0; i < 32; i++) ratio = (1 + ratio) ** (1 / (dimensions + 1));
  return Array.from({ length: dimensions }, (_, axis) => {
    const shift = hash(seed, axis, 0);
    return (shift + (index + 1) * ratio ** -(axis + 1)) % 1;
  });
}

/** How many points around the best are weighed against each other, and how far a tried point's word carries. */
const CANDIDATES = 24;
const REACH = 0.16;

/**
 * Of several points around the best, the one with the best outlook: tried points speak for their surroundings
 * (Nadaraya–Watson regression of ranks with a Gaussian kernel); one that failed or diverged speaks against them.
 */
function mostPromising(
  parameters: Record<string, Parameter>,
  best: Trial,
  trials: readonly Trial[],
  direction: Direction,
  seed: number,
  index: number,
  attempt: number,
): number[] {
  const known = ranked(parameters, trials, direction);
  const age = trials.length;
  let chosen: { unit: number[]; outlook: number } | null = null;
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    const unit = around(parameters, best, age, index * CANDIDATES + candidate, seed, attempt);
    let [weight, sum] = [0.02, 0.01];
    for (const { at, rank } of known) {
      const near = Math.exp(-(distance(unit, at) ** 2) / (2 * REACH ** 2));
      weight += near;
      sum += near * rank;
    }
    const outlook = sum / weight;
    if (chosen === null || outlook > chosen.outlook) chosen = { unit, outlook };
  }
  return chosen?.unit ?? toUnit(parameters, best.assignment);
}

/** Tried points with their rank: 1 the best, towards 0 the worst, −1 without a value. Runs under way say nothing yet. */
function ranked(
  parameters: Record<string, Parameter>,
  trials: readonly Trial[],
  direction: Direction,
): { at: number[]; rank: number }[] {
  const values = trials.flatMap(({ value }) => (value !== null && Number.isFinite(value) ? [value] : []));
  return trials.flatMap(({ assignment, value, failed }) => {
    if (failed) return [{ at: toUnit(parameters, assignment), rank: -1 }];
    if (value === null || !Number.isFinite(value)) return [];
    const beaten = values.filter((other) => isBetter(value, other, direction)).length;
    return [
      { at: toUnit(parameters, assignment), rank: values.length < 2 ? 1 : beaten / (values.length - 1) },
    ];
  });
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, axis) => value - (b[axis] ?? value)));
}

function around(
  parameters: Record<string, Parameter>,
  best: Trial,
  age: number,
  index: number,
  seed: number,
  attempt: number,
): number[] {
  const radius = Math.max(0.04, 0.22 * 0.85 ** age) * (1 + attempt / 16);
  return toUnit(parameters, best.assignment).map((centre, axis) => {
    const parameter = Object.values(parameters)[axis];
    // A small set of choices has no neighbourhood: mostly keep the best one, sometimes draw another.
    if (parameter !== undefined && 'choice' in parameter)
      return hash(seed, axis, index + 7) < 0.7 ? centre : hash(seed, axis, index + 11);
    return reflect(centre + radius * gauss(hash(seed, axis, index + 3), hash(seed, axis, index + 5)));
  });
}

/** Folds a value back into [0, 1] at the borders, so that they are not favoured. */
function reflect(u: number): number {
  const folded = Math.abs(u) % 2;
  return folded > 1 ? 2 - folded : folded;
}

/** Box–Muller. */
function gauss(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(u + 1e-12)) * Math.cos(2 * Math.PI * v);
}

/** A uniform number in [0, 1) that depends on its arguments alone (the finaliser of MurmurHash3 over a mix). */
function hash(seed: number, axis: number, index: number): number {
  let h =
    (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(axis + 1, 0x85ebca77) ^ Math.imul(index + 1, 0xc2b2ae3d)) >>>
    0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

const keyOf = (assignment: Assignment, names: readonly string[]): string =>
  JSON.stringify(names.map((name) => assignment[name] ?? null));

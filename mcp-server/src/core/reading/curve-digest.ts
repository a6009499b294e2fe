import { z } from 'zod';
import type { Direction } from '../metric.js';
import { formatGain, formatValue } from '../units.js';

/** One value of a metric, and where training stood. `t` in milliseconds since 1970: when it was read. */
export interface CurvePoint {
  step: number | null;
  epoch: number | null;
  value: number;
  t: number;
}

/** The curves of one run that say how it went: its primary metric, and its training loss where it has one. */
export interface RunCurves {
  run: string;
  primary: readonly CurvePoint[];
  loss: readonly CurvePoint[];
}

const at = z.number().describe('step, epoch or number of the point, as `unit` says');

/** How a curve went, in numbers. Values are in the metric's own unit. */
export const CurveDigest = z.strictObject({
  unit: z.enum(['step', 'epoch', 'point']),
  points: z.number().int().describe('of the primary metric'),
  best: z.strictObject({ value: z.number(), at }).nullable(),
  matched: z
    .strictObject({ run: z.string(), at, value: z.number(), theirs: z.number() })
    .nullable()
    .describe('its value and that of the best run so far (median of its seeds) at the last place both have'),
  slope: z
    .number()
    .nullable()
    .describe('change over the last quarter by the Theil–Sen slope; positive = it was still getting better'),
  spikes: z
    .strictObject({
      count: z.number().int(),
      largest: z.number().describe('in multiples of the level before it'),
    })
    .nullable()
    .describe('of the training loss; null = it has too few points'),
  plateau_since: at.nullable().describe('nothing better since; null = it got better in its last quarter'),
  rate: z.number().nullable().describe('units per second'),
});
export type CurveDigest = z.output<typeof CurveDigest>;

type Unit = CurveDigest['unit'];
type XY = readonly [x: number, y: number];

/** Points of a median; and the fewest that show a slope. */
const WINDOW = 9;
const FEW = 3;
/** Pairs grow with the square. */
const MAX_SLOPE_POINTS = 200;

/**
 * The digest of an ended run; null when its primary metric was never seen. `seconds` is how long it ran. Matching step and
 * spread are of the best run so far, or of its seeds. Pure.
 */
export function digestCurve(
  mine: RunCurves,
  rivals: readonly RunCurves[],
  direction: Direction,
  seconds: number | null,
): CurveDigest | null {
  const unit = unitOf(mine.primary);
  const curve = along(mine.primary, unit);
  const [first, last] = [curve[0], curve.at(-1)];
  if (first === undefined || last === undefined) return null;
  const sign = direction === 'maximize' ? 1 : -1;
  const best = curve.reduce((a, b) => (sign * (b[1] - a[1]) > 0 ? b : a));
  const range = last[0] - first[0];
  const since = curve.filter(([x]) => x > best[0]).length;
  const slope = lastQuarter(curve);
  const rate = rateOf(mine, unit, seconds);
  return {
    unit,
    points: curve.length,
    best: { value: best[1], at: best[0] },
    matched: matched(mine, rivals, unit, curve),
    slope: slope === null ? null : Number((sign * slope).toPrecision(4)),
    spikes: spikesOf(along(mine.loss, unitOf(mine.loss)).map(([, y]) => y)),
    plateau_since: since >= FEW && last[0] - best[0] >= range / 4 ? best[0] : null,
    rate: rate === null ? null : Number(rate.toPrecision(4)),
  };
}

/** One line for a reader with little room. */
export function curveText(digest: CurveDigest): string {
  const { unit, best, matched: there, slope, spikes, plateau_since, rate } = digest;
  return [
    ...(best === null ? [] : [`best ${formatValue(best.value)} at ${unit} ${best.at}`]),
    ...(there === null
      ? []
      : [`at ${there.at} ${formatValue(there.value)} against ${formatValue(there.theirs)} of ${there.run}`]),
    ...(slope === null ? [] : [`last quarter ${formatGain(slope)}`]),
    ...(spikes === null || spikes.count === 0
      ? []
      : [`${spikes.count} loss spikes to ×${formatValue(spikes.largest)}`]),
    ...(plateau_since === null ? [] : [`flat since ${plateau_since}`]),
    ...(rate === null ? [] : [`${formatValue(rate)} ${unit}s/s`]),
  ].join('; ');
}

/** What most of the points count by. */
function unitOf(points: readonly CurvePoint[]): Unit {
  const half = points.length / 2;
  if (points.filter(({ step }) => step !== null).length > half) return 'step';
  return points.filter(({ epoch }) => epoch !== null).length > half ? 'epoch' : 'point';
}

/** Finite values in the order of their places; of several at one place the last. */
function along(points: readonly CurvePoint[], unit: Unit): XY[] {
  const byPlace = new Map<number, number>();
  for (const [index, point] of points.entries()) {
    const x = unit === 'point' ? index + 1 : point[unit];
    if (x !== null && Number.isFinite(point.value)) byPlace.set(x, point.value);
  }
  return [...byPlace].sort((a, b) => a[0] - b[0]);
}

function matched(
  mine: RunCurves,
  rivals: readonly RunCurves[],
  unit: Unit,
  curve: readonly XY[],
): CurveDigest['matched'] {
  if (unit === 'point') return null;
  const theirs = rivals
    .filter(({ run }) => run !== mine.run)
    .map(({ run, primary }) => ({ run, curve: along(primary, unit) }))
    .filter((rival) => rival.curve.length > 0);
  const ends = [curve, ...theirs.map((rival) => rival.curve)].map((points) => points.at(-1)?.[0] ?? 0);
  const place = Math.min(...ends);
  const value = upTo(curve, place);
  const values = theirs.flatMap((rival) => upTo(rival.curve, place) ?? []);
  const [rival] = theirs;
  if (rival === undefined || value === null || values.length === 0) return null;
  return { run: rival.run, at: place, value, theirs: median(values) };
}

/** The last value that was there at a place. */
const upTo = (curve: readonly XY[], place: number): number | null =>
  curve.findLast(([x]) => x <= place)?.[1] ?? null;

/** Theil–Sen (Sen 1968): the median of the slopes of all pairs, which an outlier does not turn; times the quarter. */
function lastQuarter(curve: readonly XY[]): number | null {
  const [first, last] = [curve[0]?.[0] ?? 0, curve.at(-1)?.[0] ?? 0];
  const quarter = (last - first) / 4;
  const all = curve.filter(([x]) => x >= last - quarter);
  const every = Math.ceil(all.length / MAX_SLOPE_POINTS);
  const points = all.filter((_, index) => index % every === 0);
  if (points.length < FEW) return null;
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([x2, y2]) => (y2 - y) / (x2 - x)),
  );
  return median(slopes) * quarter;
}

/**
 * Spikes of a loss: values that stand out over the median of the points before them by more than six robust standard
 * deviations (1.4826 × the median absolute deviation) of all such differences, and by a tenth of the level. Neighbours are one spike.
 */
function spikesOf(values: readonly number[]): CurveDigest['spikes'] {
  if (values.length < 2 * WINDOW) return null;
  const over = values.slice(WINDOW).map((value, index) => {
    const level = median(values.slice(index, index + WINDOW));
    return { value, level, rise: value - level };
  });
  const middle = median(over.map(({ rise }) => rise));
  const spread = 1.4826 * median(over.map(({ rise }) => Math.abs(rise - middle)));
  const out = over.map(
    ({ level, rise }) => rise - middle > 6 * spread && rise > 0.1 * Math.abs(level) && level !== 0,
  );
  const largest = Math.max(
    1,
    ...over.flatMap(({ value, level }, index) => (out[index] ? value / level : [])),
  );
  return { count: out.filter((is, index) => is && out[index - 1] !== true).length, largest };
}

/** By the times at which the points were read, where these span most of the run; else by the whole of it. */
function rateOf(mine: RunCurves, unit: Unit, seconds: number | null): number | null {
  if (unit === 'point') return null;
  const points = [...mine.primary, ...mine.loss].filter((point) => point[unit] !== null);
  const times = points.map(({ t }) => t);
  const [begin, end] = [least(times), -least(times.map((t) => -t))];
  const span = (end - begin) / 1000;
  const places = points.map((point) => point[unit] ?? 0);
  const [from, to] = [least(places), -least(places.map((x) => -x))];
  if (span >= Math.max(2, (seconds ?? 0) / 2) && to > from) return (to - from) / span;
  return seconds === null || seconds <= 0 || to <= 0 ? null : to / seconds;
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN, sorted[half] ?? Number.NaN];
  return (low + high) / 2;
}

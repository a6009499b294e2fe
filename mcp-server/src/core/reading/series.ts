import { z } from 'zod';
import {
  type Direction,
  fromJsonNumber,
  isBetter,
  JsonNumber,
  type MetricRecord,
  toJsonNumber,
} from '../metric.js';
import type { MetricSummary } from '../run.js';
import { normalizeName } from './names.js';

interface Seen {
  count: number;
  last: number;
  lastStep: number | null;
  best: number | null;
  bestStep: number | null;
}

const NullableNumber = z.number().nullable();

/** What a series remembers, as plain JSON. */
export const SeriesState = z.array(
  z.strictObject({
    name: z.string(),
    count: z.number(),
    last: JsonNumber,
    lastStep: NullableNumber,
    best: NullableNumber,
    bestStep: NullableNumber,
  }),
);
export type SeriesState = z.output<typeof SeriesState>;

/** Last and best of every metric of a run, in constant memory per metric. */
export interface Series {
  add(record: MetricRecord): void;
  summary(): Record<string, MetricSummary>;
  snapshot(): SeriesState;
}

/** Most metrics of one run that are kept; a log that invents names must not fill the memory. */
const MAX_METRICS = 400;

/** `primary` is the declared metric; of others the direction is known only for losses and their like. */
export function createSeries(
  primary: { name: string; direction: Direction } | null,
  state: SeriesState = [],
): Series {
  const seen = new Map<string, Seen>();
  for (const { name, last, ...rest } of state) seen.set(name, { ...rest, last: fromJsonNumber(last) });
  return {
    add(record) {
      for (const [name, value] of Object.entries(record.metrics)) {
        const at = record.step ?? record.epoch;
        let metric = seen.get(name);
        if (metric === undefined) {
          // The declared metric is kept, however many names came before it.
          if (
            seen.size >= MAX_METRICS &&
            (primary === null || normalizeName(name) !== normalizeName(primary.name))
          )
            continue;
          metric = { count: 0, last: value, lastStep: at, best: null, bestStep: null };
          seen.set(name, metric);
        }
        metric.count += 1;
        metric.last = value;
        metric.lastStep = at;
        const direction = directionOf(name, primary);
        if (direction === null || !Number.isFinite(value)) continue;
        if (metric.best !== null && !isBetter(value, metric.best, direction)) continue;
        metric.best = value;
        metric.bestStep = at;
      }
    },
    snapshot: () => [...seen].map(([name, one]) => ({ name, ...one, last: toJsonNumber(one.last) })),
    summary: () =>
      Object.fromEntries(
        [...seen].map(([name, metric]) => [
          name,
          {
            last: toJsonNumber(metric.last),
            best: metric.best,
            step: metric.best === null ? metric.lastStep : metric.bestStep,
          },
        ]),
      ),
  };
}

/** The direction of a metric where it is beyond doubt; else null, and then no best is claimed. */
export function directionOf(
  name: string,
  primary: { name: string; direction: Direction } | null,
): Direction | null {
  if (primary !== null && normalizeName(name) === normalizeName(primary.name)) return primary.direction;
  if (/loss(?!.?scale)|perplexity|\bppl\b|\bbpb\b|\b(?:rmse|mse|mae)\b/i.test(name)) return 'minimize';
  return /(?:^|[^a-z])(?:acc|accuracy|auc|f1|map|bleu|psnr|ssim|iou|dice)(?:[^a-z]|$)/i.test(name)
    ? 'maximize'
    : null;
}

export type Point = readonly [x: number, y: number];

/**
 * At most about `max` points of a curve for display: of each stretch its lowest and highest point, so that spikes stay
 * visible. The first, the last and the best point are always kept; a sparse curve (evaluations) is kept whole.
 */
export function downsample(points: readonly Point[], max: number, direction: Direction | null): Point[] {
  if (points.length <= max) return [...points];
  const keep = new Set<number>([0, points.length - 1]);
  const stretches = Math.max(1, Math.floor(max / 2) - 2);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * points.length) / stretches);
    const to = Math.floor(((stretch + 1) * points.length) / stretches);
    keep.add(extreme(points, from, to, (a, b) => a < b)).add(extreme(points, from, to, (a, b) => a > b));
  }
  if (direction !== null) keep.add(extreme(points, 0, points.length, (a, b) => isBetter(a, b, direction)));
  return points.filter((_, index) => keep.has(index));
}

function extreme(
  points: readonly Point[],
  from: number,
  to: number,
  wins: (a: number, b: number) => boolean,
): number {
  let best = from;
  for (let index = from + 1; index < to; index++) {
    const [a, b] = [points[index]?.[1] ?? Number.NaN, points[best]?.[1] ?? Number.NaN];
    if (wins(a, b) || (Number.isNaN(b) && !Number.isNaN(a))) best = index;
  }
  return best;
}

import { normalizeName } from '../core/reading/names.js';
import { directionOf, downsample, type Point } from '../core/reading/series.js';
import { prefersSource, type Reached } from '../core/reading/sources/prefer.js';
import { readTimedMetrics } from './metrics.js';

/** A value with where it stands in the training (step, else epoch, else its number) and when it was read (ms). */
export interface TimedPoint {
  x: number;
  value: number;
  t: number;
}

interface Curve extends Reached {
  name: string;
  points: TimedPoint[];
}

/**
 * The curves of a run for display: metric → points over step, else epoch, else order. At most about `max` points each. Of
 * a metric that is both in the log and in a structured file, the one that counts is shown.
 */
export function readCurves(path: string, max: number): Record<string, Point[]> {
  const curves = [...readTimedCurves(path)].map(([name, points]): [string, Point[]] => {
    const all = points.map(({ x, value }): Point => [x, value]);
    return [name, downsample(all, max, directionOf(name, null))];
  });
  return Object.fromEntries(curves);
}

/** All points of the curves of a run, by the metric. */
export function readTimedCurves(path: string): Map<string, TimedPoint[]> {
  const [logged, structured] = [new Map<string, Curve>(), new Map<string, Curve>()];
  for (const record of readTimedMetrics(path)) {
    const curves = record.source === undefined ? logged : structured;
    for (const [name, value] of Object.entries(record.metrics)) {
      const curve = curves.get(name) ?? { name, points: [], step: null, epoch: null };
      curves.set(name, curve);
      curve.points.push({ x: record.step ?? record.epoch ?? curve.points.length + 1, value, t: record.t });
      curve.step = record.step;
      curve.epoch = record.epoch;
    }
  }
  const byName = new Map([...logged.values()].map((curve) => [normalizeName(curve.name), curve]));
  for (const curve of structured.values()) {
    const other = byName.get(normalizeName(curve.name));
    if (other !== undefined) logged.delete(other.name);
    logged.set(curve.name, other === undefined || prefersSource(curve, other) ? curve : other);
  }
  return new Map([...logged].map(([name, { points }]) => [name, points]));
}

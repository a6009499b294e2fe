import { directionOf, downsample, type Point } from '../core/reading/series.js';
import { readMetrics } from './metrics.js';

/** The curves of a run for display: metric → points over step, else epoch, else order. At most about `max` points each. */
export function readCurves(path: string, max: number): Record<string, Point[]> {
  const curves = new Map<string, Point[]>();
  for (const record of readMetrics(path)) {
    for (const [name, value] of Object.entries(record.metrics)) {
      const points = curves.get(name) ?? [];
      points.push([record.step ?? record.epoch ?? points.length + 1, value]);
      curves.set(name, points);
    }
  }
  return Object.fromEntries(
    [...curves].map(([name, points]) => [name, downsample(points, max, directionOf(name, null))]),
  );
}

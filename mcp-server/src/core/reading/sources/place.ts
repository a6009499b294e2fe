import type { MetricRecord } from '../../metric.js';
import { isEpochName, isNeverMetric, normalizeName, stepRank } from '../names.js';

const MAX_METRICS = 400;

/**
 * One record from named numbers: which of them say where training stands (step, epoch), which are metrics, which are
 * neither (times, sizes). `fallback` is the step that the file itself counts. Null when no metric is left.
 */
export function place(
  entries: Iterable<readonly [name: string, value: number]>,
  line: number,
  fallback: number | null = null,
): MetricRecord | null {
  const metrics: Record<string, number> = {};
  let step = fallback;
  let epoch: number | null = null;
  let best = Number.POSITIVE_INFINITY;
  let count = 0;
  for (const [name, value] of entries) {
    const own = lastPart(name);
    const rank = stepRank(own);
    if (isEpochName(own)) epoch ??= Number.isFinite(value) ? value : null;
    else if (rank !== undefined) {
      if (rank >= best || !Number.isFinite(value)) continue;
      best = rank;
      step = value;
    } else if (name !== '__proto__' && count < MAX_METRICS && !isNeverMetric(normalizeName(name))) {
      metrics[name] = value;
      count += 1;
    }
  }
  return count === 0 ? null : { line, step, epoch, metrics };
}

/** Whether a column or key of this name tells where training stands. */
export function isPlace(name: string): boolean {
  const own = lastPart(name);
  return isEpochName(own) || stepRank(own) !== undefined;
}

/** `trainer/global_step` and `train/epoch` count by their last part. */
const lastPart = (name: string): string => normalizeName(name.slice(name.lastIndexOf('/') + 1));

const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf(?:inity)?)$/i;

/** A number as programs write it, any spelling of NaN and infinity included; null for everything else. */
export function parseNumber(text: string): number | null {
  const plain = text.trim();
  if (!NUMBER.test(plain)) return null;
  if (/n/i.test(plain)) {
    if (/nan/i.test(plain)) return Number.NaN;
    return plain.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return Number(plain);
}

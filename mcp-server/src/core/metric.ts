import { z } from 'zod';

/** Whether larger or smaller values of a metric are better. */
export const Direction = z.enum(['maximize', 'minimize']);
export type Direction = z.output<typeof Direction>;

/** JSON has no NaN or Infinity: non-finite values are written as these strings. */
const NON_FINITE = ['NaN', 'Infinity', '-Infinity'] as const;
export const JsonNumber = z.union([z.number(), z.enum(NON_FINITE)]);
export type JsonNumber = z.output<typeof JsonNumber>;

/** What the reader saw at one place of a log. Values are numbers as printed; they may be NaN or infinite. */
export interface MetricRecord {
  /** Physical line, counted from 1 by `\n`. */
  line: number;
  step: number | null;
  epoch: number | null;
  /** Metric name as printed → value. Never empty. */
  metrics: Record<string, number>;
}

/** A record and the offset of the first byte after the line it came from; of a structured file, the record's number in it. */
export interface LoggedRecord extends MetricRecord {
  at: number;
  /** The structured file it came from, below the project folder; absent for the log. */
  source?: string;
}

/**
 * One line of `metrics.jsonl`. `at` is the offset of the first byte after the text it came from, in the log's own count;
 * with a `source`, `at` and `line` are the number of the record in that file. Of each origin, `at` only grows.
 */
export const StoredMetricRecord = z.strictObject({
  line: z.number().int(),
  at: z.number().int(),
  /** Milliseconds since 1970, when it was read. */
  t: z.number(),
  step: z.number().nullable(),
  epoch: z.number().nullable(),
  metrics: z.record(z.string(), JsonNumber),
  source: z.string().optional(),
});
export type StoredMetricRecord = z.output<typeof StoredMetricRecord>;

export function toJsonNumber(value: number): JsonNumber {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

export function fromJsonNumber(value: JsonNumber): number {
  return typeof value === 'number' ? value : Number(value);
}

/** True when `a` is strictly better than `b`. A missing or non-finite value is never better, and never compared. */
export function isBetter(a: number, b: number, direction: Direction): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return direction === 'maximize' ? a > b : a < b;
}

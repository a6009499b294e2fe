import { z } from 'zod';
import type { Direction, MetricRecord } from './metric.js';
import { fromJsonNumber, isBetter, JsonNumber, toJsonNumber } from './metric.js';
import { normalizeName } from './reading/names.js';
import { formatValue } from './units.js';

/** A rule of `experiment.stop_rules`. `metric` null = the primary one. */
export type StopRule =
  | {
      kind: 'limit';
      text: string;
      metric: string | null;
      above: boolean;
      limit: number;
      from: { unit: 'step' | 'epoch'; at: number } | null;
    }
  | { kind: 'plateau'; text: string; metric: string | null; evaluations: number };

const LIMIT =
  /^(.+?)\s+(above|over|>|below|under|<)\s+([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\s+(?:at|after|from)\s+(step|epoch)\s+(\d+))?$/i;
const PLATEAU =
  /^no improvement(?:\s+(?:of|in)\s+(.+?))?\s+(?:for|in)\s+(\d+)\s+(?:evaluations?|evals?|epochs?|values?)$/i;

/** Reads `val_loss above 10 at step 500` or `no improvement for 5 evaluations`; null when it is neither. */
export function parseStopRule(text: string): StopRule | null {
  const trimmed = text.trim();
  const limit = LIMIT.exec(trimmed);
  if (limit !== null) {
    const [, metric, word, value, unit, at] = limit;
    return {
      kind: 'limit',
      text: trimmed,
      metric: metricName(metric),
      above: /above|over|>/i.test(word ?? ''),
      limit: Number(value),
      from:
        at === undefined
          ? null
          : { unit: unit?.toLowerCase() === 'epoch' ? 'epoch' : 'step', at: Number(at) },
    };
  }
  const plateau = PLATEAU.exec(trimmed);
  if (plateau === null) return null;
  return { kind: 'plateau', text: trimmed, metric: metricName(plateau[1]), evaluations: Number(plateau[2]) };
}

function metricName(text: string | undefined): string | null {
  return text === undefined || /^(the )?(value|metric|primary)$/i.test(text) ? null : text;
}

export interface Watched {
  primary: { name: string; direction: Direction } | null;
  /** Metrics in which NaN or infinity means divergence, besides the primary one and losses. */
  tracked: readonly string[];
  rules: readonly string[];
}

/** What speaks for ending a run, in words. */
export interface Alarm {
  why: string;
  /** The rule that fired, or null for a non-finite value. */
  rule: string | null;
}

/** What a watchdog remembers, as plain JSON. */
export const WatchdogState = z.strictObject({
  bad: z.array(
    z.strictObject({ metric: z.string(), value: JsonNumber, line: z.number(), times: z.number() }),
  ),
  plateaus: z.array(z.strictObject({ rule: z.string(), best: z.number().nullable(), since: z.number() })),
});
export type WatchdogState = z.output<typeof WatchdogState>;

/** Names under which a loss is printed. A loss scale is not a loss: it is infinite or NaN in healthy training. */
const LOSS = /loss(?!.?scale)/i;

/**
 * Watches the records of one run. A tracked metric that is non-finite twice in a row, or a rule of the config, raises
 * an alarm; once is not enough, because mixed-precision training skips single bad steps.
 */
export function createWatchdog(
  watched: Watched,
  state?: WatchdogState,
): {
  observe(record: MetricRecord): Alarm | null;
  /** Tracked metrics whose last value is non-finite. */
  nonFinite(): { metric: string; value: number; line: number }[];
  snapshot(): WatchdogState;
} {
  const rules = watched.rules.map(parseStopRule).filter((rule) => rule !== null);
  const names = new Set(
    [...watched.tracked, ...(watched.primary === null ? [] : [watched.primary.name])].map(normalizeName),
  );
  const bad = new Map<string, { value: number; line: number; times: number }>();
  const plateaus = new Map<string, { best: number | null; since: number }>();
  for (const { metric, value, ...rest } of state?.bad ?? [])
    bad.set(metric, { ...rest, value: fromJsonNumber(value) });
  for (const { rule, ...rest } of state?.plateaus ?? []) plateaus.set(rule, rest);

  const finite = (record: MetricRecord): Alarm | null => {
    let alarm: Alarm | null = null;
    for (const [metric, value] of Object.entries(record.metrics)) {
      if (Number.isFinite(value)) bad.delete(metric);
      else if (names.has(normalizeName(metric)) || LOSS.test(metric)) {
        const times = (bad.get(metric)?.times ?? 0) + 1;
        bad.set(metric, { value, line: record.line, times });
        if (times >= 2)
          alarm ??= { why: `${metric} is ${value} twice in a row (line ${record.line})`, rule: null };
      }
    }
    return alarm;
  };

  const fired = (rule: StopRule, record: MetricRecord): Alarm | null => {
    const wanted = rule.metric ?? watched.primary?.name;
    if (wanted === undefined) return null;
    const value = readValue(record, wanted);
    if (value === null) return null;
    if (rule.kind === 'limit') {
      const position = rule.from === null ? null : rule.from.unit === 'step' ? record.step : record.epoch;
      if (rule.from !== null && (position === null || position < rule.from.at)) return null;
      if (rule.above ? !(value > rule.limit) : !(value < rule.limit)) return null;
      const where = position === null ? '' : ` at ${rule.from?.unit} ${position}`;
      return { rule: rule.text, why: `rule "${rule.text}": ${wanted} is ${formatValue(value)}${where}` };
    }
    const seen = plateaus.get(rule.text) ?? { best: null, since: 0 };
    plateaus.set(rule.text, seen);
    const direction =
      watched.primary !== null && normalizeName(watched.primary.name) === normalizeName(wanted)
        ? watched.primary.direction
        : LOSS.test(wanted)
          ? 'minimize'
          : 'maximize';
    if (Number.isFinite(value) && (seen.best === null || isBetter(value, seen.best, direction))) {
      seen.best = value;
      seen.since = 0;
      return null;
    }
    seen.since += 1;
    if (seen.since < rule.evaluations) return null;
    return {
      rule: rule.text,
      why: `rule "${rule.text}": ${wanted} did not beat ${formatValue(seen.best)} in ${seen.since} evaluations`,
    };
  };

  return {
    observe: (record) => {
      let alarm = finite(record);
      for (const rule of rules) alarm ??= fired(rule, record);
      return alarm;
    },
    nonFinite: () => [...bad].map(([metric, { value, line }]) => ({ metric, value, line })),
    snapshot: () => ({
      bad: [...bad].map(([metric, one]) => ({ metric, ...one, value: toJsonNumber(one.value) })),
      plateaus: [...plateaus].map(([rule, one]) => ({ rule, ...one })),
    }),
  };
}

function readValue(record: MetricRecord, name: string): number | null {
  const exact = record.metrics[name];
  if (exact !== undefined) return exact;
  const found = Object.entries(record.metrics).find(
    ([metric]) => normalizeName(metric) === normalizeName(name),
  );
  return found?.[1] ?? null;
}

import { z } from 'zod';
import type { LoggedRecord } from '../../core/metric.js';
import { normalizeName } from '../../core/reading/names.js';
import type { Progress } from '../../core/reading/progress.js';
import { createSeries, type Series, SeriesState } from '../../core/reading/series.js';
import { prefersSource, type Reached } from '../../core/reading/sources/prefer.js';
import type { MetricSummary } from '../../core/run.js';
import type { RunRecord } from '../../core/run-record.js';
import { type Alarm, createWatchdog, WatchdogState } from '../../core/stop-rules.js';
import type { Sources } from './sources.js';

type Valid = Pick<Sources, 'isDropped'>;
type NonFinite = { metric: string; value: number; line: number };

const Place = z.strictObject({ step: z.number().nullable(), epoch: z.number().nullable() });

const OriginState = z.strictObject({
  series: SeriesState,
  watchdog: WatchdogState,
  reached: z.array(Place.extend({ name: z.string() })),
  files: z.array(z.string()),
});

/** All that was observed of a run, as plain JSON: what it takes to go on without reading its records again. */
export const ObservedState = z.strictObject({
  log: OriginState,
  files: z.array(OriginState.extend({ key: z.string() })),
  alarm: z.strictObject({ why: z.string(), rule: z.string().nullable() }).nullable(),
  stand: Place.nullable(),
});
export type ObservedState = z.output<typeof ObservedState>;

/** One origin of values: the log, or a structured source. */
interface Origin {
  series: Series;
  watchdog: ReturnType<typeof createWatchdog>;
  /** Name → how far its values have come. */
  reached: Map<string, Reached>;
  files: Set<string>;
}

/**
 * All that was read of a run, by where it came from: each origin has its own series and its own watchdog, so that a value
 * which is both in the log and in a file is not counted twice.
 */
export function createObserved(record: RunRecord, state?: ObservedState) {
  const watched = {
    primary: record.primary,
    tracked: record.limits.tracked_metrics,
    rules: record.limits.stop_rules,
  };
  const create = (from?: z.output<typeof OriginState>): Origin => ({
    series: createSeries(record.primary, from?.series),
    watchdog: createWatchdog(watched, from?.watchdog),
    reached: new Map(from?.reached.map(({ name, ...place }) => [name, place])),
    files: new Set(from?.files),
  });
  const log = create(state?.log);
  const files = new Map<string, Origin>();
  const bySource = new Map<string, Origin>();
  let alarm: Alarm | null = state?.alarm ?? null;
  let stand: { step: number | null; epoch: number | null } | null = state?.stand ?? null;
  for (const { key, ...one } of state?.files ?? []) {
    const origin = create(one);
    files.set(key, origin);
    for (const source of one.files) bySource.set(source, origin);
  }

  const originOf = (source: string): Origin => {
    const key = keyOf(source);
    const origin = files.get(key) ?? create();
    files.set(key, origin);
    bySource.set(source, origin);
    origin.files.add(source);
    return origin;
  };

  const structured = (valid: Valid): Origin[] =>
    [...files.values()].filter((origin) => ![...origin.files].some((file) => valid.isDropped(file)));

  return {
    add(one: LoggedRecord): void {
      let origin = log;
      if (one.source !== undefined) {
        origin = bySource.get(one.source) ?? originOf(one.source);
        stand = { step: one.step ?? stand?.step ?? null, epoch: one.epoch ?? stand?.epoch ?? null };
      }
      origin.series.add(one);
      for (const name of Object.keys(one.metrics)) {
        const known = origin.reached.get(name);
        if (known !== undefined) {
          known.step = one.step;
          known.epoch = one.epoch;
        } else if (origin.reached.size < MAX_NAMES)
          origin.reached.set(name, { step: one.step, epoch: one.epoch });
      }
      alarm = origin.watchdog.observe(one) ?? alarm;
    },
    alarm: () => alarm,
    /** A structured source counts before the log, as long as it is not behind it. */
    summary(valid: Valid): Record<string, MetricSummary> {
      const fromLog = log.series.summary();
      const printed = new Map(Object.keys(fromLog).map((name) => [normalizeName(name), name]));
      const all: Record<string, MetricSummary> = { ...fromLog };
      for (const origin of structured(valid)) {
        for (const [name, summary] of Object.entries(origin.series.summary())) {
          const key = normalizeName(name);
          const other = printed.get(key);
          const logged = other === undefined ? undefined : fromLog[other];
          const here = origin.reached.get(name);
          const there = other === undefined ? undefined : log.reached.get(other);
          if (other !== undefined && other !== name) delete all[other];
          all[name] =
            logged === undefined || here === undefined || there === undefined || prefersSource(here, there)
              ? summary
              : logged;
        }
      }
      return all;
    },
    /** Tracked metrics whose last value is non-finite, each once; where both have it, the one that counts says. */
    nonFinite(valid: Valid): NonFinite[] {
      const origins = structured(valid);
      const counts = (metric: string): boolean => {
        const there = log.reached.get(metric);
        return !origins.some((origin) =>
          [...origin.reached].some(
            ([name, here]) =>
              normalizeName(name) === normalizeName(metric) &&
              there !== undefined &&
              prefersSource(here, there),
          ),
        );
      };
      const logged = log.watchdog.nonFinite().filter((one) => counts(one.metric));
      return [...logged, ...origins.flatMap((origin) => origin.watchdog.nonFinite())];
    },
    snapshot: (): ObservedState => ({
      log: stateOf(log),
      files: [...files].map(([key, origin]) => ({ key, ...stateOf(origin) })),
      alarm,
      stand,
    }),
    progress: (): Progress | null => (stand === null ? null : { ...stand, epochs: null, steps: null }),
  };
}

const stateOf = ({ series, watchdog, reached, files }: Origin): z.output<typeof OriginState> => ({
  series: series.snapshot(),
  watchdog: watchdog.snapshot(),
  reached: [...reached].map(([name, place]) => ({ name, ...place })),
  files: [...files],
});

const MAX_NAMES = 1000;

/** Event files of one folder are one series. */
function keyOf(source: string): string {
  return /(?:^|\.)tfevents\.\d/.test(source.slice(source.lastIndexOf('/') + 1))
    ? source.slice(0, Math.max(0, source.lastIndexOf('/')))
    : source;
}

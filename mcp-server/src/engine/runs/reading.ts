import { z } from 'zod';
import { errorCode } from '../../core/errors.js';
import type { JsonNumber, LoggedRecord } from '../../core/metric.js';
import type { Machine } from '../../core/ports.js';
import type { TextFinding } from '../../core/reading/endings.js';
import type { Line } from '../../core/reading/lines.js';
import { createLogReader, LogState } from '../../core/reading/log.js';
import { findName, findPrimary } from '../../core/reading/primary.js';
import { qualified } from '../../core/reading/reader.js';
import { createSeries } from '../../core/reading/series.js';
import { createRedactor } from '../../core/redact.js';
import type { RunRecord } from '../../core/run-record.js';
import { type Alarm, createWatchdog } from '../../core/stop-rules.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import { appendMetrics, readMetrics } from '../../store/metrics.js';
import type { RunPaths } from '../../store/paths.js';
import type { Lab } from '../lab.js';
import { createFollower, FollowState } from './follow.js';

/** What is known of a run from its log, kept up to date in small bites. */
export interface Reading {
  /** Reads what is new. `grew`: there were new bytes. */
  poll(): Promise<{ grew: boolean }>;
  /** Reads to the very end, the last unfinished line included. */
  finish(): Promise<void>;
  /** The first reason seen to end the run; null when there is none. */
  alarm(): Alarm | null;
  findings(): TextFinding[];
  nonFinite(): { metric: string; value: number; line: number }[];
  facts(): Pick<RunRecord, 'metrics' | 'progress' | 'value'>;
  /** Writes what was read into metrics.jsonl. Throws the system's error; nothing is lost then, and it may be called again. */
  flush(): void;
  /** The same, and writes down how far it has read, so that a later supervisor goes on there. */
  save(): void;
}

const SavedState = z.strictObject({ follow: FollowState, log: LogState });

/** Most bytes read in one poll: a log of gigabytes is caught up with over several, and other runs are not kept waiting. */
const POLL_BYTES = 32;

/** Records held back at most between two saves while the disk takes them. */
const MANY = 10_000;

/**
 * Opens the reading of a run's log where the last supervisor left it. `metrics.jsonl` may be ahead of the saved place,
 * by what was written between two saves: those records are read again and not written twice.
 */
export function openReading(
  lab: { machine: Pick<Machine, 'readFrom'> } & Pick<Lab, 'clock'>,
  record: RunRecord,
  files: RunPaths,
): Reading {
  const saved = load(files.follow);
  const follower = createFollower(lab.machine, files.log, saved?.follow);
  const log = createLogReader(saved?.log);
  const series = createSeries(record.primary);
  const watchdog = createWatchdog({
    primary: record.primary,
    tracked: record.limits.tracked_metrics,
    rules: record.limits.stop_rules,
  });
  let alarm: Alarm | null = null;
  let seen = -1;
  /** Read, and not yet in metrics.jsonl. */
  let pending: LoggedRecord[] = [];

  const observe = (one: LoggedRecord): void => {
    series.add(one);
    alarm = watchdog.observe(one) ?? alarm;
  };
  for (const one of readMetrics(files.metrics)) {
    observe(one);
    seen = one.at;
  }

  const take = (lines: readonly Line[]): void => {
    const fresh = log
      .read(lines)
      .map(
        (one): LoggedRecord => ({
          line: one.line,
          step: one.step,
          epoch: one.epoch,
          metrics: qualified(one),
          at: one.at,
        }),
      )
      .filter((one) => one.at > seen);
    for (const one of fresh) observe(one);
    seen = fresh.at(-1)?.at ?? seen;
    for (const one of fresh) pending.push(one);
    if (pending.length >= MANY) relieve();
  };

  /** Keeps the memory bounded while a long log is caught up with. A disk that refuses is met again at the next save. */
  const relieve = (): void => {
    try {
      flush();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  };

  /** Throws the system's error on a full disk; what is pending then stays, and is written by a later call. */
  const flush = (): void => {
    appendMetrics(files.metrics, pending, lab.clock());
    pending = [];
  };

  const poll = async (most: number): Promise<{ grew: boolean }> => {
    let grew = false;
    for (let chunk = 0; chunk < most; chunk++) {
      const part = await follower.poll();
      take(part.lines);
      grew ||= part.grew;
      if (!part.more) break;
    }
    return { grew };
  };

  const value = (): JsonNumber | null =>
    record.primary === null ? null : findPrimary(series.summary(), record.primary).value;
  let last = '';
  const save = (): void => {
    flush();
    const state = JSON.stringify({ follow: follower.snapshot(), log: log.snapshot() });
    if (state === last) return;
    // Without it the log is read from its beginning again, and nothing is written twice.
    writeAtomic(files.follow, state, { mayLose: 'all' });
    last = state;
  };
  return {
    poll: () => poll(POLL_BYTES),
    async finish() {
      await poll(Number.POSITIVE_INFINITY);
      take(follower.end());
    },
    alarm: () => alarm,
    findings: () => {
      const clean = createRedactor([]);
      return log.findings().map((finding) => ({ ...finding, text: clean(finding.text) }));
    },
    nonFinite: () => watchdog.nonFinite(),
    facts() {
      const metrics = series.summary();
      const progress = log.progress();
      const { primary } = record;
      const name = primary === null ? null : findName(Object.keys(metrics), primary.name);
      // Under its declared name it is found by everybody who reads the record.
      if (primary !== null && name !== null && name !== primary.name && metrics[name] !== undefined)
        metrics[primary.name] = metrics[name];
      return {
        metrics,
        value: value(),
        progress:
          progress === null
            ? null
            : { step: progress.step, epoch: progress.epoch, total: progress.epochs ?? progress.steps },
      };
    },
    flush,
    save,
  };
}

function load(path: string): z.output<typeof SavedState> | undefined {
  const text = readTextIfThere(path);
  if (text === null) return undefined;
  try {
    const parsed = SavedState.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

import { statSync } from 'node:fs';
import { z } from 'zod';
import { errorCode } from '../../core/errors.js';
import type { JsonNumber, LoggedRecord } from '../../core/metric.js';
import type { Machine } from '../../core/ports.js';
import type { ReadRecord } from '../../core/reading/batch.js';
import type { TextFinding } from '../../core/reading/endings.js';
import { createLogReader, LogState } from '../../core/reading/log.js';
import { findName, findPrimary } from '../../core/reading/primary.js';
import { qualified } from '../../core/reading/reader.js';
import { createRedactor } from '../../core/redact.js';
import type { RunRecord } from '../../core/run-record.js';
import { secretValues } from '../../core/secrets.js';
import type { Alarm } from '../../core/stop-rules.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import { appendMetrics, readMetrics } from '../../store/metrics.js';
import type { RunPaths } from '../../store/paths.js';
import type { Lab } from '../lab.js';
import { createFollower, FollowState } from './follow.js';
import { createObserved, ObservedState } from './observed.js';
import { openSources, SourcesState } from './sources.js';
import type { Rival } from './whose.js';

/** What is known of a run from its log and from the structured files that it writes, kept up to date in small bites. */
export interface Reading {
  /** Reads what is new. `grew`: there were new bytes. */
  poll(): Promise<{ grew: boolean }>;
  /** Reads to the very end, the last unfinished line included. */
  finish(): Promise<void>;
  /** The first reason seen to end the run; null when there is none. */
  alarm(): Alarm | null;
  findings(): TextFinding[];
  nonFinite(): { metric: string; value: number; line: number }[];
  facts(): Pick<RunRecord, 'metrics' | 'progress' | 'value' | 'sources'>;
  /** Writes what was read into metrics.jsonl. Throws the system's error; nothing is lost then, and it may be called again. */
  flush(): void;
  /** The same, and writes down how far it has read, so that a later supervisor goes on there. */
  save(): void;
}

const SavedState = z.strictObject({
  follow: FollowState,
  log: LogState,
  sources: SourcesState,
  observed: ObservedState,
  stored: z.number().describe('bytes of metrics.jsonl whose records were observed'),
  seen: z.number().describe('the highest place in the log among them, -1 when there is none'),
  numbers: z.record(z.string(), z.number()).describe('the highest record number of each structured file'),
});

/** Most pieces read in one poll: a log of gigabytes is caught up with over several, and other runs are not kept waiting. */
const POLL_PIECES = 64;

/** Records held back at most between two saves while the disk takes them. */
const MANY = 1000;

/**
 * Opens the reading of a run's log where the last supervisor left it. `metrics.jsonl` may be ahead of the saved place,
 * by what was written between two saves: those records are read again and not written twice. What came before the saved place is
 * not read again, however much it is.
 */
export function openReading(
  lab: { machine: Pick<Machine, 'readFrom'> } & Pick<Lab, 'clock' | 'env'>,
  record: RunRecord,
  files: RunPaths,
  rivals: () => readonly Rival[] = () => [],
): Reading {
  const saved = load(files.follow, sizeOf(files.metrics));
  const follower = createFollower(lab.machine, files.log, saved?.follow);
  const log = createLogReader(saved?.log);
  const observed = createObserved(record, saved?.observed);
  let seen = saved?.seen ?? -1;
  /** Read, and not yet in metrics.jsonl. */
  let pending: LoggedRecord[] = [];

  /** Highest record number of each structured file. */
  const numbers = new Map<string, number>(Object.entries(saved?.numbers ?? {}));
  const count = (one: LoggedRecord): void => {
    observed.add(one);
    if (one.source === undefined) seen = one.at;
    else numbers.set(one.source, one.at);
  };
  for (const one of readMetrics(files.metrics, saved?.stored)) count(one);
  const sources = openSources(lab, { record, files, rivals, state: saved?.sources, seen: numbers });

  const take = (records: readonly ReadRecord[]): void => {
    const fresh = records
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
    keep(fresh);
  };

  const keep = (fresh: readonly LoggedRecord[]): void => {
    for (const one of fresh) {
      count(one);
      pending.push(one);
    }
    if (pending.length >= MANY) relieve();
  };

  const look = async (last: boolean): Promise<{ grew: boolean }> => {
    const fresh = await sources.poll(last);
    keep(fresh);
    return { grew: fresh.length > 0 };
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
      const part = await follower.poll(log);
      take(log.drain());
      grew ||= part.grew;
      if (!part.more) break;
    }
    return { grew };
  };

  const value = (): JsonNumber | null =>
    record.primary === null ? null : findPrimary(observed.summary(sources), record.primary).value;
  let last = '';
  const save = (): void => {
    flush();
    const state = JSON.stringify({
      follow: follower.snapshot(),
      log: log.snapshot(),
      sources: sources.snapshot(),
      observed: observed.snapshot(),
      stored: sizeOf(files.metrics),
      seen,
      numbers: Object.fromEntries(numbers),
    } satisfies z.input<typeof SavedState>);
    if (state === last) return;
    // Without it the log is read from its beginning again, and nothing is written twice.
    writeAtomic(files.follow, state, { mayLose: 'all' });
    last = state;
  };
  return {
    async poll() {
      const text = await poll(POLL_PIECES);
      const structured = await look(false);
      return { grew: text.grew || structured.grew };
    },
    async finish() {
      await poll(Number.POSITIVE_INFINITY);
      take(log.read(follower.end()));
      await look(true);
    },
    alarm: () => observed.alarm(),
    findings: () => {
      // Training that was given a secret may print it; its evidence goes into the ledger, notes and prompts.
      const clean = createRedactor(secretValues(lab.env, record.withheld));
      return log.findings().map((finding) => ({ ...finding, text: clean(finding.text) }));
    },
    nonFinite: () => observed.nonFinite(sources),
    facts() {
      const metrics = observed.summary(sources);
      const progress = log.progress() ?? observed.progress();
      const { primary } = record;
      const name = primary === null ? null : findName(Object.keys(metrics), primary.name);
      // Under its declared name it is found by everybody who reads the record.
      if (primary !== null && name !== null && name !== primary.name && metrics[name] !== undefined)
        metrics[primary.name] = metrics[name];
      return {
        metrics,
        sources: sources.list(),
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

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** The saved state; none when fewer records are stored than it counts on, which a machine that went down may have lost. */
function load(path: string, stored: number): z.output<typeof SavedState> | undefined {
  const text = readTextIfThere(path);
  if (text === null) return undefined;
  try {
    const parsed = SavedState.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.stored <= stored ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../core/errors.js';
import { fromJsonNumber, type LoggedRecord, StoredMetricRecord, toJsonNumber } from '../core/metric.js';
import { appendLine } from './files.js';

/** Appends records of a run to its `metrics.jsonl`, in one write. Throws the system's error. */
export function appendMetrics(path: string, records: readonly LoggedRecord[], t: number): void {
  if (records.length === 0) return;
  const lines = records.map((record) => {
    const metrics = Object.fromEntries(
      Object.entries(record.metrics).map(([name, value]) => [name, toJsonNumber(value)]),
    );
    const stored: StoredMetricRecord = {
      line: record.line,
      at: record.at,
      t,
      step: record.step,
      epoch: record.epoch,
      metrics,
      ...(record.source === undefined ? {} : { source: record.source }),
    };
    return JSON.stringify(stored);
  });
  // What is lost with the machine is read from the log again.
  appendLine(path, lines.join('\n'), { sync: false });
}

/** All records of a run, in order; torn lines are skipped. Absent = none. A run of days may have millions: one at a time. `from`: bytes to leave out. */
export function* readMetrics(path: string, from = 0): Generator<LoggedRecord> {
  for (const line of linesOf(path, from)) {
    const record = line === '' ? null : parseMetric(line);
    if (record !== null) yield record;
  }
}

/** As `readMetrics`, with the time (ms) at which each was read from the log or a file. */
export function* readTimedMetrics(path: string): Generator<LoggedRecord & { t: number }> {
  for (const line of linesOf(path, 0)) {
    const stored = line === '' ? null : parseStored(line);
    if (stored !== null) yield { ...loggedOf(stored), t: stored.t };
  }
}

const CHUNK = 1 << 20;

/** The lines of a file, read in chunks; none when there is no file. */
function* linesOf(path: string, from: number): Generator<string> {
  const fd = openIfThere(path);
  if (fd === null) return;
  try {
    const chunk = Buffer.alloc(CHUNK);
    const decoder = new TextDecoder();
    let rest = '';
    let at = from;
    for (;;) {
      const read = readSync(fd, chunk, 0, chunk.length, at);
      if (read === 0) break;
      at += read;
      const lines = (rest + decoder.decode(chunk.subarray(0, read), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    yield rest + decoder.decode();
  } finally {
    closeSync(fd);
  }
}

/** Opened for reading; null when there is no file. */
export function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** One line of `metrics.jsonl`; null for a torn one. */
export function parseMetric(line: string): LoggedRecord | null {
  const stored = parseStored(line);
  return stored === null ? null : loggedOf(stored);
}

function loggedOf({ t: _, source, ...record }: StoredMetricRecord): LoggedRecord {
  return {
    ...record,
    ...(source === undefined ? {} : { source }),
    metrics: Object.fromEntries(
      Object.entries(record.metrics).map(([name, value]) => [name, fromJsonNumber(value)]),
    ),
  };
}

/** One line of `metrics.jsonl`; null when it is torn. */
export function parseStored(line: string): StoredMetricRecord | null {
  try {
    const parsed = StoredMetricRecord.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

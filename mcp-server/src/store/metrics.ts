import { readFileSync } from 'node:fs';
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
    };
    return JSON.stringify(stored);
  });
  // What is lost with the machine is read from the log again.
  appendLine(path, lines.join('\n'), { sync: false });
}

/** All records of a run, in order; torn lines are skipped. Absent = none. */
export function readMetrics(path: string): LoggedRecord[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => (line === '' ? [] : (parse(line) ?? [])));
}

function parse(line: string): LoggedRecord | null {
  try {
    const parsed = StoredMetricRecord.safeParse(JSON.parse(line));
    if (!parsed.success) return null;
    const { t: _, ...record } = parsed.data;
    return {
      ...record,
      metrics: Object.fromEntries(
        Object.entries(record.metrics).map(([name, value]) => [name, fromJsonNumber(value)]),
      ),
    };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

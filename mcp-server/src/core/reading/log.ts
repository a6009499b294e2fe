import { z } from 'zod';
import { type ReadRecord, RecordBatch, type Row } from './batch.js';
import { createEndingScanner, EndingState, type TextFinding } from './endings.js';
import { Line, type LineReader } from './lines.js';
import type { Progress } from './progress.js';
import { createMetricReader, ReaderState } from './reader.js';

/** What a log's reading remembers between two of its lines; bounded, plain JSON. */
export const LogState = z.strictObject({ reader: ReaderState, endings: EndingState });
export type LogState = z.output<typeof LogState>;

/** Lines come in order, from the splitter. */
export interface LogReader extends LineReader {
  /** Records of these lines, in order, after those that were not drained. */
  read(lines: readonly Line[]): ReadRecord[];
  /** Records of the lines taken since, in order. */
  drain(): ReadRecord[];
  /** Shows them in columns instead, for little. */
  drainTo(see: (row: Row) => void): void;
  /** Fatal ones first, the root cause before what followed from it. */
  findings(): TextFinding[];
  progress(): Progress | null;
  snapshot(): LogState;
}

/** Metrics, endings and progress of one log, in one pass. */
export function createLogReader(state?: LogState): LogReader {
  const reader = createMetricReader(state?.reader);
  const endings = createEndingScanner(state?.endings);
  const records = new RecordBatch();
  const take = (line: Line): void => {
    reader.readLine(line, records);
    // The words of a familiar line were scanned when they came first; only what waits for a sign of life needs it again.
    if (!reader.familiar || endings.waiting) endings.scan(line.text, line.line);
  };
  return {
    take,
    takeKnown(bytes, start, line, base) {
      const end = reader.readKnown(bytes, start, line, base, records);
      if (end >= 0 && (!reader.familiar || endings.waiting))
        endings.scan(new Line(bytes, start, end, line, 0).text, line);
      return end;
    },
    drain: () => records.records(),
    drainTo: (see) => records.drain(see),
    read(lines) {
      lines.forEach(take);
      return records.records();
    },
    findings: () => endings.findings(),
    progress: () => reader.progress(),
    snapshot: () => ({ reader: reader.snapshot(), endings: endings.snapshot() }),
  };
}

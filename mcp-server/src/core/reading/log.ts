import { z } from 'zod';
import { createEndingScanner, EndingState, type TextFinding } from './endings.js';
import type { Line } from './lines.js';
import type { Progress } from './progress.js';
import { createMetricReader, ReaderState, type ReadRecord } from './reader.js';

/** What a log's reading remembers between two of its lines; bounded, plain JSON. */
export const LogState = z.strictObject({ reader: ReaderState, endings: EndingState });
export type LogState = z.output<typeof LogState>;

export interface LogReader {
  /** Records of these lines, in order. Lines come in order, from the splitter. */
  read(lines: readonly Line[]): ReadRecord[];
  /** Fatal ones first, the root cause before what followed from it. */
  findings(): TextFinding[];
  progress(): Progress | null;
  snapshot(): LogState;
}

/** Metrics, endings and progress of one log, in one pass. */
export function createLogReader(state?: LogState): LogReader {
  const reader = createMetricReader(state?.reader);
  const endings = createEndingScanner(state?.endings);
  return {
    read(lines) {
      const records: ReadRecord[] = [];
      for (const line of lines) {
        reader.readLine(line, records);
        // The words of a familiar line were scanned when they came first; only what waits for a sign of life needs it again.
        if (!reader.familiar || endings.waiting) endings.scan(line.text, line.line);
      }
      return records;
    },
    findings: () => endings.findings(),
    progress: () => reader.progress(),
    snapshot: () => ({ reader: reader.snapshot(), endings: endings.snapshot() }),
  };
}

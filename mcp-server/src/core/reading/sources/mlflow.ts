import { z } from 'zod';
import type { MetricRecord } from '../../metric.js';
import { isNeverMetric, normalizeName } from '../names.js';
import type { SourceParser } from './parser.js';
import { parseNumber } from './place.js';
import { wholeLines } from './text-lines.js';

export const MlflowState = z.strictObject({ lines: z.number(), damaged: z.number(), long: z.boolean() });

/**
 * A metric of MLflow's file store, `mlruns/EXPERIMENT/RUN/metrics/NAME`: lines `timestamp value step`, in milliseconds since
 * 1970 (mlflow/store/tracking/file_store.py, `_log_run_metric`; very old ones lack the step, newer ones may name a data set
 * behind it). `name` is the path below `metrics/`.
 */
export function createMlflowParser(name: string, state?: z.output<typeof MlflowState>): SourceParser {
  let { lines, damaged, long } = state ?? { lines: 0, damaged: 0, long: false };
  const unwanted = name === '__proto__' || isNeverMetric(normalizeName(name));
  return {
    push(bytes, last) {
      const records: MetricRecord[] = [];
      // What lacks its newline may lack the half of its step: it is left.
      const { used, tooLong } = wholeLines(bytes, last, (line) => {
        if (long) {
          long = false;
          return;
        }
        if (line.trim() === '') return;
        lines += 1;
        const [time, printed, at] = line.trim().split(/\s+/);
        const value = parseNumber(printed ?? '');
        const step = at === undefined ? null : parseNumber(at);
        const placed = at === undefined || (step !== null && Number.isSafeInteger(step));
        if (!/^\d+$/.test(time ?? '') || value === null || !placed) damaged += 1;
        else if (!unwanted) records.push({ line: lines, step, epoch: null, metrics: { [name]: value } });
      });
      if (tooLong) long = true;
      return { records, used };
    },
    restart() {
      long = false;
    },
    damaged: () => damaged,
    snapshot: () => ({ lines, damaged, long }),
  };
}

/** Whether these are the first lines of such a file. */
export const isMlflowMetric = (line: string): boolean => /^\d{10,16} \S+( -?\d+)?( |$)/.test(line);

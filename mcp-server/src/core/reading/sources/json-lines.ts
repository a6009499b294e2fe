import { z } from 'zod';
import type { MetricRecord } from '../../metric.js';
import { hasStem } from '../names.js';
import { flatJson, flatNumbers, parseLooseJson } from './flat-json.js';
import type { SourceParser } from './parser.js';
import { isPlace, place } from './place.js';
import { wholeLines } from './text-lines.js';

export const JsonLinesState = z.strictObject({ lines: z.number(), damaged: z.number(), long: z.boolean() });

/** One JSON object a line (jsonlines.org), its numbers under their keys; Python's NaN and Infinity are understood. */
export function createJsonLinesParser(state?: z.output<typeof JsonLinesState>): SourceParser {
  let { lines, damaged, long } = state ?? { lines: 0, damaged: 0, long: false };
  return {
    push(bytes, last) {
      const records: MetricRecord[] = [];
      const see = (line: string): void => {
        if (long) {
          long = false;
          return;
        }
        if (line.trim() === '') return;
        lines += 1;
        const value = parseLooseJson(line);
        if (value === undefined) damaged += 1;
        const record = place(flatNumbers(value, ''), lines);
        if (record !== null) records.push(record);
      };
      const { used, rest, tooLong } = wholeLines(bytes, last, see);
      if (tooLong) long = true;
      // A torn object does not close, so that what parses is whole.
      if (rest !== null && parseLooseJson(rest) !== undefined) see(rest);
      return { records, used };
    },
    restart() {
      long = false;
    },
    damaged: () => damaged,
    snapshot: () => ({ lines, damaged, long }),
  };
}

/** Whether a line is an object of training: one number tells the place, another is a metric. */
export function isMetricObject(line: string): boolean {
  const names = flatJson(line, '').map(([name]) => name);
  return names.some(isPlace) && names.some((name) => !isPlace(name) && hasStem(name));
}

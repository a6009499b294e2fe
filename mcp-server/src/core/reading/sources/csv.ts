import { z } from 'zod';
import type { MetricRecord } from '../../metric.js';
import { hasStem } from '../names.js';
import type { SourceParser } from './parser.js';
import { isPlace, parseNumber, place } from './place.js';
import { wholeLines } from './text-lines.js';

export const CsvState = z.strictObject({
  header: z.array(z.string()).nullable(),
  delimiter: z.string(),
  rows: z.number().describe('rows that were given'),
  skip: z.number().describe('rows that were given before the file was written anew, and are not given again'),
  first: z.string().describe('what stood in the first row'),
  begun: z.boolean().describe('its first row was seen'),
  fed: z.number(),
  long: z.boolean().describe('inside of a line that is passed over'),
});
type State = z.output<typeof CsvState>;

const FRESH: State = {
  header: null,
  delimiter: ',',
  rows: 0,
  skip: 0,
  first: '',
  begun: false,
  fed: 0,
  long: false,
};
/** A file that a killed program was writing ends where a buffer did. */
const BUFFER = 4096;
const MAX_COLUMNS = 2000;

/**
 * Comma-separated values with a header (RFC 4180, one record a line): Lightning's CSVLogger (lightning/fabric/loggers/csv_logs.py:
 * empty cells, several rows for one step, written anew with a longer header when a metric appears), ultralytics'
 * results.csv (names padded with spaces), Stable-Baselines3's progress.csv (written anew in place with a longer header),
 * Keras' CSVLogger. Empty cells and words are nothing. Rows stay the same rows when the header grows.
 */
export function createCsvParser(state?: State): SourceParser {
  let now: State = structuredClone(state ?? FRESH);

  const head = (line: string): void => {
    now.delimiter = delimiterOf(line);
    now.header = cellsOf(line, now.delimiter).slice(0, MAX_COLUMNS);
  };

  const row = (line: string, records: MetricRecord[]): void => {
    const header = now.header ?? [];
    const entries: [string, number][] = [];
    for (const [index, cell] of cellsOf(line, now.delimiter).entries()) {
      const value = parseNumber(cell);
      const name = header[index];
      if (value !== null && name !== undefined && name !== '') entries.push([name, value]);
    }
    if (!now.begun) {
      // Another first row: another table, of which nothing was given yet.
      const first = print(entries);
      if (first !== now.first) now.skip = 0;
      now.first = first;
      now.begun = true;
    }
    if (now.skip > 0) {
      now.skip -= 1;
      return;
    }
    now.rows += 1;
    const record = place(entries, now.rows);
    if (record !== null) records.push(record);
  };

  return {
    push(bytes, last) {
      const records: MetricRecord[] = [];
      const line = (text: string): void => {
        if (now.long) now.long = false;
        else if (text.trim() === '') return;
        else if (now.header === null) head(text.replace(/^\uFEFF/, ''));
        else row(text, records);
      };
      const { used, rest, tooLong } = wholeLines(bytes, last, line);
      if (tooLong) now.long = true;
      now.fed += used;
      // Without its newline the last number may be the half of one: not when the line is whole and no buffer ended there.
      const width = rest === null ? 0 : cellsOf(rest, now.delimiter).length;
      if (rest !== null && now.header !== null && width === now.header.length && now.fed % BUFFER !== 0)
        line(rest);
      return { records, used };
    },
    restart() {
      now = { ...now, header: null, skip: now.rows, begun: false, fed: 0, long: false };
    },
    damaged: () => 0,
    snapshot: () => structuredClone(now),
  };
}

/** Whether this line heads a table of training: all names, one that tells the place or one that is a metric. */
export function isMetricHeader(line: string, { sure }: { sure: boolean }): boolean {
  const cells = cellsOf(line, delimiterOf(line));
  if (cells.length < 2 || cells.some((cell) => parseNumber(cell) !== null)) return false;
  const places = cells.some(isPlace);
  const metrics = cells.some((cell) => !isPlace(cell) && hasStem(cell));
  return sure ? places || metrics : places && metrics;
}

function delimiterOf(header: string): string {
  return [',', '\t', ';'].find((mark) => header.includes(mark)) ?? ',';
}

function cellsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? '';
    if (sign === '"' && quoted && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (sign === '"') quoted = !quoted;
    else if (sign === delimiter && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += sign;
  }
  cells.push(cell.trim());
  return cells;
}

/** The same for the same values, whatever the order of the columns and however many are empty. */
function print(entries: readonly [string, number][]): string {
  return entries
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ')
    .slice(0, 500);
}

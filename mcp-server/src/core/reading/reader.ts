import { z } from 'zod';
import { stripAnsi } from './ansi.js';
import { type ReadRecord, RecordBatch, shapeOf } from './batch.js';
import { type Context, interpret, type Reading } from './interpret.js';
import { lexNumbers } from './lex.js';
import { afterTerminator, Line } from './lines.js';
import { createMemo, type Known, type Memo } from './memo.js';
import { normalizeName, seriesName } from './names.js';
import type { Progress } from './progress.js';
import { type Found, scaled } from './seen.js';
import { Header } from './tables.js';
import { createTrack } from './track.js';

const NullableNumber = z.number().nullable();

/** What a reader remembers from line to line; bounded, plain JSON. */
export const ReaderState = z.strictObject({
  header: Header.nullable(),
  label: z.string(),
  settings: z.boolean(),
  section: z.string(),
  summary: z.boolean(),
  /** Lines since the header that were no rows of its table. */
  away: z.number(),
  epoch: NullableNumber.describe('epoch that a line announced for those after it'),
  explicit: z.array(z.string()),
  progress: z
    .strictObject({
      epoch: NullableNumber,
      epochs: NullableNumber,
      step: NullableNumber,
      steps: NullableNumber,
    })
    .nullable(),
});
export type ReaderState = z.output<typeof ReaderState>;

export interface MetricReader {
  /** Records of one line or bar segment, at most one now; empty when it tells no metric. */
  read(text: string, line: number, at?: number): ReadRecord[];
  /** The same for a line of the splitter, into `out`; far cheaper when a line of the same words was read before. */
  readLine(line: Line, out: RecordBatch): void;
  /** Reads the line that starts here if a line of the same words was read before: gives its end, else -1. See `LineReader`. */
  readKnown(bytes: Uint8Array, start: number, line: number, base: number, out: RecordBatch): number;
  /** Whether the last line had the words of an earlier one, of which none can tell of an end: only its numbers are new. */
  readonly familiar: boolean;
  /** Where training stands by the lines so far. */
  progress(): Progress | null;
  snapshot(): ReaderState;
}

/** A header's table is over after this many other lines. */
const FAR = 200;
const MAX_EXPLICIT = 64;
/** Contexts whose lines are remembered. */
const CONTEXTS = 16;
/** Characters of a line that are looked at; what is longer is no log line that a person reads. */
const LONGEST = 8192;
const MAX_METRICS = 256;

/** Reads metrics from lines of a log, in order. Never throws; every value it gives is printed in its line. */
export function createMetricReader(state?: ReaderState): MetricReader {
  const context: Context = {
    header: state?.header ?? null,
    label: state?.label ?? '',
    settings: state?.settings ?? false,
    section: state?.section ?? '',
    summary: state?.summary ?? false,
  };
  let away = state?.away ?? 0;
  const explicit = new Set(state?.explicit);
  const progress = createTrack(state);
  let familiar = false;
  // What a line means depends on the lines before it: each context has a memory of its own, so that a log that goes back
  // and forth between two tables forgets nothing.
  const memos = new Map<string, Memo>();
  let memo = createMemo();
  // Where a known line leads: it is of one memory, and so it leads from there to the same one each time.
  let ways = new WeakMap<Known, Memo>();

  const readFresh = (out: RecordBatch, text: string, line: number, at: number, bytes: Uint8Array): void => {
    const clean = stripAnsi(text.length > LONGEST ? text.slice(-LONGEST) : text);
    const tokens = lexNumbers(clean);
    const reading = interpret(clean, tokens, context);
    if (reading.kind === 'explicit') declare(reading);
    else if (explicit.size > 0) {
      reading.seen.metrics = reading.seen.metrics.filter(
        (metric) => !explicit.has(normalizeName(metric.name)),
      );
    }
    reading.seen.metrics = firstOfEach(reading.seen.metrics);
    if (text.length <= LONGEST) memo.learn(bytes, clean, tokens, reading);
    if (reading.context !== null) follow(reading.context);
    note(reading.kind);
    emit(out, reading, line, at);
  };

  /** METRIC lines have the last word on a name: elsewhere it is not read any more. */
  const declare = (reading: Reading): void => {
    for (const { name } of reading.seen.metrics) {
      const normalized = normalizeName(name);
      if (explicit.has(normalized) || explicit.size >= MAX_EXPLICIT) continue;
      explicit.add(normalized);
      memos.clear();
      ways = new WeakMap();
      enter();
    }
  };

  const texts = new WeakMap<Header, string>();
  /** A header as text, made once. */
  const textOf = (header: Header): string => {
    const text = texts.get(header) ?? JSON.stringify(header);
    texts.set(header, text);
    return text;
  };

  const forget = (key: string): void => {
    memos.delete(key);
    ways = new WeakMap();
  };

  /** Takes the memory of the context as it is now. */
  const enter = (): void => {
    const { header, section, settings, summary } = context;
    const key = `${section}\n${settings}${summary}${header === null ? '' : textOf(header)}`;
    const known = memos.get(key);
    memo = known ?? createMemo();
    memos.delete(key);
    memos.set(key, memo);
    const [oldest] = memos.keys();
    if (memos.size > CONTEXTS && oldest !== undefined) forget(oldest);
  };
  enter();

  /** `by` is the known line that says so. */
  const follow = (change: Partial<Context>, by?: Known): void => {
    if (change.header !== undefined) away = 0;
    Object.assign(context, change);
    const next = by === undefined ? undefined : ways.get(by);
    if (next !== undefined) memo = next;
    else {
      enter();
      if (by !== undefined) ways.set(by, memo);
    }
  };

  const note = (kind: Reading['kind']): void => {
    if (context.header === null) return;
    away = kind === 'row' ? 0 : away + 1;
    // A title is of the next line only.
    if (away < 2 || (away <= FAR && context.header[0]?.cut !== 'title')) return;
    context.header = null;
    enter();
  };

  const emit = (out: RecordBatch, { seen, kind }: Reading, line: number, at: number): void => {
    const { step, steps, epoch, epochs } = seen.stand;
    const own = finite(epoch?.value);
    const here = finite(step?.value);
    progress.note(kind === 'announcement', own, finite(epochs?.value), here, finite(steps?.value));
    if (seen.metrics.length === 0) return;
    const shape = shapeOf(
      seen.metrics.map(({ name }) => name),
      seen.split,
    );
    const values = Float64Array.from(seen.metrics, ({ value }) => value);
    const slots = Int32Array.from(values.keys());
    out.add(shape, line, at, here, progress.epochOf(own), values, slots, values);
  };

  /** The same as `emit`, for the numbers that the memo just found. */
  const emitKnown = (out: RecordBatch, known: Known, line: number, at: number): void => {
    const { numbers } = memo;
    const step = finite(numbers[known.step]);
    const own = finite(numbers[known.epoch]);
    if (known.placed)
      progress.note(
        known.kind === 'announcement',
        own,
        finite(numbers[known.epochs]),
        step,
        finite(numbers[known.steps]),
      );
    if (known.slots.length === 0) return;
    out.add(known.shape, line, at, step, progress.epochOf(own), numbers, known.slots, known.constants);
    if (known.powers === null) return;
    for (const [index, power] of known.powers.entries())
      out.amend(index, scaled(numbers[known.slots[index] ?? -1] ?? Number.NaN, power));
  };

  const readKnown = (known: Known, line: number, at: number, out: RecordBatch): void => {
    familiar = !known.telling;
    // First, because its numbers are those of the memory that found it.
    emitKnown(out, known, line, at);
    if (known.context !== null) follow(known.context, known);
    if (context.header !== null) note(known.kind);
  };

  const readLine = (line: Line, out: RecordBatch): void => {
    const { bytes, start, end } = line;
    // Without a byte behind it nothing ends the line.
    const known = end < bytes.length ? memo.find(bytes, start) : null;
    if (known !== null && memo.end === end) {
      readKnown(known, line.line, line.at, out);
      return;
    }
    familiar = false;
    readFresh(out, line.text, line.line, line.at, bytes.subarray(start, end));
  };

  return {
    read(text, line, at = 0) {
      const out = new RecordBatch();
      // One byte more than the text has: it ends the line.
      const bytes = new TextEncoder().encode(`${text}\n`);
      readLine(new Line(bytes, 0, bytes.length - 1, line, at), out);
      return out.records();
    },
    readLine,
    readKnown(bytes, start, line, base, out) {
      const known = memo.find(bytes, start);
      if (known === null) return -1;
      const { end } = memo;
      readKnown(known, line, base + afterTerminator(bytes, end), out);
      return end;
    },
    get familiar() {
      return familiar;
    },
    progress: () => progress.progress(),
    snapshot: () => ({
      ...context,
      away,
      explicit: [...explicit],
      epoch: progress.announced(),
      progress: progress.progress(),
    }),
  };
}

/** A record's metrics under the names that keep validation and test values apart from training ones. */
export function qualified(record: ReadRecord): Record<string, number> {
  if (record.split === null) return record.metrics;
  return Object.fromEntries(
    Object.entries(record.metrics).map(([name, value]) => [seriesName(name, record.split), value]),
  );
}

/** `1e999`, `inf` and `nan` are no place in a training: NaN, which is unknown. */
const finite = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) ? value : Number.NaN;

/** One value per name, the first one, and a bounded number of them. */
function firstOfEach(metrics: readonly Found[]): Found[] {
  const names = new Set<string>();
  const first = metrics.filter(({ name }) => name !== '__proto__' && !names.has(name) && names.add(name));
  return first.slice(0, MAX_METRICS);
}

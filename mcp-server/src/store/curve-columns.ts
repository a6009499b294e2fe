import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Points } from '../core/chart/thin.js';
import { fromJsonNumber, JsonNumber } from '../core/metric.js';
import { normalizeName } from '../core/reading/names.js';
import { prefersSource, type Reached } from '../core/reading/sources/prefer.js';
import { openIfThere } from './metrics.js';

const CHUNK = 1 << 20;
/** One metric of a run: where training stood, and when it was read, for each value. */
export interface CurveColumns {
  /**
   * Reads on as far as the file goes, in parts, between which other work is done. Beyond `most` points, of each four
   * neighbours the lowest and the highest stay.
   */
  read(most: number): Promise<void>;
  /** Over step, else epoch, else order; or over milliseconds since 1970. */
  points(by: 'step' | 'time'): Points;
  /** Bytes of memory it takes. */
  bytes(): number;
  /** The least `most` at which points were left out; null = all are there. */
  coarse(): number | null;
  /** Points of the file. */
  seen(): number;
}

interface Column extends Reached {
  /** Points that it was given. */
  seen: number;
  x: Grown;
  t: Grown;
  y: Grown;
}

/** The curve of one metric from `metrics.jsonl`, read on as it grows. Of a metric from several origins, the one that counts. */
export function openCurveColumns(path: string, name: string): CurveColumns {
  const wanted = normalizeName(name);
  /** By the name as it is quoted in the file: whether it is the one that is wanted. */
  const known = new Map<string, boolean>();
  let logged = column();
  let structured = column();
  let offset = 0;
  let file = '';
  let rest = '';
  let coarse: number | null = null;
  let busy: Promise<void> | null = null;

  const isWanted = (key: string): boolean => {
    const answer = known.get(key) ?? (key === name || normalizeName(key) === wanted);
    if (known.size < 4096) known.set(key, answer);
    return answer;
  };

  const take = (line: string, most: number): void => {
    const point = line === '' ? null : pointOf(line, isWanted);
    if (point === null) return;
    const to = point.source ? structured : logged;
    to.seen += 1;
    to.x.push(point.step ?? point.epoch ?? to.seen);
    to.t.push(point.t);
    to.y.push(point.value);
    to.step = point.step;
    to.epoch = point.epoch;
    if (to.y.length() <= most) return;
    coarse = Math.min(most, coarse ?? most);
    const keep = extremes(to.y.values());
    for (const numbers of [to.x, to.t, to.y]) numbers.keep(keep);
  };

  const readOn = async (most: number): Promise<void> => {
    const fd = openIfThere(path);
    if (fd === null) return;
    try {
      const { size, ino } = fstatSync(fd);
      if (size < offset || (file !== '' && file !== String(ino))) {
        [logged, structured, offset, rest, coarse] = [column(), column(), 0, '', null];
      }
      file = String(ino);
      const chunk = Buffer.alloc(Math.min(CHUNK, size - offset));
      while (offset < size) {
        const got = readSync(fd, chunk, 0, chunk.length, offset);
        if (got === 0) break;
        offset += got;
        const lines = (rest + chunk.toString('latin1', 0, got)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) take(line, most);
        if (offset < size) await new Promise((next) => setImmediate(next));
      }
    } finally {
      closeSync(fd);
    }
  };

  const chosen = (): Column => {
    if (structured.y.length() === 0) return logged;
    return logged.y.length() === 0 || prefersSource(structured, logged) ? structured : logged;
  };

  return {
    read(most) {
      // Those who ask meanwhile wait for the same reading.
      busy ??= readOn(most).finally(() => {
        busy = null;
      });
      return busy;
    },
    points(by) {
      const { x, t, y } = chosen();
      return { x: by === 'step' ? x.values() : t.values(), y: y.values() };
    },
    bytes: () =>
      [logged, structured].reduce((sum, one) => sum + one.x.bytes() + one.t.bytes() + one.y.bytes(), 0),
    coarse: () => coarse,
    seen: () => chosen().seen,
  };
}

interface FoundPoint {
  step: number | null;
  epoch: number | null;
  t: number;
  value: number;
  /** From a structured file. */
  source: boolean;
}

/**
 * The wanted value of one line, which is in Latin-1. Millions of lines are read for one picture, so what is needed is looked at
 * and the rest of the schema is left to those who read whole records.
 */
function pointOf(line: string, isWanted: (key: string) => boolean): FoundPoint | null {
  let data: unknown;
  try {
    data = JSON.parse(hasOtherLetters(line) ? Buffer.from(line, 'latin1').toString('utf8') : line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (!isRecord(data) || !isRecord(data.metrics) || typeof data.t !== 'number') return null;
  for (const key in data.metrics) {
    if (!isWanted(key)) continue;
    const value = data.metrics[key];
    const number = typeof value === 'number' ? value : nonFinite(value);
    if (number === null) return null;
    const { step, epoch, t, source } = data;
    return {
      step: typeof step === 'number' ? step : null,
      epoch: typeof epoch === 'number' ? epoch : null,
      t,
      value: number,
      source: source !== undefined,
    };
  }
  return null;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function nonFinite(value: unknown): number | null {
  const parsed = JsonNumber.safeParse(value);
  return parsed.success ? fromJsonNumber(parsed.data) : null;
}

const hasOtherLetters = (latin1: string): boolean => /[\x80-\xff]/.test(latin1);

/** Numbers that are added at the end, in memory that doubles. */
interface Grown {
  push(value: number): void;
  /** Keeps those at these places alone; in order. */
  keep(places: readonly number[]): void;
  length(): number;
  /** A view: valid until the next push. */
  values(): Float64Array;
  bytes(): number;
}

function grown(): Grown {
  let store = new Float64Array(64);
  let count = 0;
  return {
    push(value) {
      if (count === store.length) {
        const larger = new Float64Array(2 * count);
        larger.set(store);
        store = larger;
      }
      store[count] = value;
      count += 1;
    },
    keep(places) {
      for (const [to, from] of places.entries()) store[to] = store[from] ?? 0;
      count = places.length;
    },
    length: () => count,
    values: () => store.subarray(0, count),
    bytes: () => store.byteLength,
  };
}

const column = (): Column => ({ seen: 0, x: grown(), t: grown(), y: grown(), step: null, epoch: null });

/** Of each four neighbours the places of the lowest and the highest value, and of one that is not finite; in order. */
function extremes(values: Float64Array): number[] {
  const places: number[] = [];
  for (let from = 0; from < values.length; from += 4) {
    let [low, high, gap] = [-1, -1, -1];
    for (let at = from; at < Math.min(from + 4, values.length); at++) {
      const value = values[at] ?? Number.NaN;
      if (!Number.isFinite(value)) gap = at;
      else {
        if (low < 0 || value < (values[low] ?? 0)) low = at;
        if (high < 0 || value > (values[high] ?? 0)) high = at;
      }
    }
    places.push(...[...new Set([low, high, gap])].filter((at) => at >= 0).sort((a, b) => a - b));
  }
  return places;
}

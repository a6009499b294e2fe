import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Points } from '../core/chart/thin.js';
import { fromJsonNumber, JsonNumber } from '../core/metric.js';
import { normalizeName } from '../core/reading/names.js';
import { prefersSource, type Reached } from '../core/reading/sources/prefer.js';
import { openIfThere } from './metrics.js';

const CHUNK = 1 << 20;
/** Most points of one curve; later ones are not kept, and the answer says so. */
const MOST = 4_000_000;

/** One metric of a run: where training stood, and when it was read, for each value. */
export interface CurveColumns {
  /** Reads on as far as the file goes. Long files are read in parts, between which other work is done. */
  read(): Promise<void>;
  /** Over step, else epoch, else order; or over milliseconds since 1970. */
  points(by: 'step' | 'time'): Points;
  /** Bytes of memory it takes. */
  bytes(): number;
  /** Not all values fitted. */
  full(): boolean;
}

interface Column extends Reached {
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
  let busy: Promise<void> | null = null;

  const isWanted = (key: string): boolean => {
    const answer = known.get(key) ?? (key === name || normalizeName(key) === wanted);
    if (known.size < 4096) known.set(key, answer);
    return answer;
  };

  const take = (line: string): void => {
    const point = line === '' ? null : pointOf(line, isWanted);
    if (point === null) return;
    const to = point.source ? structured : logged;
    if (to.y.length() >= MOST) return;
    to.x.push(point.step ?? point.epoch ?? to.y.length() + 1);
    to.t.push(point.t);
    to.y.push(point.value);
    to.step = point.step;
    to.epoch = point.epoch;
  };

  const readOn = async (): Promise<void> => {
    const fd = openIfThere(path);
    if (fd === null) return;
    try {
      const { size, ino } = fstatSync(fd);
      if (size < offset || (file !== '' && file !== String(ino))) {
        [logged, structured, offset, rest] = [column(), column(), 0, ''];
      }
      file = String(ino);
      const chunk = Buffer.alloc(Math.min(CHUNK, size - offset));
      while (offset < size) {
        const got = readSync(fd, chunk, 0, chunk.length, offset);
        if (got === 0) break;
        offset += got;
        const lines = (rest + chunk.toString('latin1', 0, got)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) take(line);
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
    read() {
      // Those who ask meanwhile wait for the same reading.
      busy ??= readOn().finally(() => {
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
    full: () => chosen().y.length() >= MOST,
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
    length: () => count,
    values: () => store.subarray(0, count),
    bytes: () => store.byteLength,
  };
}

const column = (): Column => ({ x: grown(), t: grown(), y: grown(), step: null, epoch: null });

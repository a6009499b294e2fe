import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { errorCode } from '../core/errors.js';
import { normalizeName } from '../core/reading/names.js';
import type { Curve } from '../core/verdict/early-kill.js';
import { parseMetric } from './metrics.js';

const CHUNK = 1 << 20;
/** Most points kept of one curve; beyond, every other one goes. */
const MOST = 20_000;

/** One metric of a run over its step, else its epoch, read on as `metrics.jsonl` grows. */
export function createCurveTail(path: string, name: string) {
  const wanted = normalizeName(name);
  let offset = 0;
  let rest = '';
  let points: { step: number; value: number }[] = [];

  const take = (line: string): void => {
    const record = line === '' ? null : parseMetric(line);
    const step = record?.step ?? record?.epoch ?? null;
    if (record === null || step === null) return;
    const found = Object.entries(record.metrics).find(
      ([key]) => key === name || normalizeName(key) === wanted,
    );
    if (found === undefined) return;
    points.push({ step, value: found[1] });
    if (points.length > MOST) points = points.filter((_, index) => index % 2 === 0);
  };

  const read = (): void => {
    const fd = openSync(path, 'r');
    try {
      const { size } = fstatSync(fd);
      const chunk = Buffer.alloc(Math.min(CHUNK, Math.max(0, size - offset)));
      for (let got = readSync(fd, chunk, 0, chunk.length, offset); got > 0; ) {
        offset += got;
        // Names may hold any letter, but a line is ASCII as far as it is cut here: at its line break.
        const lines = (rest + chunk.toString('latin1', 0, got)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) take(Buffer.from(line, 'latin1').toString('utf8'));
        got = readSync(fd, chunk, 0, chunk.length, offset);
      }
    } finally {
      closeSync(fd);
    }
  };

  return {
    /** Reads what is new; false when nothing is. */
    grew(): boolean {
      try {
        const stat = statSync(path, { throwIfNoEntry: false });
        if (stat === undefined || stat.size === offset) return false;
        read();
        return true;
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
        return false;
      }
    },
    points: (): Curve => points,
  };
}

/** The whole curve of a run that is over; empty where there is none. */
export function readCurve(path: string, name: string): Curve {
  const tail = createCurveTail(path, name);
  tail.grew();
  return tail.points();
}

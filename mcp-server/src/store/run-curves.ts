import { closeSync, fstatSync, readSync } from 'node:fs';
import { fromJsonNumber } from '../core/metric.js';
import type { CurvePoint, RunCurves } from '../core/reading/curve-digest.js';
import { normalizeName } from '../core/reading/names.js';
import { prefersSource } from '../core/reading/sources/prefer.js';
import { openIfThere, parseStored } from './metrics.js';

/** More of a file is not read: of a longer one, that much in blocks spread evenly over it, both ends among them. */
const MAX_BYTES = 2 * 1024 * 1024;
const BLOCKS = 64;

/** The curves of a run that its digest is made of. A run of days costs no more than a short one. */
export function readRunCurves(path: string, run: string, primary: string): RunCurves {
  const wanted = normalizeName(primary);
  /** Name, as read from the log or from structured files → points. */
  const [logged, structured] = [new Map<string, CurvePoint[]>(), new Map<string, CurvePoint[]>()];
  for (const line of sampledLines(path)) {
    const record = line === '' ? null : parseStored(line);
    if (record === null) continue;
    const curves = record.source === undefined ? logged : structured;
    for (const [name, value] of Object.entries(record.metrics)) {
      const key = normalizeName(name);
      if (key !== wanted && !isTrainingLoss(key)) continue;
      const points = curves.get(key) ?? [];
      curves.set(key, points);
      points.push({ step: record.step, epoch: record.epoch, value: fromJsonNumber(value), t: record.t });
    }
  }
  const chosen = (name: string): CurvePoint[] => preferred(structured.get(name), logged.get(name));
  const losses = [...new Set([...logged.keys(), ...structured.keys()])].filter(isTrainingLoss);
  const loss = LOSSES.find((name) => losses.includes(name)) ?? losses[0];
  return { run, primary: chosen(wanted), loss: loss === undefined ? [] : chosen(loss) };
}

const LOSSES = ['train_loss', 'loss', 'training_loss', 'loss_train'];
const isTrainingLoss = (name: string): boolean =>
  LOSSES.includes(name) || (/(?:^|_)loss(?:_|$)/.test(name) && !/val|test|eval|scale|dev/.test(name));

function preferred(source: CurvePoint[] | undefined, log: CurvePoint[] | undefined): CurvePoint[] {
  const [a, b] = [source?.at(-1), log?.at(-1)];
  if (source === undefined || a === undefined) return log ?? [];
  return log === undefined || b === undefined || prefersSource(a, b) ? source : log;
}

/** Whole lines of a file, all of a short one; none when there is no file. */
function* sampledLines(path: string): Generator<string> {
  const fd = openIfThere(path);
  if (fd === null) return;
  try {
    const { size } = fstatSync(fd);
    const blocks = size <= MAX_BYTES ? 1 : BLOCKS;
    const length = Math.min(size, Math.floor(MAX_BYTES / blocks));
    const block = Buffer.alloc(length);
    for (let number = 0; number < blocks; number++) {
      const from = blocks === 1 ? 0 : Math.floor(((size - length) * number) / (blocks - 1));
      const lines = block.toString('utf8', 0, readSync(fd, block, 0, length, from)).split('\n');
      // What a block begins or ends within is no line.
      yield* lines.slice(from === 0 ? 0 : 1, from + length >= size ? lines.length : -1);
    }
  } finally {
    closeSync(fd);
  }
}

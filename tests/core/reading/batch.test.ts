import { describe, expect, it } from 'vitest';
import { recordOf } from '../../../mcp-server/src/core/reading/batch.js';
import { LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';
import { createLogReader } from '../../../mcp-server/src/core/reading/log.js';

const line = (i: number): string =>
  [
    `step ${i} loss ${(i / 7).toFixed(4)} acc ${(i / 9000).toFixed(3)}`,
    `Epoch ${i % 12}/12 [VAL] loss: 0.${100 + (i % 800)}`,
    `| train/loss | ${i}.25 |`,
    'nothing of interest',
    `reward: ${i / 10}k | loss: ${i % 100 === 4 ? 'nan' : '1e-3'}`,
  ][i % 5] ?? '';

describe('records in columns', () => {
  it('are those that are given as objects, however many at once, and none is given twice', () => {
    const [columns, objects] = [createLogReader(), createLogReader()];
    const [left, right] = [new LineSplitter(), new LineSplitter()];
    const shown: unknown[] = [];
    const given: unknown[] = [];
    for (const [from, to] of [
      [0, 12_000],
      [12_000, 12_003],
      [12_003, 16_000],
    ] as const) {
      const text = Array.from({ length: to - from }, (_, i) => `${line(from + i)}\n`).join('');
      left.feed(new TextEncoder().encode(text), columns);
      columns.drainTo((row) => shown.push(recordOf(row)));
      columns.drainTo(() => shown.push('twice'));
      right.feed(new TextEncoder().encode(text), objects);
      given.push(...objects.drain());
    }
    expect(shown).toEqual(given);
    expect(given.length).toBe(12_800);
    expect(given[3]).toMatchObject({ line: 5, step: null, metrics: { reward: 400, loss: Number.NaN } });
    expect(given[7]).toMatchObject({ line: 10, metrics: { reward: 900, loss: 0.001 } });
  });
});

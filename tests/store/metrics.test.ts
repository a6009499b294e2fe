import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendMetrics, readMetrics } from '../../mcp-server/src/store/metrics.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'auto-experiment-metrics-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('metrics.jsonl', () => {
  it('gives back every record, over chunks that cut lines and characters in two', () => {
    const path = join(folder, 'metrics.jsonl');
    // Three bytes a character, so that a chunk of a power of two ends inside one.
    const name = '損失'.repeat(40);
    const records = Array.from({ length: 12_000 }, (_, index) => ({
      line: index + 1,
      at: 100 * (index + 1),
      step: index,
      epoch: null,
      metrics: { [name]: index % 3 === 0 ? Number.NaN : index / 7 },
    }));
    appendMetrics(path, records, 1);
    expect([...readMetrics(path)]).toEqual(records);
  });

  it('skips a torn last line and foreign ones, and has none where there is no file', () => {
    const path = join(folder, 'metrics.jsonl');
    expect([...readMetrics(path)]).toEqual([]);
    writeFileSync(path, '');
    expect([...readMetrics(path)]).toEqual([]);
    appendMetrics(path, [{ line: 1, at: 9, step: 1, epoch: null, metrics: { loss: 0.5 } }], 1);
    appendFileSync(path, '{"foreign": 1}\n\n{"line": 2, "at": 1');
    expect([...readMetrics(path)].map((record) => record.line)).toEqual([1]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fuzz, isPrinted, targets } from '../../support/fuzz.js';

// `node scripts/fuzz.mjs` runs the same for a million inputs.

const FOLDER = join(import.meta.dirname, 'samples');
const lines = readdirSync(FOLDER).flatMap((file) =>
  readFileSync(join(FOLDER, file), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('=> {')),
);
const pieces = lines.map((_, at) => lines.slice(at, at + 1 + (at % 4)).join('\n'));

describe('mutated inputs', () => {
  const all = targets(pieces);
  it.each(all.map((target, index) => [target.name, target, index === 0 ? 10_000 : 1_250] as const))(
    '%s: no exception, no number that is not printed',
    (_, target, inputs) => {
      const report = fuzz(target, inputs, 7);
      expect(report.problems).toEqual([]);
      // A target that reads nothing checks nothing.
      expect(report.values).toBeGreaterThan(inputs / 10);
    },
  );

  // A pattern that tries every way to cut the spaces of such a line does not come to an end.
  it.each(['epoch', 'step', 'Train', 'Accuracy of the', '{"a":'])(
    'long lines of one thing after %s',
    (word) => {
      for (const unit of [' ', '1 ', '(', '[', 'a/', '1.0/', 'test ', '1e', '\t', '|', 'a.', '{"a":']) {
        const line = (word + unit.repeat(8000)).slice(0, 8000);
        // By themselves, in a list of settings, and under the names of a table.
        for (const before of ['', 'Hyperparameters:\n', 'epoch  train_loss  val_loss\n'])
          expect(all[0]?.check(new TextEncoder().encode(`${before}${line} 1.5 x: 2`))).toMatch(/^ok /);
      }
    },
  );

  it('the check itself tells a printed number from another one', () => {
    expect(isPrinted(0.5, 'loss 0.50')).toBe(true);
    expect(isPrinted(1234567, '1,234,567 tok/s')).toBe(true);
    expect(isPrinted(0.51, 'loss 0.5')).toBe(false);
    expect(isPrinted(Number.NaN, 'loss 0.5')).toBe(false);
    expect(isPrinted(Number.POSITIVE_INFINITY, 'loss 0.5')).toBe(false);
  });

  it('reports what throws, with its seed', () => {
    const broken = {
      name: 'broken',
      seeds: [new Uint8Array([1, 2, 3])],
      check: () => {
        throw new Error('no');
      },
    };
    expect(fuzz(broken, 3, 5).problems.map((problem) => problem.seed)).toEqual([5, 6, 7]);
  });
});

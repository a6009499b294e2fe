import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findName, findPrimary } from '../../../mcp-server/src/core/reading/primary.js';
import {
  createSeries,
  directionOf,
  downsample,
  type Point,
} from '../../../mcp-server/src/core/reading/series.js';

const record = (step: number | null, metrics: Record<string, number>) => ({
  line: 1,
  step,
  epoch: null,
  metrics,
});

describe('series', () => {
  it('keeps last, best and where the best was, by the direction', () => {
    const series = createSeries({ name: 'score_x', direction: 'maximize' });
    series.add(record(1, { val_loss: 0.5, score_x: 1, oddity: 3 }));
    series.add(record(2, { val_loss: 0.4, score_x: 3, oddity: 4 }));
    series.add(record(3, { val_loss: Number.NaN, score_x: 2 }));
    expect(series.summary()).toEqual({
      val_loss: { last: 'NaN', best: 0.4, step: 2 },
      score_x: { last: 2, best: 3, step: 2 },
      oddity: { last: 4, best: null, step: 2 },
    });
  });

  it('takes the declared direction for the printed spelling of the declared name', () => {
    expect(directionOf('Val Oddity', { name: 'val_oddity', direction: 'minimize' })).toBe('minimize');
    expect(directionOf('loss_scale', null)).toBeNull();
  });

  it('keeps the ends, the best and whole sparse curves when it thins a curve out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: false }), { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 8, max: 60 }),
        (values, max) => {
          const points = values.map((value, index): Point => [index, value]);
          const kept = downsample(points, max, 'minimize');
          expect(kept[0]).toBe(points[0]);
          expect(kept.at(-1)).toBe(points.at(-1));
          const finite = values.filter(Number.isFinite);
          if (finite.length > 0) expect(kept.some(([, y]) => y === Math.min(...finite))).toBe(true);
          expect(kept.length).toBeLessThanOrEqual(Math.max(max, 8));
          expect(kept.map(([x]) => x)).toEqual([...kept.map(([x]) => x)].sort((a, b) => a - b));
          if (points.length <= max) expect(kept).toEqual(points);
        },
      ),
    );
  });
});

describe('primary', () => {
  const seen = {
    'Val Acc': { last: 0.8, best: 0.9, step: 3 },
    loss: { last: 'NaN' as const, best: 0.1, step: 1 },
  };
  const declared = (name: string, mode: 'best' | 'last' | 'at_end' = 'best') => ({
    name,
    direction: 'maximize' as const,
    mode,
  });

  it('finds the exact name, else the only one equal but for case and punctuation', () => {
    expect(findPrimary(seen, declared('val_acc'))).toEqual({ name: 'Val Acc', value: 0.9 });
    expect(findPrimary(seen, declared('val_acc', 'last'))).toEqual({ name: 'Val Acc', value: 0.8 });
    expect(findPrimary(seen, declared('loss', 'at_end'))).toEqual({ name: 'loss', value: 'NaN' });
    expect(findName(['val_acc', 'Val Acc'], 'val_acc')).toBe('val_acc');
  });

  it('never guesses: unknown, with the names that were seen, the likeliest first', () => {
    expect(findPrimary(seen, declared('accuracy'))).toEqual({
      value: null,
      hint: 'accuracy was not seen; seen: Val Acc, loss',
    });
    expect(
      findPrimary({ lr: { last: 1, best: null, step: 1 }, ...seen }, declared('test_acc')),
    ).toMatchObject({ hint: expect.stringContaining('seen: Val Acc') });
    expect(findPrimary({}, declared('acc'))).toMatchObject({
      value: null,
      hint: expect.stringContaining('no metric'),
    });
    const two = { 'Val Acc': seen.loss, 'val/acc': seen.loss };
    expect(findPrimary(two, declared('val_acc'))).toMatchObject({
      value: null,
      hint: expect.stringContaining('any of Val Acc, val/acc'),
    });
  });
});

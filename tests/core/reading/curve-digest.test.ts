import { describe, expect, it } from 'vitest';
import {
  type CurvePoint,
  curveText,
  digestCurve,
  type RunCurves,
} from '../../../mcp-server/src/core/reading/curve-digest.js';

const points = (values: readonly number[], every = 10): CurvePoint[] =>
  values.map((value, index) => ({ step: (index + 1) * every, epoch: null, value, t: index * 1000 }));
const curves = (run: string, primary: readonly number[], loss: readonly number[] = []): RunCurves => ({
  run,
  primary: points(primary),
  loss: points(loss),
});
const ramp = (n: number, from: number, by: number): number[] =>
  Array.from({ length: n }, (_, i) => from + i * by);

describe('the digest of a curve', () => {
  it('compares at the last step that both have, with the median of the seeds', () => {
    const mine = curves('exp009', ramp(20, 0.1, 0.01));
    const seeds = [0.3, 0.5, 0.4].map((value, index) => curves(`exp00${index + 1}`, Array(8).fill(value)));
    expect(digestCurve(mine, seeds, 'maximize', 20)?.matched).toEqual({
      run: 'exp001',
      at: 80,
      value: expect.closeTo(0.17),
      theirs: 0.4,
    });
    expect(digestCurve(mine, [mine], 'maximize', 20)?.matched).toBeNull();
    const epochs: RunCurves = {
      run: 'exp003',
      primary: [{ step: null, epoch: 3, value: 1, t: 0 }],
      loss: [],
    };
    expect(digestCurve(mine, [epochs], 'maximize', 20)?.matched).toBeNull();
  });

  it('the slope of the last quarter is positive when it gets better, and one outlier does not turn it', () => {
    const up = ramp(40, 0.1, 0.01);
    // A quarter of its 390 steps is 97.5, at 0.001 a step.
    expect(digestCurve(curves('a', up), [], 'maximize', 1)?.slope).toBeCloseTo(0.0975);
    expect(digestCurve(curves('a', up), [], 'minimize', 1)?.slope).toBeCloseTo(-0.0975);
    const outlier = up.map((value, index) => (index === 39 ? -5 : value));
    expect(digestCurve(curves('a', outlier), [], 'maximize', 1)?.slope).toBeGreaterThan(0.05);
    expect(digestCurve(curves('a', [1, 2]), [], 'maximize', 1)?.slope).toBeNull();
  });

  it('a plateau begins at the best value when nothing better came in the last quarter', () => {
    const flat = [...ramp(10, 0.1, 0.05), ...Array(10).fill(0.5)];
    expect(digestCurve(curves('a', flat), [], 'maximize', 1)).toMatchObject({
      best: { value: expect.closeTo(0.55), at: 100 },
      plateau_since: 100,
    });
    expect(digestCurve(curves('a', ramp(20, 0, 1)), [], 'maximize', 1)?.plateau_since).toBeNull();
  });

  it('spikes of the loss: neighbours are one, noise is none', () => {
    const noisy = Array.from({ length: 60 }, (_, index) => 1 + 0.02 * Math.sin(index * 2.4));
    const spiked = noisy.map((value, index) => (index === 20 || index === 21 ? 3 : index === 40 ? 5 : value));
    expect(digestCurve(curves('a', [1, 2], noisy), [], 'maximize', 1)?.spikes).toEqual({
      count: 0,
      largest: 1,
    });
    const found = digestCurve(curves('a', [1, 2], spiked), [], 'maximize', 1)?.spikes;
    expect(found).toEqual({ count: 2, largest: expect.closeTo(5, 0) });
    expect(digestCurve(curves('a', [1, 2], [1, 2, 3]), [], 'maximize', 1)?.spikes).toBeNull();
  });

  it('the rate is of the times of its points, or of the whole run where all were read at once', () => {
    expect(digestCurve(curves('a', ramp(21, 0, 1)), [], 'maximize', 22)?.rate).toBeCloseTo(10);
    const atOnce: RunCurves = {
      run: 'a',
      primary: points(ramp(21, 0, 1)).map((p) => ({ ...p, t: 5 })),
      loss: [],
    };
    expect(digestCurve(atOnce, [], 'maximize', 42)?.rate).toBeCloseTo(5);
    expect(digestCurve(atOnce, [], 'maximize', null)?.rate).toBeNull();
  });

  it('nothing is made of a metric that was never seen or never finite; the line is short', () => {
    expect(digestCurve(curves('a', []), [], 'maximize', 1)).toBeNull();
    expect(digestCurve(curves('a', [Number.NaN, Number.POSITIVE_INFINITY]), [], 'maximize', 1)).toBeNull();
    const mine = curves('exp010', [...ramp(30, 0.1, 0.01), ...Array(20).fill(0.3123456)], ramp(50, 2, -0.01));
    const digest = digestCurve(mine, [curves('exp004', ramp(50, 0.1, 0.004))], 'maximize', 55);
    expect(digest).not.toBeNull();
    expect(digest === null ? '' : curveText(digest)).toBe(
      'best 0.39 at step 300; at 500 0.3123 against 0.296 of exp004; last quarter +0; flat since 300; 10 steps/s',
    );
  });
});

import { describe, expect, it } from 'vitest';
import { ordered, smoothed, thinned } from '../../mcp-server/src/core/chart/thin.js';

const curve = (
  count: number,
  y: (index: number) => number,
  x: (index: number) => number = (index) => index,
) => ({
  x: Float64Array.from({ length: count }, (_, index) => x(index)),
  y: Float64Array.from({ length: count }, (_, index) => y(index)),
});
const ALL = { from: -Infinity, to: Infinity };

describe('thinned', () => {
  it('keeps a sparse curve whole, gaps included', () => {
    const points = curve(5, (index) => (index === 2 ? Number.NaN : index));
    expect(thinned(points, { ...ALL, columns: 10 })).toEqual({ x: [0, 1, 2, 3, 4], y: [0, 1, null, 3, 4] });
  });

  it('never loses the first, the last, the lowest and the highest point, however many there are', () => {
    const count = 200_000;
    for (const spike of [1, 77_777, count - 2]) {
      const { x, y } = thinned(
        curve(count, (index) => (index === spike ? 9 : index === spike - 1 ? -9 : Math.sin(index))),
        { ...ALL, columns: 300 },
      );
      expect(x.length).toBeLessThanOrEqual(2 * 300 + 2);
      expect([x[0], x.at(-1)]).toEqual([0, count - 1]);
      expect(x).toContain(spike);
      expect([Math.max(...y.map((one) => one ?? 0)), Math.min(...y.map((one) => one ?? 0))]).toEqual([9, -9]);
      expect(x).toEqual([...x].sort((a, b) => a - b));
    }
  });

  it('gives a stretch with one point beyond each end, finer than the whole', () => {
    const points = curve(10_000, (index) => index);
    const { x } = thinned(points, { from: 5000, to: 5010, columns: 100 });
    expect(x).toEqual([4999, 5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010, 5011]);
    expect(thinned(points, { from: 20_000, to: 30_000, columns: 100 }).x).toEqual([9999]);
    expect(
      thinned(
        curve(0, () => 0),
        { ...ALL, columns: 100 },
      ),
    ).toEqual({ x: [], y: [] });
  });

  it('shows that there were values that are not finite', () => {
    const points = curve(10_000, (index) => (index % 97 === 0 ? Number.POSITIVE_INFINITY : 1));
    expect(thinned(points, { ...ALL, columns: 50 }).y).toContain(null);
  });

  it('takes points that all lie at one place', () => {
    const points = curve(
      1000,
      (index) => index,
      () => 7,
    );
    expect(thinned(points, { ...ALL, columns: 10 }).y).toEqual([0, 999]);
  });
});

describe('smoothed', () => {
  it('corrects the beginning, and lets what is not finite count for nothing', () => {
    const out = smoothed(Float64Array.from([2, 4, Number.NaN, 4]), 0.5);
    expect(out[0]).toBeCloseTo(2);
    expect(out[1]).toBeCloseTo((0.25 * 2 + 0.5 * 4) / 0.75);
    expect(out[2]).toBeNaN();
    expect(out[3]).toBeCloseTo((0.125 * 2 + 0.25 * 4 + 0.5 * 4) / 0.875);
    expect([...smoothed(Float64Array.from([3, 3, 3]), 0.99)].map((one) => Number(one.toFixed(9)))).toEqual([
      3, 3, 3,
    ]);
  });
});

describe('ordered', () => {
  it('puts the points of a resumed training in order and leaves out those without a place', () => {
    const { x, y } = ordered({
      x: Float64Array.from([1, 2, 3, 2, Number.NaN, 4]),
      y: Float64Array.from([1, 2, 3, 22, 9, 4]),
    });
    expect([...x]).toEqual([1, 2, 2, 3, 4]);
    expect([...y]).toEqual([1, 2, 22, 3, 4]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betaQuantile, incompleteBeta } from '../../../mcp-server/src/core/verdict/beta.js';
import { tTail, tUpper } from '../../../mcp-server/src/core/verdict/student.js';

describe('Student’s t', () => {
  // Upper points of the printed tables (for instance Abramowitz & Stegun, table 26.10; NIST e-Handbook 1.3.6.7.2).
  it.each([
    [1, 0.05, 6.314],
    [1, 0.025, 12.706],
    [1, 0.001, 318.309],
    [2, 0.05, 2.92],
    [2, 0.01, 6.965],
    [2, 0.0005, 31.599],
    [3, 0.025, 3.182],
    [4, 0.01, 3.747],
    [4, 0.0005, 8.61],
    [5, 0.05, 2.015],
    [7, 0.005, 3.499],
    [10, 0.025, 2.228],
    [20, 0.001, 3.552],
    [30, 0.05, 1.697],
    [60, 0.005, 2.66],
    [120, 0.025, 1.98],
    [1e9, 0.025, 1.96],
    [1e9, 0.0005, 3.291],
  ])('with %d degrees of freedom is exceeded with chance %d above %d', (dof, tail, point) => {
    expect(tUpper(tail, dof)).toBeCloseTo(point, 3 - Math.ceil(Math.log10(point) / 3));
    expect(tTail(point, dof) / tail).toBeCloseTo(1, 2);
  });

  it('has the closed forms of 1 and 2 degrees of freedom', () => {
    for (const t of [-40, -3, -0.2, 0, 0.7, 5, 200]) {
      expect(tTail(t, 1)).toBeCloseTo(0.5 - Math.atan(t) / Math.PI, 12);
      expect(tTail(t, 2)).toBeCloseTo(0.5 - t / (2 * Math.sqrt(2 + t * t)), 12);
    }
  });

  it('is symmetric, falls with t, and is undone by its quantile', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -30, max: 30, noNaN: true }),
        fc.double({ min: 0.5, max: 500, noNaN: true }),
        fc.double({ min: 1e-9, max: 0.999, noNaN: true }),
        (t, dof, tail) => {
          expect(tTail(t, dof) + tTail(-t, dof)).toBeCloseTo(1, 10);
          expect(tTail(t + 0.1, dof)).toBeLessThanOrEqual(tTail(t, dof));
          expect(tTail(tUpper(tail, dof), dof) / tail).toBeCloseTo(1, 6);
        },
      ),
    );
  });

  it('keeps its head at the ends', () => {
    expect([tTail(Infinity, 3), tTail(-Infinity, 3), tTail(Number.NaN, 3)]).toEqual([0, 1, 1]);
    expect(tTail(1e8, 4)).toBeGreaterThan(0);
  });
});

describe('the incomplete beta function', () => {
  it('has the closed forms of whole arguments', () => {
    for (const x of [0.001, 0.2, 0.5, 0.9, 0.9999]) {
      expect(incompleteBeta(x, 1, 1)).toBeCloseTo(x, 12);
      expect(incompleteBeta(x, 2, 1)).toBeCloseTo(x ** 2, 12);
      expect(incompleteBeta(x, 2, 3)).toBeCloseTo(6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4, 12);
      expect(betaQuantile(incompleteBeta(x, 2, 3), 2, 3)).toBeCloseTo(x, 8);
    }
    expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1]);
  });
});

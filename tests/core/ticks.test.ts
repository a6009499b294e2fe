import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearTicks, logTicks, wholeTicks } from '../../mcp-server/src/core/chart/ticks.js';

describe('ticks', () => {
  it('are round numbers within the range', () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(-0.31, 0.42, 4)).toEqual([-0.2, 0, 0.2, 0.4]);
    expect(wholeTicks(1, 3, 10)).toEqual([1, 2, 3]);
    expect(logTicks(-2.7, 1.5, 5)).toEqual([0.01, 0.1, 1, 10]);
    expect(logTicks(-0.31, 1.48, 6)).toEqual([0.5, 1, 2, 5, 10, 20]);
  });

  it('lie within any range and are few', () => {
    const size = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(
        size,
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (low, span, count) => {
          const ticks = linearTicks(low, low + span, count);
          const slack = Math.abs(low) * 1e-9 + span * 1e-6;
          expect(ticks.length).toBeLessThanOrEqual(count + 2);
          for (const tick of ticks) expect(tick >= low - slack && tick <= low + span + slack).toBe(true);
        },
      ),
    );
  });
});

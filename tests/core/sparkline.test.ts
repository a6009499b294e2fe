import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparkline } from '../../mcp-server/src/core/chart/sparkline.js';

describe('sparkline', () => {
  it('goes from the lowest to the highest block', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([5, 5, 5])).toBe('▅▅▅');
  });

  it('leaves a space for what is not finite and is empty without values', () => {
    expect(sparkline([0, Number.NaN, 1])).toBe('▁ █');
    expect(sparkline([Number.NaN])).toBe('');
    expect(sparkline([])).toBe('');
  });

  it('is never wider than asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double(), { maxLength: 100 }),
        fc.integer({ min: 0, max: 40 }),
        (values, width) => {
          expect([...sparkline(values, width)].length).toBeLessThanOrEqual(Math.min(width, values.length));
        },
      ),
    );
  });
});

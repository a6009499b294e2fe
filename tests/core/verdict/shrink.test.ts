import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RULE } from '../../../mcp-server/src/core/verdict/rule.js';
import { gainWords, shrinkGain } from '../../../mcp-server/src/core/verdict/shrink.js';
import { campaign } from '../../../scripts/bench/null/campaign.js';
import { gauss, uniform } from '../../../scripts/bench/null/noise.js';
import { ours } from '../../../scripts/bench/null/rules.js';

describe('a reported gain', () => {
  it('is hardly shrunk far above its bound and much just above it', () => {
    const far = shrinkGain({ gain: 20, error: 1, dof: 30, bound: 3 });
    expect(far.estimate).toBeGreaterThan(19.9);
    const near = shrinkGain({ gain: 3.01, error: 1, dof: 30, bound: 3 });
    expect(near.estimate).toBeLessThan(1);
    expect(near.low).toBe(0);
  });

  it('lies within its interval and between 0 and the raw gain, in any unit, and is finite', () => {
    const positive = fc.double({ min: 0.01, max: 50, noNaN: true });
    fc.assert(
      fc.property(
        positive,
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.5, max: 12, noNaN: true }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        fc.option(
          fc.record({
            bound: fc.double({ min: 0.5, max: 6, noNaN: true }),
            share: fc.double({ min: 0.3, max: 1, noNaN: true }),
          }),
        ),
        (error, dof, bound, above, then) => {
          const last = then === null ? null : { bound: then.bound, error: error * then.share };
          const input = { gain: (bound + above) * error, error, dof, bound, last };
          const shrunk = shrinkGain(input);
          expect(shrunk.low).toBeGreaterThanOrEqual(0);
          expect(shrunk.low).toBeLessThanOrEqual(shrunk.estimate);
          expect(shrunk.estimate).toBeLessThanOrEqual(shrunk.high);
          expect(shrunk.estimate).toBeLessThanOrEqual(shrunk.raw);
          expect(Number.isFinite(shrunk.high)).toBe(true);
          expect(gainWords(shrunk)).not.toMatch(/NaN|Infinity/);
          const eightfold = shrinkGain({
            ...input,
            gain: input.gain * 8,
            error: error * 8,
            last: last && { ...last, error: last.error * 8 },
          });
          expect(Math.abs(eightfold.estimate - 8 * shrunk.estimate)).toBeLessThan(1e-6 * (1 + input.gain));
        },
      ),
    );
  });

  it('is true on average where the raw one is too large, and its interval holds the truth', () => {
    const draw = uniform(21);
    const seen: { raw: number; estimate: number; inside: boolean }[] = [];
    const play = ours(RULE, ({ gain, error, dof, bound, last }, truly) => {
      if (gain === null || error === null || dof === null || bound === null || truly <= 0) return;
      const { estimate, low, high } = shrinkGain({ gain, error, dof, bound, last });
      seen.push({ raw: gain - truly, estimate: estimate - truly, inside: low <= truly && truly <= high });
    });
    for (let i = 0; i < 600; i++) campaign({ runs: 20, noise: gauss, share: 0.1, effect: 1.5 }, play, draw);
    const average = (pick: (one: (typeof seen)[number]) => number) =>
      seen.reduce((sum, one) => sum + pick(one) / seen.length, 0);
    expect(seen.length).toBeGreaterThan(100);
    expect(average(({ raw }) => raw)).toBeGreaterThan(0.25);
    expect(Math.abs(average(({ estimate }) => estimate))).toBeLessThan(0.2);
    expect(average(({ inside }) => (inside ? 1 : 0))).toBeGreaterThan(0.9);
  });
});

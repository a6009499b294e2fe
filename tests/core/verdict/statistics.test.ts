import { describe, expect, it } from 'vitest';
import { scorePredictions } from '../../../mcp-server/src/core/verdict/calibration.js';
import { poolNoise } from '../../../mcp-server/src/core/verdict/noise.js';
import { retest } from '../../../mcp-server/src/core/verdict/retest.js';
import { shrinkGain } from '../../../mcp-server/src/core/verdict/shrink.js';
import { breakTie } from '../../../mcp-server/src/core/verdict/simplicity.js';
import { suspicions } from '../../../mcp-server/src/core/verdict/suspicion.js';

describe('the noise scale', () => {
  it('is the pooled standard deviation, whatever lies between the arms', () => {
    // Σ squares 2 + 0.5 over 2 + 1 degrees of freedom.
    const noise = poolNoise([
      [1, 2, 3],
      [100, 101],
    ]);
    expect(noise).toMatchObject({ kind: 'measured', dof: 3, replicates: 5 });
    expect(noise.kind === 'measured' && noise.sigma).toBeCloseTo(Math.sqrt(2.5 / 3), 12);
  });

  it('is not carried away by one outlier, and counts it all the same', () => {
    const calm = [1, 1.1, 0.9, 1.05, 0.95, 1];
    const wild = poolNoise([[...calm, 50]]);
    if (wild.kind === 'none') throw new Error('there are seven values');
    expect(wild.tamed).toHaveLength(1);
    expect(wild.sigma).toBeLessThan(0.3);
    expect(wild.sigma).toBeGreaterThan(0.071);
  });
});

describe('a reported gain', () => {
  it('is shrunk much just above the bound, and hardly far above it', () => {
    const share = (gain: number) => {
      const told = shrinkGain({ gain, error: 1, dof: 30, bound: 3 });
      expect(told.low).toBeLessThanOrEqual(told.estimate);
      expect(told.estimate).toBeLessThanOrEqual(told.raw);
      expect(told.high).toBeGreaterThanOrEqual(told.estimate);
      return told.estimate / gain;
    };
    expect(share(3.1)).toBeLessThan(0.6);
    expect(share(12)).toBeGreaterThan(0.95);
  });
});

describe('a re-test', () => {
  const ask = (champion: number[]) =>
    retest({
      direction: 'maximize',
      champion,
      baseline: [0.9, 0.904, 0.896, 0.901, 0.899, 0.9],
      others: [],
      seeds: 3,
    });
  it('lets the best stand, withdraws it, or wants more', () => {
    expect(ask([])).toMatchObject({ decision: 'continue', why: 'seeds-wanted' });
    expect(ask([0.92])).toMatchObject({ decision: 'stands', why: 'better-again' });
    expect(ask([0.9005])).toMatchObject({ decision: 'continue' });
    expect(ask([0.898, 0.899])).toMatchObject({ decision: 'withdrawn', why: 'not-better' });
    expect(ask([0.9005, 0.9, 0.9005])).toMatchObject({ decision: 'withdrawn', why: 'not-shown-again' });
    expect(ask([Number.NaN])).toMatchObject({ decision: 'withdrawn', why: 'diverged' });
  });
});

describe('the tie-break', () => {
  const tested = { gain: 0.1, error: 0.3, dof: 20, sigma: 1 };
  it('wants fewer lines and no more than one σ of loss', () => {
    expect(breakTie(tested, { candidate: 3, champion: 9 })).toMatchObject({ winner: 'candidate', saved: 6 });
    expect(breakTie(tested, { candidate: 9, champion: 9 }).why).toBe('not-simpler');
    expect(breakTie({ ...tested, gain: -0.6 }, { candidate: 3, champion: 9 }).why).toBe('may-be-worse');
    expect(breakTie(tested, { candidate: null, champion: 9 }).why).toBe('unknown');
  });
});

it('predictions are scored by the mean square of what they missed by', () => {
  const one = (probability: number, better: boolean | null) => ({
    probability,
    better,
    size: { stated: null, seen: null },
  });
  const scored = scorePredictions([one(0.8, true), one(0.6, false), one(0.5, null)]);
  expect(scored).toMatchObject({ scored: 2, unknown: 1, reference: 0.25 });
  expect(scored.brier).toBeCloseTo((0.04 + 0.36) / 2, 12);
  expect(scorePredictions([])).toMatchObject({ brier: null, bins: [] });
});

it('a jump, a fast run and an equal value are flagged, an ordinary run is not', () => {
  const champion = [0.9, 0.904, 0.896];
  const peer = (run: string) => ({ run, value: 0.9, seconds: 100, code: 'a' });
  const flags = (value: number, seconds: number) =>
    suspicions({
      direction: 'maximize',
      metric: 'val_acc',
      value,
      seconds,
      code: 'b',
      seeds: [],
      champion,
      noise: poolNoise([champion]),
      peers: ['exp001', 'exp002', 'exp003'].map(peer),
      byLockedEvaluator: null,
    }).map(({ kind }) => kind);
  expect(flags(0.99, 20)).toEqual(['jump', 'fast']);
  expect(flags(0.9, 100)).toEqual(['same-value']);
  expect(flags(0.905, 90)).toEqual([]);
});

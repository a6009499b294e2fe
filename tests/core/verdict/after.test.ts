import { describe, expect, it } from 'vitest';
import {
  calibrationWords,
  type Prediction,
  scorePredictions,
} from '../../../mcp-server/src/core/verdict/calibration.js';
import { auditKill, falseKillRate, falseKillWords } from '../../../mcp-server/src/core/verdict/early-kill.js';
import { poolNoise } from '../../../mcp-server/src/core/verdict/noise.js';
import { type RetestInput, retest, retestWords } from '../../../mcp-server/src/core/verdict/retest.js';
import { breakTie, simplicityWords } from '../../../mcp-server/src/core/verdict/simplicity.js';
import { type SuspicionFacts, suspicions } from '../../../mcp-server/src/core/verdict/suspicion.js';

const BASE = [0.9, 0.904, 0.896, 0.901, 0.899, 0.9];

describe('a champion tested again', () => {
  const ask = (over: Partial<RetestInput>) =>
    retest({ direction: 'maximize', champion: [], baseline: BASE, others: [], seeds: 3, ...over });
  it('stands when it is better again, on as few seeds as that takes', () => {
    expect(ask({ champion: [0.93] })).toMatchObject({ decision: 'stands', why: 'better-again' });
    expect(ask({ champion: [0.87], direction: 'minimize' })).toMatchObject({ decision: 'stands' });
    expect(retestWords(ask({ champion: [0.93] }))).toMatch(
      /^the champion stands: \+0\.03 over the baseline on 1 fresh seed/,
    );
  });
  it('is withdrawn when it is not better, not shown again, or diverges', () => {
    expect(ask({ champion: [0.898] }).decision).toBe('continue');
    expect(ask({ champion: [0.898, 0.897] })).toMatchObject({ decision: 'withdrawn', why: 'not-better' });
    expect(ask({ champion: [0.901, 0.9, 0.9005] })).toMatchObject({
      decision: 'withdrawn',
      why: 'not-shown-again',
    });
    expect(ask({ champion: [Number.NaN] })).toMatchObject({ decision: 'withdrawn', why: 'diverged' });
  });
});

describe('the tie-break', () => {
  const tested = { gain: 0.0001, error: 0.001, dof: 16, sigma: 0.003 };
  it('goes to fewer changed lines when it is no worse than one σ', () => {
    const tie = breakTie(tested, { candidate: 4, champion: 40 });
    expect(tie).toMatchObject({ winner: 'candidate', saved: 36 });
    expect(simplicityWords(tie)).toMatch(/^kept for simplicity, not for a gain: 36 changed lines fewer/);
  });
  it('stays with the champion otherwise', () => {
    expect(breakTie(tested, { candidate: 40, champion: 40 })).toMatchObject({
      winner: 'champion',
      why: 'not-simpler',
    });
    expect(breakTie({ ...tested, error: 0.003 }, { candidate: 4, champion: 40 })).toMatchObject({
      winner: 'champion',
      why: 'may-be-worse',
    });
    expect(breakTie(tested, { candidate: null, champion: 40 })).toMatchObject({
      winner: 'champion',
      why: 'unknown',
    });
  });
});

describe('the audit of early stops', () => {
  it('finishes the declared share', () => {
    const finished = Array.from({ length: 1000 }, (_, index) => auditKill(index / 1000, 0.15)).filter(
      (one) => one === 'finish',
    );
    expect(finished).toHaveLength(150);
  });
  // Clopper & Pearson's limits as they are tabled.
  it.each([
    [0, 10, 0, 0.3085],
    [1, 10, 0.0025, 0.445],
    [5, 10, 0.1871, 0.8129],
    [10, 10, 0.6915, 1],
    [2, 40, 0.0061, 0.1692],
  ])('%d wrong stops of %d: %d … %d', (wrong, of, low, high) => {
    const audited = Array.from({ length: of }, (_, index) => ({ good: index < wrong, extraSeconds: 60 }));
    const rate = falseKillRate(audited);
    expect(rate).toMatchObject({ audited: of, falseKills: wrong, rate: wrong / of });
    expect(rate.low).toBeCloseTo(low, 4);
    expect(rate.high).toBeCloseTo(high, 4);
    expect(rate.savedSeconds).toBeCloseTo(60, 9);
  });
  it('says that it is unknown before the first', () => {
    expect(falseKillWords(falseKillRate([]))).toContain('unknown');
  });
});

describe('predictions', () => {
  const told = (probability: number, better: boolean | null): Prediction => ({
    probability,
    better,
    size: { stated: null, seen: null },
  });
  it('are scored by Brier, beside what always stating the mean scores', () => {
    const scored = scorePredictions([
      told(0.9, true),
      told(0.9, false),
      told(0.1, false),
      told(0.1, false),
      told(0.7, null),
    ]);
    expect(scored).toMatchObject({ scored: 4, unknown: 1 });
    expect(scored.brier).toBeCloseTo((0.01 + 0.81 + 0.01 + 0.01) / 4, 12);
    expect(scored.reference).toBeCloseTo(0.1875, 12);
    expect(scored.bins.map(({ count, seen }) => [count, seen])).toEqual([
      [2, 0],
      [2, 0.5],
    ]);
    expect(calibrationWords(scored)).toBe(
      '4 predictions scored: Brier 0.21 (always stating the mean: 0.188); of those stated at about 90 %, 50 % came true (2)',
    );
  });
  it('compare stated sizes with seen ones', () => {
    const sized = [0.5, 1, 2].map((ratio) => ({
      probability: 0.5,
      better: true,
      size: { stated: 0.01, seen: 0.01 * ratio },
    }));
    expect(scorePredictions(sized).sizeRatio).toBeCloseTo(1, 12);
    expect(scorePredictions([]).brier).toBeNull();
  });
});

describe('what a person should look at', () => {
  const facts = (over: Partial<SuspicionFacts>): SuspicionFacts => ({
    direction: 'maximize',
    metric: 'val_acc',
    value: 0.905,
    seconds: 100,
    code: 'c9',
    seeds: [],
    champion: BASE,
    noise: poolNoise([BASE]),
    peers: [
      { run: 'exp001', value: 0.9, seconds: 100, code: 'c1' },
      { run: 'exp002', value: 0.904, seconds: 110, code: 'c2' },
      { run: 'exp003', value: 0.896, seconds: 90, code: 'c3' },
    ],
    byLockedEvaluator: null,
    ...over,
  });
  const kinds = (over: Partial<SuspicionFacts>) => suspicions(facts(over)).map(({ kind }) => kind);
  it('is nothing in an ordinary run, nor where facts are unknown', () => {
    expect(kinds({})).toEqual([]);
    expect(kinds({ value: null, seconds: null, code: null, peers: [], noise: poolNoise([]) })).toEqual([]);
  });
  it('is a jump, a run too fast, the same value from other code, a number by no evaluator', () => {
    expect(kinds({ value: 0.99 })).toEqual(['jump']);
    expect(kinds({ value: 0.99, direction: 'minimize' })).toEqual([]);
    expect(kinds({ seconds: 20 })).toEqual(['fast']);
    expect(kinds({ value: 0.904 })).toEqual(['same-value']);
    expect(kinds({ value: 0.904, code: 'c2' })).toEqual([]);
    expect(kinds({ byLockedEvaluator: false })).toEqual(['not-by-evaluator']);
  });
  it('is a value that no seed moves, where the seed moves other runs', () => {
    expect(kinds({ seeds: [0.905, 0.905] })).toEqual(['constant']);
    expect(kinds({ seeds: [0.905, 0.904] })).toEqual([]);
    expect(kinds({ seeds: [0.905] })).toEqual([]);
    expect(kinds({ seeds: [0.905, 0.905], noise: poolNoise([[0.905, 0.905]]) })).toEqual([]);
  });
});

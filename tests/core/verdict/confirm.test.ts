import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../mcp-server/src/core/errors.js';
import { allotAlpha } from '../../../mcp-server/src/core/verdict/alpha.js';
import { type ConfirmInput, confirm } from '../../../mcp-server/src/core/verdict/confirm.js';
import { confirmWords } from '../../../mcp-server/src/core/verdict/confirm-words.js';
import { mostSeeds } from '../../../mcp-server/src/core/verdict/look.js';
import { poolNoise } from '../../../mcp-server/src/core/verdict/noise.js';
import { confirmPaired } from '../../../mcp-server/src/core/verdict/paired.js';
import { screen, screenWords } from '../../../mcp-server/src/core/verdict/screen.js';
import { shrinkGain } from '../../../mcp-server/src/core/verdict/shrink.js';

const BASE = [0.9, 0.904, 0.896, 0.901, 0.899, 0.9, 0.902, 0.898, 0.9];
const input = (over: Partial<ConfirmInput>): ConfirmInput => ({
  direction: 'maximize',
  candidate: [],
  champion: BASE,
  others: [],
  alpha: 0.01,
  seeds: 3,
  ...over,
});

describe('the α budget', () => {
  it('is never used up, however many confirmations there are, and the shares add up', () => {
    for (const total of [0.01, 0.05, 0.2]) {
      let sum = 0;
      for (let k = 0; k < 5000; k++) {
        const state = allotAlpha(total, k);
        expect(state.spent).toBeCloseTo(sum, 12);
        expect(state.left).toBeCloseTo(total - sum, 12);
        expect(state.next).toBeGreaterThan(0);
        sum += state.next;
        expect(sum).toBeLessThan(total);
      }
    }
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses %d as a budget', (total) => {
    expect(() => allotAlpha(total, 0)).toThrow(LabError);
  });
});

describe('a screening', () => {
  const noise = poolNoise([BASE]);
  it('promotes what is far enough from the champion and only that', () => {
    expect(screen('maximize', 0.906, BASE, noise).decision).toBe('promote');
    expect(screen('maximize', 0.901, BASE, noise)).toMatchObject({ decision: 'reject', why: 'too-near' });
    expect(screen('minimize', 0.906, BASE, noise).decision).toBe('reject');
    expect(screen('maximize', Number.NaN, BASE, noise)).toMatchObject({
      decision: 'reject',
      why: 'not-finite',
    });
    expect(screenWords(screen('maximize', 0.901, BASE, noise))).toMatch(
      /^rejected on one seed: \+0\.001 .* σ/,
    );
  });

  it('without a noise scale promotes what is better', () => {
    const none = poolNoise([[0.9]]);
    expect(none).toMatchObject({ kind: 'none', why: 'few' });
    expect(screen('maximize', 0.9001, [0.9], none)).toMatchObject({
      decision: 'promote',
      why: 'no-noise-scale',
    });
    expect(screen('maximize', 0.9, [0.9], none).decision).toBe('reject');
  });
});

describe('a confirmation', () => {
  it('asks for one fresh seed first, and then for a champion at full strength', () => {
    const short = BASE.slice(0, 3);
    expect(confirm(input({ champion: short })).wants).toEqual({ candidate: 1, champion: 0 });
    expect(confirm(input({ champion: short, candidate: [0.92] })).wants).toEqual({
      candidate: 1,
      champion: 6,
    });
    expect(confirm(input({ candidate: [0.92] })).wants).toEqual({ candidate: 1, champion: 0 });
  });

  it('never keeps on one seed, however good', () => {
    expect(confirm(input({ candidate: [5] })).decision).toBe('continue');
  });

  it('keeps a clear gain early and says it with its numbers', () => {
    const decided = confirm(input({ candidate: [0.93, 0.929, 0.931] }));
    expect(decided).toMatchObject({
      decision: 'confirmed',
      why: 'clear',
      used: { candidate: 3, champion: 9 },
    });
    if (decided.gain === null || decided.error === null || decided.dof === null || decided.bound === null) {
      throw new Error('a confirmed candidate has its numbers');
    }
    const shrunk = shrinkGain({
      gain: decided.gain,
      error: decided.error,
      dof: decided.dof,
      bound: decided.bound,
    });
    expect(confirmWords(decided, allotAlpha(0.05, 1), shrunk)).toMatch(
      /^confirmed: \+0\.0[23]\d* \(95 % interval 0\.02\d* … 0\.03\d*\) on 3 fresh seeds; α 0\.0\d+ of 0\.05 spent$/,
    );
  });

  it('stops a hopeless one at once', () => {
    expect(confirm(input({ candidate: [0.9] }))).toMatchObject({ decision: 'rejected', why: 'hopeless' });
  });

  it('ends an unclear one when the seeds are used up', () => {
    const unclear = Array.from({ length: 12 }, (_, index) => 0.9035 + (index % 3) * 0.0005);
    expect(unclear).toHaveLength(mostSeeds(3));
    for (let j = 1; j < 12; j++)
      expect(confirm(input({ candidate: unclear.slice(0, j), alpha: 1e-6 })).decision).toBe('continue');
    expect(confirm(input({ candidate: unclear, alpha: 1e-6 }))).toMatchObject({
      decision: 'inconclusive',
      why: 'not-clear',
    });
  });

  it('says that a seed that does not reach the training leaves nothing to test', () => {
    const same = confirm(input({ champion: [0.9, 0.9, 0.9], candidate: [0.91, 0.91] }));
    expect(same).toMatchObject({ decision: 'inconclusive', why: 'seed-not-used' });
    expect(confirmWords(same)).toContain('the seed does not reach the training');
  });

  it('rejects a fresh seed that diverged and drops a champion’s', () => {
    expect(confirm(input({ candidate: [0.93, Number.NaN] }))).toMatchObject({
      decision: 'rejected',
      why: 'diverged',
    });
    expect(
      confirm(input({ candidate: [0.93, 0.929, 0.931], champion: [...BASE, Number.NaN] })).decision,
    ).toBe('confirmed');
  });
});

describe('matched noise', () => {
  it('tells a small gain that goes along on every seed, and wants both runs of a seed', () => {
    const luck = [0.9, 0.95, 0.85, 0.92, 0.88, 0.91];
    const pairs = luck.map((value, index) => ({
      champion: value,
      candidate: value + 0.01 + (index % 2) * 0.001,
    }));
    const ask = (count: number) =>
      confirmPaired({
        direction: 'maximize',
        pairs: pairs.slice(0, count),
        others: [],
        alpha: 0.01,
        seeds: 3,
      });
    expect(ask(0).wants).toEqual({ candidate: 1, champion: 1 });
    expect(ask(2).decision).toBe('continue');
    expect([3, 4, 5, 6].some((count) => ask(count).decision === 'confirmed')).toBe(true);
    const unmatched = confirm(input({ candidate: pairs.map((one) => one.candidate), champion: luck }));
    expect(unmatched.decision).not.toBe('confirmed');
  });
});

describe('properties', () => {
  const values = (min: number, max: number) =>
    fc.array(
      fc.double({ min: -5, max: 5, noNaN: true }).map((v) => Math.round(v * 1e6) / 1e6),
      { minLength: min, maxLength: max },
    );
  const cases = fc.record({
    candidate: values(0, 7),
    champion: values(1, 8),
    others: fc.array(values(0, 6), { maxLength: 3 }),
    alpha: fc.double({ min: 1e-6, max: 0.05, noNaN: true }),
    seeds: fc.integer({ min: 1, max: 5 }),
  });
  const close = (a: number | null, b: number | null) => {
    if (a === null || b === null) expect(a).toBe(b);
    else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(a)));
  };

  it('minimising is maximising in a mirror', () => {
    const mirror = (list: readonly number[]) => list.map((value) => -value);
    fc.assert(
      fc.property(cases, (one) => {
        const up = confirm({ ...one, direction: 'maximize' });
        const down = confirm({
          ...one,
          candidate: mirror(one.candidate),
          champion: mirror(one.champion),
          others: one.others.map(mirror),
          direction: 'minimize',
        });
        expect(down.decision).toBe(up.decision);
        close(down.gain, up.gain);
        close(down.p, up.p);
      }),
    );
  });

  it('neither the unit nor the origin of a metric matters, nor the order of replicates', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0.5, 4, 1024), fc.constantFrom(-8, 0, 64), (one, scale, shift) => {
        const moved = (list: readonly number[]) => list.map((value) => value * scale + shift);
        const plain = confirm({ ...one, direction: 'maximize' });
        const other = confirm({
          ...one,
          candidate: moved(one.candidate).reverse(),
          champion: moved(one.champion).reverse(),
          others: one.others.map(moved).reverse(),
          direction: 'maximize',
        });
        close(other.t, plain.t);
        close(other.sigma, plain.sigma === null ? null : plain.sigma * scale);
      }),
    );
  });

  it('no number of an answer is ever non-finite, whatever comes in', () => {
    const wild = fc.array(fc.double(), { maxLength: 7 });
    fc.assert(
      fc.property(
        wild,
        wild,
        fc.array(wild, { maxLength: 3 }),
        fc.constantFrom('maximize' as const, 'minimize' as const),
        (candidate, champion, others, direction) => {
          const decided = confirm({ candidate, champion, others, direction, alpha: 0.01, seeds: 3 });
          const noise = poolNoise([candidate, champion, ...others]);
          for (const number of [...Object.values(decided), ...Object.values(noise)]) {
            if (typeof number === 'number') expect(Number.isFinite(number)).toBe(true);
          }
          expect(confirmWords(decided)).not.toMatch(/NaN|Infinity/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

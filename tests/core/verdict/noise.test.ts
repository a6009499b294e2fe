import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poolNoise } from '../../../mcp-server/src/core/verdict/noise.js';
import { gauss, NOISES, type Noise, uniform } from '../../../scripts/bench/null/noise.js';

const measured = (arms: readonly (readonly number[])[]) => {
  const noise = poolNoise(arms);
  if (noise.kind !== 'measured') throw new Error(`no noise scale: ${noise.why}`);
  return noise;
};

describe('the noise scale', () => {
  it('pools the spread within arms and not between them', () => {
    expect(measured([[1, 3]]).sigma).toBeCloseTo(Math.SQRT2, 12);
    const two = measured([
      [1, 2, 3],
      [100, 102],
    ]);
    expect(two).toMatchObject({ dof: 3, replicates: 5, tamed: [] });
    expect(two.sigma).toBeCloseTo(Math.sqrt((2 + 2) / 3), 12);
  });

  it('takes negative and zero values as they are', () => {
    expect(measured([[-1, 0, 1]]).sigma).toBeCloseTo(1, 12);
  });

  it('says why there is none', () => {
    expect(poolNoise([])).toMatchObject({ kind: 'none', why: 'few' });
    expect(poolNoise([[0.5], [0.7], [0.5, Number.NaN]])).toMatchObject({ kind: 'none', why: 'few' });
    expect(poolNoise([[0.1 + 0.2, 0.1 + 0.2, 0.1 + 0.2], [0.7]])).toMatchObject({
      kind: 'none',
      why: 'identical',
    });
  });

  it('tames the one replicate that looks crashed, and names it', () => {
    const noise = measured([
      [0.9, 0.901, 0.1, 0.899],
      [0.91, 0.912, 0.911],
    ]);
    expect(noise.tamed).toMatchObject([{ arm: 0, index: 2, value: 0.1 }]);
    expect(noise.sigma).toBeLessThan(0.003);
  });

  it('does not take a second level of values for an outlier', () => {
    expect(measured([[0.9, 0.9, 0.9, 0.9, 0.91]]).tamed).toEqual([]);
  });

  it('shifts and scales with its values, whatever their order', () => {
    const arm = fc.array(fc.integer({ min: -999, max: 999 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(arm, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        (arms, factor) => {
          const plain = poolNoise(arms);
          const other = poolNoise(
            arms.map((values) => values.map((value) => 7 - value * factor).reverse()).reverse(),
          );
          expect(other.kind).toBe(plain.kind);
          if (plain.kind === 'measured' && other.kind === 'measured') {
            expect(other.sigma / (plain.sigma * factor)).toBeCloseTo(1, 9);
            expect(other.dof).toBe(plain.dof);
          }
        },
      ),
    );
  });
});

describe('the noise scale of simulated replicates', () => {
  /** Median over many draws of σ̂ of five arms of three. */
  const typical = (noise: Noise): number => {
    const draw = uniform(3);
    const scales = Array.from({ length: 2000 }, () => {
      const arms = Array.from({ length: 5 }, () => Array.from({ length: 3 }, () => noise(draw)));
      return measured(arms).sigma;
    }).sort((a, b) => a - b);
    return scales[1000] ?? 0;
  };

  it('is right for Gaussian noise, and hardly moved by one crash in thirty', () => {
    expect(typical(gauss)).toBeGreaterThan(0.95);
    expect(typical(gauss)).toBeLessThan(1.02);
    const crashing: Noise = (draw) => gauss(draw) - (draw() < 1 / 30 ? 50 : 0);
    expect(typical(crashing)).toBeLessThan(1.6);
  });

  it('does not make heavy tails look like small noise', () => {
    // The middle half of these lies within ±0.82 and ±0.77: a Gaussian of that width has σ 1.21 and 1.13.
    expect(typical(NOISES['t, 2 dof'] ?? gauss)).toBeGreaterThan(1.21);
    expect(typical(NOISES['t, 3 dof'] ?? gauss)).toBeGreaterThan(1.13);
  });
});

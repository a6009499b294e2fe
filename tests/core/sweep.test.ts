import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propose, quasiRandom, type Trial } from '../../mcp-server/src/core/sweep/propose.js';
import { type Parameter, SweepConfig, toAssignment, toUnit } from '../../mcp-server/src/core/sweep/space.js';

const parameters: Record<string, Parameter> = {
  lr: { log_uniform: [1e-4, 1] },
  depth: { int: [1, 4] },
  drop: { uniform: [0, 0.5] },
  opt: { choice: ['sgd', 'adam'] },
};
const sweep = SweepConfig.parse({ parameters, max_runs: 20 });
const unit = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });

describe('a search space', () => {
  it('keeps every value within its bounds', () => {
    fc.assert(
      fc.property(unit, (point) => {
        const { lr, depth, drop, opt } = toAssignment(parameters, point);
        expect(lr).toBeGreaterThanOrEqual(1e-4 * 0.999);
        expect(lr).toBeLessThanOrEqual(1);
        expect([1, 2, 3, 4]).toContain(depth);
        expect(drop).toBeGreaterThanOrEqual(0);
        expect(drop).toBeLessThanOrEqual(0.5);
        expect(['sgd', 'adam']).toContain(opt);
      }),
    );
  });

  it('finds the place of a value again', () => {
    fc.assert(
      fc.property(unit, (point) => {
        const assignment = toAssignment(parameters, point);
        expect(toAssignment(parameters, toUnit(parameters, assignment))).toEqual(assignment);
      }),
      { examples: [[[0, 0, 0, 0]], [[1, 1, 1, 1]]] },
    );
  });

  it.each([
    [{ lr: { log_uniform: [0, 1] } }],
    [{ lr: { uniform: [1, 1] } }],
    [{ lr: { choice: [] } }],
    [{ lr: { uniform: [0, 1], choice: [1] } }],
    [{}],
    [{ '9x': { int: [1, 2] } }],
  ])('refuses %j', (wrong) => {
    expect(SweepConfig.safeParse({ parameters: wrong }).success).toBe(false);
  });
});

describe('proposals', () => {
  const run = (seed: number, score: (lr: number) => number, count: number): Trial[] => {
    const trials: Trial[] = [];
    for (let i = 0; i < count; i++) {
      const assignment = propose({ ...sweep, seed }, trials, 'maximize');
      if (assignment === null) break;
      trials.push({ assignment, value: score(Number(assignment.lr)), failed: false });
    }
    return trials;
  };
  const peak = (lr: number): number => -Math.abs(Math.log10(lr) + 2);

  it('are the same again for the same seed and results', () => {
    expect(run(3, peak, 12)).toEqual(run(3, peak, 12));
    expect(run(3, peak, 3)).not.toEqual(run(4, peak, 3));
  });

  it('never repeat a tried point, and end when all are tried', () => {
    const small = SweepConfig.parse({ parameters: { a: { choice: [1, 2, 3] }, b: { choice: ['x', 'y'] } } });
    const trials: Trial[] = [];
    for (let i = 0; i < 6; i++) {
      const assignment = propose(small, trials, 'minimize');
      expect(assignment).not.toBeNull();
      trials.push({ assignment: assignment ?? {}, value: i, failed: i % 2 === 0 });
    }
    expect(new Set(trials.map(({ assignment }) => JSON.stringify(assignment))).size).toBe(6);
    expect(propose(small, trials, 'minimize')).toBeNull();
  });

  it('close in on the optimum: nearer than quasi-random points alone, over many seeds', () => {
    const miss = (trials: readonly Trial[]): number => -Math.max(...trials.map(({ value }) => value ?? -9));
    let [ours, plain] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      ours += miss(run(seed, peak, 20));
      const points = Array.from({ length: 20 }, (_, index) =>
        toAssignment(parameters, quasiRandom(index, 4, seed)),
      );
      plain += -Math.max(...points.map(({ lr }) => peak(Number(lr))));
    }
    expect(ours).toBeLessThan(plain * 0.6);
  });

  it('keep away from where runs failed', () => {
    const trials: Trial[] = [
      { assignment: { lr: 0.01, depth: 2, drop: 0.2, opt: 'sgd' }, value: 0.9, failed: false },
      ...[0.05, 0.2, 0.8].map(
        (lr): Trial => ({ assignment: { lr, depth: 2, drop: 0.2, opt: 'sgd' }, value: null, failed: true }),
      ),
      { assignment: { lr: 0.003, depth: 2, drop: 0.2, opt: 'sgd' }, value: 0.8, failed: false },
    ];
    const proposals = Array.from({ length: 20 }, (_, seed) =>
      propose({ ...sweep, explore: 2, seed }, trials, 'maximize'),
    );
    const high = proposals.filter((assignment) => Number(assignment?.lr) > 0.05).length;
    expect(high).toBeLessThanOrEqual(4);
  });
});

import { describe, expect, it } from 'vitest';
import {
  auditKill,
  type Curve,
  falseKillRate,
  judgeCurve,
} from '../../../mcp-server/src/core/verdict/early-kill.js';

const curve = (at: (epoch: number) => number, epochs = 20): Curve =>
  Array.from({ length: epochs }, (_, index) => ({ step: index + 1, value: at(index + 1) }));
const settled = (top: number) => curve((epoch) => top * Math.min(1, epoch / 4));
const CHAMPION = [settled(0.9), settled(0.904), settled(0.896)];
const judge = (run: Curve, champion = CHAMPION) => judgeCurve('maximize', champion, run);

describe('the matched-step rule', () => {
  it('stops what is far behind, after the first look and not before', () => {
    const hopeless = curve((epoch) => 0.3 + epoch / 1000);
    expect(judge(hopeless.slice(0, 4))).toMatchObject({ decision: 'continue', why: 'too-early' });
    expect(judge(hopeless.slice(0, 5))).toMatchObject({ decision: 'would-kill', why: 'beyond-spread' });
  });

  it('takes a swinging curve by its best value, and not by the look that it happens to fall on', () => {
    const swinging = curve((epoch) => (epoch === 15 ? 0.4 : 0.9));
    expect(judge(swinging.slice(0, 15))).toMatchObject({ decision: 'continue', value: 0.9 });
  });

  it('widens its margin by the roughness of the run itself', () => {
    const calm = curve(() => 0.7);
    const rough = curve((epoch) => 0.7 - (epoch % 2) * 0.2);
    const [a, b] = [judge(calm), judge(rough)];
    expect([a.decision, b.decision]).toEqual(['would-kill', 'continue']);
    expect(a.behind).toBe(b.behind);
    expect(b.margin ?? 0).toBeGreaterThan(a.margin ?? Number.POSITIVE_INFINITY);
  });

  it('allows as much as the replicates themselves still gained after that step', () => {
    const late = [0.9, 0.904, 0.896].map((top) => curve((epoch) => (epoch < 18 ? top - 0.3 : top)));
    const behind = curve(() => 0.45);
    expect(judge(behind.slice(0, 15), late).decision).toBe('continue');
    expect(judge(curve(() => 0.1).slice(0, 15), late).decision).toBe('would-kill');
  });

  it('judges a loss as the mirror of an accuracy', () => {
    const mirror = (one: Curve) => one.map(({ step, value }) => ({ step, value: -value }));
    for (const run of [curve(() => 0.3), curve(() => 0.89), curve((epoch) => epoch / 25)]) {
      const [up, down] = [judge(run), judgeCurve('minimize', CHAMPION.map(mirror), mirror(run))];
      expect(down.decision).toBe(up.decision);
      expect(down.behind).toBeCloseTo(up.behind ?? Number.NaN, 9);
      expect(down.margin).toBeCloseTo(up.margin ?? Number.NaN, 9);
    }
  });

  it('says nothing with one replicate, or none that differ', () => {
    expect(
      judge(
        curve(() => 0),
        [settled(0.9)],
      ).why,
    ).toBe('few-replicates');
    expect(
      judge(
        curve(() => 0),
        [settled(0.9), settled(0.9)],
      ).why,
    ).toBe('no-spread');
  });
});

describe('the audit', () => {
  it('finishes its share and bounds the rate', () => {
    expect([auditKill(0.1, 0.15), auditKill(0.15, 0.15)]).toEqual(['finish', 'kill']);
    // Clopper-Pearson for 1 of 3: 0.0084 to 0.9057.
    const found = falseKillRate([
      { good: true, extraSeconds: 2 },
      { good: false, extraSeconds: 4 },
      { good: false, extraSeconds: null },
    ]);
    expect(found.low).toBeCloseTo(0.0084, 4);
    expect(found.high).toBeCloseTo(0.9057, 4);
    expect(found.savedSeconds).toBe(3);
    expect(falseKillRate([])).toMatchObject({ rate: null, low: 0, high: 1 });
  });
});

import { expect, it } from 'vitest';
import { makeCampaign } from '../support/campaigns.js';

const CAMPAIGNS = 120;
const CANDIDATES = 20;
/** 0.05 of them, and three standard errors of chance. */
const BOUND = CAMPAIGNS * 0.05 + 3 * Math.sqrt(CAMPAIGNS * 0.05 * 0.95);

/** Gaussian noise from a fixed seed (Lehmer's generator, Box and Muller's transform). */
function noise(seed: number): () => number {
  let state = 48271 * (seed + 1);
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  for (let i = 0; i < 10; i++) next();
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

it('keeps noise in fewer campaigns than α says, where every better value would be kept in nearly all', () => {
  const found = { rule: 0, strict: 0 };
  for (let seed = 0; seed < CAMPAIGNS; seed++) {
    const draw = noise(seed);
    const { campaign, run, serve } = makeCampaign();
    const seen: number[] = [];
    for (let i = 0; i <= CANDIDATES; i++) {
      const value = draw();
      seen.push(value);
      run({ value });
      serve(() => ({ value: draw() }));
    }
    found.rule += [...campaign.runs.values()].some(({ verdict }) => verdict?.status === 'confirmed') ? 1 : 0;
    found.strict += Math.max(...seen) > (seen[0] ?? 0) ? 1 : 0;
  }
  expect(found.rule).toBeLessThanOrEqual(BOUND);
  expect(found.strict).toBeGreaterThan(BOUND);
});

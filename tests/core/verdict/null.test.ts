import { describe, expect, it } from 'vitest';
import { RULE } from '../../../mcp-server/src/core/verdict/rule.js';
import { type Campaign, many, type Play } from '../../../scripts/bench/null/campaign.js';
import { gauss, NOISES, uniform } from '../../../scripts/bench/null/noise.js';
import { ALPHA, ours, score, strict } from '../../../scripts/bench/null/rules.js';

const CAMPAIGNS = 400;
/** α and three Monte-Carlo standard errors of a rate of α: a rule that holds its α is above this once in 700 tests. */
const BOUND = ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / CAMPAIGNS);
const falseKeeps = (what: Campaign, play: Play): number => many(what, play, uniform(11), CAMPAIGNS).any;

describe('campaigns in which nothing is better', () => {
  it.each([
    ...Object.entries(NOISES).map(([name, noise]) => [name, { runs: 30, noise }] as const),
    ['candidates twice as noisy', { runs: 30, noise: gauss, spread: 2 }],
    ['candidates three times as noisy', { runs: 30, noise: gauss, spread: 3 }],
    ['an unlucky first baseline run', { runs: 30, noise: gauss, first: -2 }],
  ] as const)('keep nothing more often than α says: %s', (_name, what) => {
    expect(falseKeeps(what, ours())).toBeLessThan(BOUND);
  });

  it('show that the bound bites: other rules and a careless form of this one break it', () => {
    const what = { runs: 30, noise: gauss };
    expect(falseKeeps(what, strict)).toBeGreaterThan(0.9);
    expect(falseKeeps(what, score)).toBeGreaterThan(0.5);
    // Skewed noise, without what guards against it.
    const careless = ours({ ...RULE, own: 0, extend: 1, least: 2, spending: 1 });
    expect(falseKeeps({ runs: 50, noise: NOISES.lognormal ?? gauss }, careless)).toBeGreaterThan(BOUND);
    // The whole α for every confirmation instead of a share of it.
    const spendthrift = ours(undefined, undefined, () => ALPHA);
    expect(falseKeeps({ ...what, runs: 200 }, spendthrift)).toBeGreaterThan(BOUND);
  });
});

describe('campaigns with real gains', () => {
  it('find most gains of three σ at about two runs for each candidate', () => {
    const found = many({ runs: 50, noise: gauss, share: 0.1, effect: 3 }, ours(), uniform(12), 60);
    expect(found.power).toBeGreaterThan(0.85);
    expect(found.extra).toBeLessThan(1.6);
    expect(found.any).toBeLessThan(0.1);
  });
});

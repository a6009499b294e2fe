import { describe, expect, it } from 'vitest';
import { alphaOf } from '../../mcp-server/src/core/ruling/certainty.js';
import { allotAlpha } from '../../mcp-server/src/core/verdict/alpha.js';
import { type Given, makeCampaign } from '../support/campaigns.js';

// Noise of a known size that repeats: each arm walks round this ring.
const RING = [0, 0.002, -0.002, 0.001, -0.001, 0.0015, -0.0015, 0.0005, -0.0005];
const levels = (known: Record<string, number>) => {
  const asked = new Map<string, number>();
  return (arm: string): Given => {
    const index = (asked.get(arm) ?? 0) + 1;
    asked.set(arm, index);
    return { value: (known[arm] ?? 0.9) + (RING[index % RING.length] ?? 0) };
  };
};
const ALPHA = { alpha: 0.05 };

describe('the keep rule over a ledger', () => {
  it('first learns the noise: the baseline is run on two seeds more', () => {
    const { run, settle, verdict } = makeCampaign();
    const base = run({ value: 0.9 });
    const wanted = settle();
    expect(wanted.map(({ replicate }) => replicate)).toEqual([
      { arm: base, kind: 'baseline' },
      { arm: base, kind: 'baseline' },
    ]);
    expect(verdict(base)).toMatchObject({ status: null, kept: true });
  });

  it('confirms a real gain on fresh seeds alone, with its interval; the screening value is nowhere in it', () => {
    const { campaign, run, serve, verdict } = makeCampaign();
    const base = run({ value: 0.9 });
    serve(levels({}));
    const good = run({ value: 0.99 });
    serve(levels({ [good]: 0.93 }));
    const found = verdict(good);
    expect(found).toMatchObject({ status: 'confirmed', kept: true });
    expect(found?.value).toBeCloseTo(0.93, 2);
    const [low, high] = found?.interval ?? [1, 0];
    expect(low).toBeLessThan(0.03);
    expect(high).toBeGreaterThan(0.03);
    expect(campaign.champion).toBe(good);
    expect(alphaOf(ALPHA, campaign).spent).toBe(0);
    // With its own run, nine: the strength that a keep needs.
    expect(campaign.replicates.get(base)).toHaveLength(8);
  });

  it('confirms one after the other, in the order of their ends, each against the best of its moment', () => {
    const { campaign, run, serve } = makeCampaign();
    const base = run({ value: 0.9 });
    serve(levels({}));
    const [first, second] = [run({ value: 0.95 }), run({ value: 0.99 })];
    serve(levels({ [first]: 0.93, [second]: 0.96 }));
    expect(campaign.confirmations.map(({ run: id, champion }) => [id, champion])).toEqual([
      [first, base],
      [second, first],
    ]);
    expect(campaign.champion).toBe(second);
  });

  it('charges what was not confirmed, and stops a hopeless one after one seed', () => {
    const { campaign, run, serve, verdict } = makeCampaign();
    run({ value: 0.9 });
    serve(levels({}));
    const lucky = run({ value: 0.93 });
    expect(serve(levels({ [lucky]: 0.89 }))).toBe(1);
    expect(verdict(lucky)).toMatchObject({ status: 'rejected', kept: false });
    expect(alphaOf(ALPHA, campaign).spent).toBeCloseTo(allotAlpha(0.05, 1).spent, 12);
  });

  it('takes another seed for a crash, gives up after two, and charges it all the same', () => {
    const { campaign, run, serve, verdict } = makeCampaign();
    run({ value: 0.9 });
    serve(levels({}));
    const crashing = run({ value: 0.95 });
    serve(() => ({ value: null, end: { ending: 'failed' } }));
    expect(verdict(crashing)).toMatchObject({ status: 'unconfirmed', kept: false });
    expect(verdict(crashing)?.reason).toContain('failed on other seeds');
    expect(campaign.runs.get(campaign.champion ?? '')?.id).toBe('exp001');
    expect(alphaOf(ALPHA, campaign).spent).toBeGreaterThan(0);
  });

  it.each([
    ['diverged', { value: null, end: { ending: 'diverged' as const } }],
    ['came to its end with NaN', { value: 'NaN' as const }],
  ])('rejects a candidate of which a fresh seed %s: it is not replaced by a luckier one', (_, bad) => {
    const { run, serve, verdict } = makeCampaign();
    run({ value: 0.9 });
    serve(levels({}));
    const candidate = run({ value: 0.95 });
    const good = levels({ [candidate]: 0.94 });
    let asked = 0;
    serve((arm) => (arm === candidate && ++asked === 2 ? bad : good(arm)));
    expect(verdict(candidate)).toMatchObject({ status: 'rejected', kept: false });
    expect(verdict(candidate)?.reason).toContain('diverged');
  });

  it('says unconfirmed where a budget leaves no seed, and keeps nothing', () => {
    let closed = false;
    const { campaign, run, serve, verdict } = makeCampaign({}, () =>
      closed ? 'the budget of runs is used up' : null,
    );
    const base = run({ value: 0.9 });
    serve(levels({}));
    closed = true;
    const cut = run({ value: 0.95 });
    expect(serve(levels({}))).toBe(0);
    expect(verdict(cut)).toMatchObject({ status: 'unconfirmed', kept: false });
    expect(campaign.champion).toBe(base);
    expect(alphaOf(ALPHA, campaign).spent).toBeGreaterThan(0);
  });

  it('withdraws a best that fails on seeds of its own, and goes back to the one before', () => {
    const { campaign, run, serve } = makeCampaign();
    const base = run({ value: 0.9 });
    serve(levels({}));
    const fluke = run({ value: 0.95 });
    serve(levels({ [fluke]: 0.93 }));
    expect(campaign.champion).toBe(fluke);
    const bad = levels({ [fluke]: 0.88 });
    for (let i = 0; i < 10; i++) {
      run({ value: 0.85 });
      serve(bad);
    }
    expect(campaign.runs.get(fluke)?.withdrawn).toMatchObject({ to: base });
    expect(campaign.champion).toBe(base);
  });

  it('compares in pairs on the very same seeds', () => {
    const { campaign, run, serve, verdict } = makeCampaign({ verdict: 'paired' });
    const luck = (seed: number) => ((seed * 37) % 11) / 50;
    run({ value: 0.5, seed: 0 });
    const good = 'exp004';
    const give = (arm: string, _: string, seed: number): Given => ({
      value: 0.5 + luck(seed) + (arm === good ? 0.02 + (seed % 3) / 1000 : 0),
    });
    serve(give);
    // Far below the spread between seeds, but on the baseline's own seed.
    expect(run({ value: 0.52, seed: 0 })).toBe(good);
    serve(give);
    expect(verdict(good)?.status).toBe('confirmed');
    const seeds = (arm: string, kind: string) =>
      (campaign.replicates.get(arm) ?? [])
        .flatMap((id) => campaign.runs.get(id)?.launch ?? [])
        .flatMap(({ replicate, seed }) => (replicate?.kind === kind ? [seed] : []));
    expect(seeds(good, 'confirm')).toEqual(seeds('exp001', 'champion'));
  });

  it('keeps no gain that fails a guard on its fresh seeds', () => {
    const { run, serve, verdict } = makeCampaign({ guards: ['vram < 10'] });
    const others = (vram: number) => ({ end: { others: { vram } } });
    run({ value: 0.9, ...others(5) });
    const base = levels({});
    serve((arm) => ({ ...base(arm), ...others(5) }));
    const heavy = run({ value: 0.95, ...others(9) });
    const give = levels({ [heavy]: 0.94 });
    serve((arm) => ({ ...give(arm), ...others(arm === heavy ? 12 : 5) }));
    expect(verdict(heavy)).toMatchObject({ status: 'rejected', kept: false });
    expect(verdict(heavy)?.reason).toContain('better, but guard vram < 10: failed');
  });

  it('keeps for simplicity what is no worse with fewer lines, claims no gain, and charges the test', () => {
    const { campaign, run, serve, verdict } = makeCampaign({ alpha: 1e-6 });
    run({ value: 0.9 });
    serve(levels({}));
    const first = run({ value: 0.91, lines: 40 });
    serve(levels({ [first]: 0.95 }));
    expect(campaign.champion).toBe(first);
    const simple = run({ value: 0.96, lines: 10 });
    serve(levels({ [first]: 0.95, [simple]: 0.9515 }));
    expect(verdict(simple)).toMatchObject({ status: 'inconclusive', kept: true, gain: null });
    expect(verdict(simple)?.reason).toContain('kept for simplicity, not for a gain');
    expect(alphaOf({ alpha: 1e-6 }, campaign).spent).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from 'vitest';
import { spent } from '../../mcp-server/src/core/bill.js';
import { budgetUse, planRefusal } from '../../mcp-server/src/core/budget.js';
import { apply, type Campaign, replay, type WholeCampaign } from '../../mcp-server/src/core/campaign.js';
import { Config } from '../../mcp-server/src/core/config.js';
import { forget } from '../../mcp-server/src/core/forget.js';
import { leaderboard } from '../../mcp-server/src/core/leaderboard.js';
import type { LedgerRecord, Plan } from '../../mcp-server/src/core/ledger.js';
import { after, entriesWritten, plansMade, runsEnded } from '../../mcp-server/src/core/past.js';
import { planProblem, plateauFamilies } from '../../mcp-server/src/core/plan.js';
import { rule } from '../../mcp-server/src/core/ruling/rule.js';
import { standingOrder } from '../../mcp-server/src/core/standing-order.js';
import { propose } from '../../mcp-server/src/core/sweep/propose.js';
import { allTrials } from '../../mcp-server/src/core/sweep/trials.js';
import { type Draw, uniform } from '../../scripts/bench/null/noise.js';

const config = Config.parse({
  budget: { runs: 10_000 },
  experiment: { metric: 'val_acc', direction: 'maximize', command: 'python train.py' },
});
const sweep = { parameters: { lr: { uniform: [0, 1] as [number, number] } }, patience: 5, seed: 1 };
const COMMANDS = 200;
const command = (number: number): string[] => ['python', 'train.py', '--a', String(number)];

/** All that the loop asks of a campaign, answered. */
function answers(campaign: Campaign) {
  const { baseline, champion, loop, unjudged, unreflected, unlaunched, gpuHours, own, planned } = campaign;
  const best = campaign.runs.get(champion ?? '');
  const use = budgetUse(campaign, [], 0);
  return {
    standing: { baseline, champion, loop, unjudged, unreflected, unlaunched, gpuHours, planned },
    sinceBest: own - (best?.nth ?? 0),
    best: best?.verdict?.value,
    leaderboard: leaderboard(config, campaign, []),
    barred: plateauFamilies(campaign),
    use: { ...use, usd: use.usd.toFixed(9) },
    refusal: planRefusal(config, campaign, use),
    spent: spent(campaign.bill).usd.toFixed(9),
    plans: plansMade(campaign),
    ended: after(campaign.ended, runsEnded(campaign), runsEnded(campaign) - 5),
    entries: after(campaign.entries, entriesWritten(campaign), entriesWritten(campaign) - 5),
    counts: [runsEnded(campaign), entriesWritten(campaign)],
    order: standingOrder(campaign),
    trials: allTrials(campaign),
    next: propose(sweep, allTrials(campaign), 'maximize'),
  };
}

/** For each command whether a plan of it would be refused. */
function twins(campaign: Campaign): boolean[] {
  const rules = { actions: ['experiment' as const], barred: [], directive: false, busy: false };
  return Array.from({ length: COMMANDS }, (_, number) => {
    const answer = { action: 'experiment' as const, why: 'w', title: 't', family: 'f' };
    return planProblem({ ...answer, command: command(number).join(' ') }, rules, campaign) !== null;
  });
}

/** A campaign with everything in it that a ledger may hold, written record by record. */
function campaignFrom(
  draw: Draw,
  verdict: 'strict' | 'cheap',
  all: () => WholeCampaign,
  write: (record: LedgerRecord) => Campaign,
) {
  let clock = 0;
  let runs = 0;
  let calls = 0;
  const at = (): string => {
    clock += 60_000;
    return new Date(clock).toISOString();
  };
  const running: { run: string; seed: number }[] = [];
  let now = write({ kind: 'campaign', at: at(), max_cycles: 5000, gpus: null });

  const launch = (plan: string | null, more: Partial<Extract<LedgerRecord, { kind: 'launch' }>>): void => {
    runs += 1;
    const run = `exp${String(runs).padStart(3, '0')}`;
    const code = { kind: 'copy' as const, id: 'c0de', tree: 'c0de' };
    const made = {
      kind: 'launch' as const,
      at: at(),
      run,
      plan,
      role: 'candidate' as const,
      title: `try ${run}`,
    };
    now = write({ ...made, command: command(runs), code, seed: runs, ...more });
    running.push({ run, seed: runs });
  };
  const finish = (): void => {
    const [one] = running.splice(Math.floor(draw() * running.length), 1);
    if (one === undefined) return;
    const ending = draw() < 0.15 ? 'failed' : draw() < 0.05 ? 'diverged' : 'succeeded';
    now = write({
      kind: 'end',
      at: at(),
      run: one.run,
      ending,
      exit_code: ending === 'succeeded' ? 0 : 1,
      signal: null,
      evidence: ['exit code'],
      duration_s: 10,
      gpu_hours: 0.25,
      metric: 'val_acc',
      direction: 'maximize',
      value: ending === 'succeeded' ? Number((draw() * 0.2 + one.seed / 2000).toFixed(4)) : null,
    });
    for (;;) {
      const whole = all();
      const rulings = rule(whole, {
        experiment: { verdict, seeds: 3, alpha: 0.5, guards: [] },
        refusal: () => (running.length > 6 ? 'too many' : null),
      });
      const writes = rulings.flatMap((one) => (one.do === 'write' ? [one.record] : []));
      for (const record of writes) now = write({ ...record, at: at() });
      if (writes.length > 0) continue;
      if (running.some(({ run }) => now.runs.get(run)?.launch?.replicate !== undefined)) return;
      for (const ruling of rulings)
        if (ruling.do === 'replicate') launch(null, { replicate: ruling.replicate, title: 'again' });
      return;
    }
  };

  const reflect = (): void => {
    for (const run of [...now.unreflected]) {
      if (draw() < 0.2) continue;
      if (now.runs.get(run)?.verdict?.kept)
        now = write({ kind: 'result', at: at(), run, text: `${run} is good` });
      const next = draw() < 0.1 ? { next: `after ${run}` } : {};
      now = write({ kind: 'decision', at: at(), run, text: `of ${run}`, ...next });
    }
  };
  const plan = (cycle: number): void => {
    const id = `plan-${plansMade(now) + 1}`;
    const trial = draw() < 0.3;
    const number = Math.floor(draw() * COMMANDS);
    const made: Plan = {
      kind: 'plan',
      at: at(),
      id,
      cycle,
      planner: 'llm',
      role: now.baseline === null ? 'baseline' : 'candidate',
      title: id,
      hypothesis: 'h',
      command: command(number),
      assignment: trial ? { lr: Number(draw().toFixed(3)) } : null,
      family: ['a', 'b', 'c'][Math.floor(draw() * 3)] ?? 'a',
      ...(draw() < 0.1 ? { directive: `d${cycle}` } : {}),
    };
    now = write(made);
    if (draw() < 0.1) now = write({ kind: 'drop', at: at(), plan: id, reason: 'no' });
    else launch(id, { command: made.command, role: made.role });
  };
  const rest = (cycle: number): void => {
    calls += 1;
    const call = `call-${calls}`;
    const most = { tokens: 100, usd: 0.01 };
    now = write({
      kind: 'call',
      at: at(),
      id: call,
      cycle,
      phase: 'think',
      provider: 'anthropic',
      model: 'm',
      most,
    });
    const tokens = { input: 10, cached: 1, cache_write: 0, output: 5, reasoning: 0 };
    if (draw() < 0.8)
      now = write({ kind: 'usage', at: at(), call, model: 'm', tokens, usd: 0.005, fault: null });
    if (draw() < 0.2) {
      const text = draw() < 0.3 ? 'pause' : 'words';
      const told = { kind: 'directive' as const, id: `d${cycle}`, text };
      now = write({ ...told, at: at(), state: 'taken', outcome: null });
      const outcome = text === 'pause' ? 'paused: x' : 'given';
      if (draw() < 0.9) now = write({ ...told, at: at(), state: 'done', outcome });
    }
    now = write({
      kind: 'dry_run',
      at: at(),
      fingerprint: call,
      command: ['x'],
      ok: true,
      seconds: 1,
      why: null,
    });
  };
  return {
    cycle(number: number): void {
      rest(number);
      plan(number);
      while (running.length > 3 || (running.length > 0 && draw() < 0.7)) finish();
      reflect();
    },
  };
}

describe('a campaign that is followed for long', () => {
  it.each([
    { seed: 1, verdict: 'cheap' as const },
    { seed: 2, verdict: 'cheap' as const },
    { seed: 3, verdict: 'strict' as const },
    { seed: 4, verdict: 'strict' as const },
  ])('answers as one of which all is known ($verdict, seed $seed)', ({ seed, verdict }) => {
    const whole = replay([]);
    const lean: Campaign = replay([]);
    let records = 0;
    const made = campaignFrom(
      uniform(seed),
      verdict,
      () => whole,
      (record) => {
        apply(whole, record);
        apply(lean, record);
        records += 1;
        if (records % 40 === 0) forget(lean, 12);
        return whole;
      },
    );
    for (let cycle = 1; cycle <= 120; cycle++) {
      made.cycle(cycle);
      if (cycle % 15 !== 0) continue;
      expect(answers(lean)).toEqual(answers(whole));
      expect(twins(lean)).toEqual(twins(whole));
    }
    expect(whole.past).toBeNull();
    expect(whole.runs.size).toBeGreaterThan(100);
    expect(lean.runs.size).toBeLessThan(80);
    expect(lean.runs.size + (lean.past?.runs.size ?? 0)).toBe(whole.runs.size);
  });

  it('takes a word on a run that was let go for what it is: nothing new', () => {
    const campaign: Campaign = replay([]);
    const at = '2026-01-02T03:04:05.000Z';
    const wordsOn = (run: string, value: number): LedgerRecord[] => [
      { kind: 'launch', at, run, plan: null, role: 'candidate', title: run, command: ['x'], code: null },
      {
        kind: 'end',
        at,
        run,
        ending: 'succeeded',
        exit_code: 0,
        signal: null,
        evidence: [],
        duration_s: 1,
        gpu_hours: 1,
        metric: 'm',
        direction: 'maximize',
        value,
      },
      { kind: 'verdict', at, run, status: 'rejected', reason: 'r', kept: false, value, gain: null },
    ];
    for (let number = 1; number <= 30; number++) {
      const run = `exp${number}`;
      for (const record of wordsOn(run, number)) apply(campaign, record);
      apply(campaign, { kind: 'decision', at, run, text: run });
    }
    forget(campaign, 3);
    const known = campaign.past?.runs ?? new Set<string>();
    expect(known.size).toBe(30 - 3 - 2 * 3);
    const before = structuredClone(campaign);
    for (const run of known) for (const record of wordsOn(run, 99)) apply(campaign, record);
    expect(campaign).toEqual(before);
    const [old = ''] = known;
    apply(campaign, { kind: 'decision', at, run: old, text: 'looked at again' });
    expect(campaign.runs.has(old)).toBe(false);
    expect(campaign.entries.at(-1)?.text).toBe('looked at again');
  });
});

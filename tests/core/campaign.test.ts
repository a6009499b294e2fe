import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replay } from '../../mcp-server/src/core/campaign.js';
import type { EndRecord, LedgerRecord } from '../../mcp-server/src/core/ledger.js';
import { judgeOnce, type Reference, unjudgeable } from '../../mcp-server/src/core/verdict.js';
import { parseLedger } from '../../mcp-server/src/store/ledger.js';

const at = '2026-01-02T03:04:05.000Z';
const end = (run: string, value: EndRecord['value'], more: Partial<EndRecord> = {}): EndRecord => ({
  kind: 'end',
  at,
  run,
  ending: 'succeeded',
  exit_code: 0,
  signal: null,
  evidence: ['exit code 0'],
  duration_s: 1,
  gpu_hours: 0.5,
  metric: 'val_acc',
  direction: 'maximize',
  value,
  ...more,
}); // prettier-ignore
const launch = (run: string): LedgerRecord => ({
  kind: 'launch',
  at,
  run,
  plan: null,
  role: 'candidate',
  title: run,
  command: ['x'],
  code: null,
});

/** The keep rule of one seed. */
const judge = (over: EndRecord, base: Reference | null, best: Reference | null) =>
  unjudgeable(over, base) ?? judgeOnce(over, base, best, null);

/** A ledger as the program writes it: each run launched, ended, judged against what stood then. */
function history(values: readonly (number | null)[]): LedgerRecord[] {
  const records: LedgerRecord[] = [];
  values.forEach((value, index) => {
    const run = `exp${String(index + 1).padStart(3, '0')}`;
    const over = end(run, value);
    const campaign = replay(records);
    const reference = (id: string | null) => {
      const known = id === null ? undefined : campaign.runs.get(id);
      return known?.verdict == null
        ? null
        : { run: known.id, value: known.verdict.value, metric: known.end?.metric ?? null };
    };
    const judgement = judge(over, reference(campaign.baseline), reference(campaign.champion));
    records.push(launch(run), over, { kind: 'verdict', at, run, ...judgement });
  });
  return records;
}

const values = fc.array(fc.option(fc.integer({ min: 0, max: 20 }).map((n) => n / 10)), { maxLength: 12 });
const plain = (records: readonly LedgerRecord[]) => {
  const { runs, ...rest } = replay(records);
  return { ...rest, runs: [...runs] };
};

describe('the ledger, replayed', () => {
  it('a record written twice, by whoever was killed in between, changes nothing', () => {
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.nat()), (given, draws) => {
        const records = history(given);
        const doubled = [...records];
        for (const record of records) {
          // Again at any later place.
          const from = doubled.lastIndexOf(record) + 1;
          const next = draws.next().value ?? 0;
          doubled.splice(from + (next % (doubled.length - from + 1)), 0, record);
        }
        expect(plain(doubled)).toEqual(plain(records));
      }),
    );
  });

  it('the baseline is the first value, the champion never worse than it, and a missing value never wins', () => {
    fc.assert(
      fc.property(values, (given) => {
        const campaign = replay(history(given));
        const seen = given.filter((value): value is number => value !== null);
        const known = (id: string | null) =>
          id === null ? null : (campaign.runs.get(id)?.end?.value ?? null);
        expect(known(campaign.baseline)).toBe(seen[0] ?? null);
        expect(known(campaign.champion)).toBe(seen.length === 0 ? null : Math.max(...seen));
        for (const run of campaign.runs.values()) {
          if (run.end?.value === null)
            expect(run.verdict).toMatchObject({ status: 'inconclusive', kept: false });
          if (run.verdict?.status === 'unconfirmed') expect(run.verdict.reason).toContain('unconfirmed');
        }
      }),
    );
  });

  it('cut anywhere, gives all whole records before the cut and says so of the torn one', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (given, where) => {
        const records = history(given);
        const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
        const cut = text.slice(0, Math.floor(where * text.length));
        const whole = cut.split('\n').length - 1;
        const read = parseLedger(cut, 'ledger.jsonl');
        const last = cut.split('\n').at(-1) ?? '';
        const complete = last !== '' && last === text.split('\n')[whole];
        expect(read.records).toEqual(records.slice(0, whole + (complete ? 1 : 0)));
        expect(read.warnings.length).toBe(last === '' || complete ? 0 : 1);
      }),
    );
  });

  it('foreign lines are skipped and said, and the rest counts', () => {
    const records = history([0.5, 0.6]);
    const lines = records.map((record) => JSON.stringify(record));
    lines.splice(2, 0, '{"kind":"end"}', 'not json', '', '[]');
    const read = parseLedger(`${lines.join('\n')}\n`, 'ledger.jsonl');
    expect(read.records).toEqual(records);
    expect(read.warnings.join()).toContain('3 line(s)');
  });
});

describe('the first keep rule', () => {
  const baseline = { run: 'exp001', value: 0.5, metric: 'val_acc' };
  it.each([
    [
      'a better value is unconfirmed',
      end('exp002', 0.6),
      { status: 'unconfirmed', kept: true, gain: expect.closeTo(0.1) },
    ],
    ['an equal value is rejected', end('exp002', 0.5), { status: 'rejected', kept: false }],
    [
      'a crash is a crash',
      end('exp002', 0.9, { ending: 'failed', exit_code: 1 }),
      { status: 'crash', kept: false },
    ],
    [
      'a diverged run is rejected, whatever it printed',
      end('exp002', 0.9, { ending: 'diverged' }),
      { status: 'rejected', kept: false },
    ],
    [
      'a run cut short is not comparable',
      end('exp002', 0.9, { ending: 'timeout' }),
      { status: 'inconclusive', kept: false },
    ],
    ['NaN is unknown', end('exp002', 'NaN'), { status: 'inconclusive', kept: false }],
    [
      'another metric is not comparable',
      end('exp002', 0.9, { metric: 'auc' }),
      { status: 'inconclusive', kept: false },
    ],
    [
      'no declared metric is unknown',
      end('exp002', null, { metric: null, direction: null }),
      { status: 'inconclusive', kept: false },
    ],
  ])('%s', (_, record, expected) => expect(judge(record, baseline, baseline)).toMatchObject(expected));

  it('negative and zero values are ordinary, in both directions', () => {
    const zero = { run: 'exp001', value: 0, metric: 'val_acc' };
    expect(judge(end('exp002', -1, { direction: 'minimize' }), zero, zero)).toMatchObject({
      status: 'unconfirmed',
      gain: 1,
    });
    expect(judge(end('exp002', -1), zero, zero)).toMatchObject({ status: 'rejected', gain: -1 });
  });
});

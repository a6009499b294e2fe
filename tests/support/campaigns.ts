import { apply, replay, type WholeCampaign } from '../../mcp-server/src/core/campaign.js';
import type { EndRecord, LedgerRecord, Replicate } from '../../mcp-server/src/core/ledger.js';
import { rule } from '../../mcp-server/src/core/ruling/rule.js';
import type { Rules, Ruling } from '../../mcp-server/src/core/ruling/ruling.js';

const at = '2026-01-02T03:04:05.000Z';

export interface Given {
  value: EndRecord['value'];
  seed?: number | null;
  lines?: number;
  end?: Partial<EndRecord>;
  replicate?: Replicate;
}

/** A campaign in memory that the keep rule rules over, run by run. */
export function makeCampaign(
  experiment: Partial<Rules['experiment']> = {},
  refusal: Rules['refusal'] = () => null,
) {
  const campaign: WholeCampaign = replay([]);
  const rules: Rules = {
    experiment: { verdict: 'strict', seeds: 3, alpha: 0.05, guards: [], ...experiment },
    refusal,
  };
  let number = 0;
  const write = (record: LedgerRecord): void => apply(campaign, record);
  /** Launches and ends one run; gives its id. */
  const run = ({ value, seed, lines, end, replicate }: Given): string => {
    const id = `exp${String(++number).padStart(3, '0')}`;
    write({
      kind: 'launch',
      at,
      run: id,
      plan: null,
      role: 'candidate',
      title: id,
      command: ['x'],
      code: { kind: 'copy', id: 'c0de', tree: 'c0de' },
      ...(seed === null ? {} : { seed: seed ?? number }),
      ...(lines === undefined ? {} : { lines }),
      ...(replicate === undefined ? {} : { replicate }),
    });
    write({
      kind: 'end',
      at,
      run: id,
      ending: 'succeeded',
      exit_code: 0,
      signal: null,
      evidence: ['exit code 0'],
      duration_s: 1,
      gpu_hours: 0,
      metric: 'val_acc',
      direction: 'maximize',
      value,
      ...end,
    });
    return id;
  };
  /** Lets the rule speak until it wants runs, or nothing. */
  const settle = (): Extract<Ruling, { do: 'replicate' }>[] => {
    for (;;) {
      const rulings = rule(campaign, rules);
      const writes = rulings.flatMap((ruling) => (ruling.do === 'write' ? [ruling.record] : []));
      if (writes.length === 0)
        return rulings.flatMap((ruling) => (ruling.do === 'replicate' ? [ruling] : []));
      for (const record of writes) write({ ...record, at });
    }
  };
  /** Gives every run that the rule wants, until it wants none. `values` by the arm. */
  const serve = (give: (arm: string, kind: Replicate['kind'], seed: number) => Given): number => {
    for (let count = 0; ; ) {
      const wanted = settle();
      if (wanted.length === 0) return count;
      for (const { replicate, seed } of wanted) {
        const drawn = seed ?? number + 1;
        run({ seed: drawn, ...give(replicate.arm, replicate.kind, drawn), replicate });
        count += 1;
      }
    }
  };
  return { campaign, run, settle, serve, verdict: (id: string) => campaign.runs.get(id)?.verdict };
}

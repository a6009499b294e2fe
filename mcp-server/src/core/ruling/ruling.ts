import { usableValue } from '../arms.js';
import type { Campaign, CampaignRun } from '../campaign.js';
import type { Config } from '../config.js';
import type { EndRecord, LedgerRecord, Replicate } from '../ledger.js';
import { formatValue } from '../units.js';
import type { Judgement, Reference } from '../verdict.js';

/** What the keep rule wants next: to write something down, or one more run. */
export type Ruling =
  | { do: 'write'; record: WithoutTime<Extract<LedgerRecord, { kind: 'verdict' | 'confirm' | 'withdraw' }>> }
  | { do: 'replicate'; replicate: Replicate; number: number; seed: number | null };

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

export interface Rules {
  experiment: Pick<Config['experiment'], 'verdict' | 'seeds' | 'alpha' | 'guards'>;
  /** Words why no more replicate of this run can be launched, or null. */
  refusal(arm: string): string | null;
}

/** A run that has ended. */
export type Ended = CampaignRun & { end: EndRecord };

export const verdictOn = (run: CampaignRun, judgement: Judgement): Ruling => ({
  do: 'write',
  record: { kind: 'verdict', run: run.id, ...judgement },
});

export function rejected(run: CampaignRun, reason: string, gain: number | null = null): Judgement {
  return { status: 'rejected', kept: false, value: run.end?.value ?? null, gain, reason };
}

/** A replicate is a measurement of its arm and gets no verdict of its own. */
export function ofReplicate(run: CampaignRun): Judgement {
  const value = run.end?.value ?? null;
  const seed = `seed ${run.launch?.seed ?? '?'} of ${run.launch?.replicate?.arm ?? '?'}`;
  const seen = usableValue(run) === null ? run.end?.ending : `${run.end?.metric} ${formatValue(value)}`;
  return { status: null, kept: false, value, gain: null, reason: `${seed}: ${seen ?? 'no value'}` };
}

/** A judged run as something to be measured against. */
export function referenceOf(campaign: Campaign, id: string | null): Reference | null {
  const run = id === null ? undefined : campaign.runs.get(id);
  if (run?.verdict == null) return null;
  return { run: run.id, value: run.verdict.value, metric: run.end?.metric ?? null };
}

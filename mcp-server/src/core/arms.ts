import type { Campaign, CampaignRun } from './campaign.js';
import type { Replicate } from './ledger.js';
import { fromJsonNumber } from './metric.js';

/** A run and those that repeat it on other seeds. */
export interface Arm {
  id: string;
  /** Fresh values in the order of their launches; a screening value is never among them. */
  values: ArmValue[];
  /** Replicates that have not ended. */
  open: CampaignRun[];
  /** Replicates that ended without a usable value. */
  failed: CampaignRun[];
  /** Replicates launched so far. */
  launched: number;
}

export interface ArmValue {
  run: string;
  seed: number | null;
  /** Why it was run; `own` = the baseline’s first run. */
  kind: Replicate['kind'] | 'own';
  value: number;
}

/**
 * What is known of an arm. The baseline's own first run counts, because nothing was selected when it was run; a
 * candidate's first run is its screening, by which it was selected, and never counts.
 */
export function armOf(campaign: Campaign, id: string): Arm {
  const replicates = campaign.replicates.get(id) ?? [];
  const arm: Arm = { id, values: [], open: [], failed: [], launched: replicates.length };
  for (const name of [...(id === campaign.baseline ? [id] : []), ...replicates]) {
    const run = campaign.runs.get(name);
    if (run === undefined) continue;
    const value = usableValue(run);
    if (run.end === null) arm.open.push(run);
    else if (value === null) arm.failed.push(run);
    else {
      const { seed, replicate } = run.launch ?? {};
      arm.values.push({ run: name, seed: seed ?? null, kind: replicate?.kind ?? 'own', value });
    }
  }
  return arm;
}

/** Whether a run can be repeated on another seed: it was given one, and its code was kept. */
export function isRepeatable(run: CampaignRun | undefined): boolean {
  return run?.launch?.seed !== undefined && run.launch.code !== null;
}

/** The finite value of a run that ended well; null otherwise. */
export function usableValue({ end }: CampaignRun): number | null {
  if (end === null || end.ending !== 'succeeded' || end.value === null || end.invalid !== undefined)
    return null;
  const value = fromJsonNumber(end.value);
  return Number.isFinite(value) ? value : null;
}

/** Fresh values of an arm, of one kind or of all. */
export function valuesOf(arm: Arm, kind?: ArmValue['kind']): number[] {
  return arm.values.filter((one) => kind === undefined || one.kind === kind).map(({ value }) => value);
}

/** Fresh values of every arm but `without` that has two or more: what the noise scale is pooled over. */
export function replicatedValues(campaign: Campaign, without: readonly string[] = []): number[][] {
  const { baseline, replicates } = campaign;
  const ids = new Set([...(baseline === null ? [] : [baseline]), ...replicates.keys()]);
  return [...ids]
    .filter((id) => !without.includes(id))
    .map((id) => valuesOf(armOf(campaign, id)))
    .filter(({ length }) => length >= 2);
}

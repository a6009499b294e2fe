import type { Campaign, CampaignRun } from '../../core/campaign.js';
import type { LedgerRecord } from '../../core/ledger.js';
import { formatGain, formatValue } from '../../core/units.js';
import { appendLedger, readCampaign, readLedger } from '../../store/ledger.js';
import { appendMemory } from '../../store/memory.js';
import type { Project } from '../../store/project.js';
import { readState, updateState } from '../../store/state.js';
import type { Lab } from '../lab.js';

/** Ended and judged runs on which nobody has reflected yet, in the order of their ends. */
export function toReflect(campaign: Campaign): CampaignRun[] {
  return campaign.ended.flatMap((id) => {
    const run = campaign.runs.get(id);
    return run?.verdict == null || run.reflected || run.launch?.replicate !== undefined ? [] : [run];
  });
}

/** REFLECT without a model: what the verdict says becomes a decision and, for a best value, a key result. */
export function reflect(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  campaign: Campaign,
  run: CampaignRun,
): string {
  const at = new Date(lab.clock()).toISOString();
  const { ledger } = project.paths;
  const name = `E${run.id.slice(1)}`;
  const title = run.launch?.title ?? run.id;
  const verdict = run.verdict;
  const value = verdict?.value == null ? '' : `, ${run.end?.metric ?? 'value'}=${formatValue(verdict.value)}`;
  if (verdict?.kept && !campaign.results.some((result) => result.run === run.id)) {
    const gain = verdict.gain === null ? '' : ` (${verdict.status}, ${formatGain(verdict.gain)} vs baseline)`;
    appendLedger(ledger, { kind: 'result', at, run: run.id, text: `${name}: ${title}${value}${gain}` });
  }
  const text =
    verdict?.status === null
      ? `${name} is the baseline${value}`
      : `${name} (${title}) ${verdict?.kept ? 'kept as the best so far' : 'not kept'}: ${verdict?.reason ?? ''}`;
  appendLedger(ledger, { kind: 'decision', at, run: run.id, text });
  return text;
}

/** More entries than this never stand in the memory at once. */
const KEPT = 60;

/**
 * Brings MEMORY_LOG.md up to the ledger: entries that are not in it yet are added, each once, so that a kill between
 * the two files loses nothing and doubles nothing. What a person removed stays removed.
 */
export function projectMemory(project: Project): void {
  const { paths, config } = project;
  const entries = readLedger(paths.ledger).records.filter(
    (record): record is Extract<LedgerRecord, { kind: 'result' | 'decision' }> =>
      record.kind === 'result' || record.kind === 'decision',
  );
  const done = readState(paths.state).memory_applied;
  if (entries.length <= done) return;
  const pinned = pinnedRuns(project);
  const fresh = entries.slice(done);
  // After a lost state.json everything is fresh; of that, only what can still be in so small a file is gone through.
  const worth = fresh.filter(
    (entry, index) => fresh.length - index <= KEPT || pinned.includes(entry.run ?? ''),
  );
  for (const entry of worth) {
    const section = entry.kind === 'result' ? 'results' : 'decisions';
    const line = { section, at: new Date(entry.at), text: entry.text, run: entry.run ?? undefined } as const;
    appendMemory(paths.memory, line, config.memory, pinned);
  }
  updateState(paths.state, { memory_applied: entries.length });
}

/** Runs whose results memory never drops: the baseline and the best so far. */
function pinnedRuns({ paths }: Project): string[] {
  const { baseline, champion } = readCampaign(paths.ledger).campaign;
  return [baseline, champion].filter((id): id is string => id !== null);
}

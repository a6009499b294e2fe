import type { Campaign, CampaignRun } from '../../core/campaign.js';
import { after, entriesWritten } from '../../core/past.js';
import { clip, oneLine } from '../../core/text.js';
import { formatGain, formatValue } from '../../core/units.js';
import { appendLedger } from '../../store/ledger.js';
import { appendMemory } from '../../store/memory.js';
import type { Project } from '../../store/project.js';
import { readState, updateState } from '../../store/state.js';
import type { Lab } from '../lab.js';

/** What the leader adds to the program’s own words of a verdict. */
export interface Reflection {
  lesson: string;
  next?: string | undefined;
}

/**
 * What the verdict says becomes a decision and, for a best value, a key result. The words of the verdict are the
 * program’s in any case; a leader only adds what it learns from it.
 */
export function conclude(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  campaign: Campaign,
  run: CampaignRun,
  reflection: Reflection | null,
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
  const words =
    verdict?.status === null
      ? `${name} is the baseline${value}`
      : `${name} (${title}) ${verdict?.kept ? 'kept as the best so far' : 'not kept'}: ${verdict?.reason ?? ''}`;
  const lesson = clip(oneLine(reflection?.lesson ?? ''), 240);
  // An entry of the memory is clipped at its end: what the leader learned is not to be what is lost.
  const text = lesson === '' ? words : `${clip(words, 200)} Lesson: ${lesson}`;
  const next = clip(oneLine(reflection?.next ?? ''), 240);
  appendLedger(ledger, { kind: 'decision', at, run: run.id, text, ...(next === '' ? {} : { next }) });
  return text;
}

/** More entries than this never stand in the memory at once. */
const KEPT = 60;

/**
 * Brings MEMORY_LOG.md up to the ledger: entries that are not in it yet are added, each once, so that a kill between
 * the two files loses nothing and doubles nothing. What a person removed stays removed.
 */
export function projectMemory({ paths, config }: Project, campaign: Campaign): void {
  const written = entriesWritten(campaign);
  const done = readState(paths.state).memory_applied;
  if (written <= done) return;
  const pinned = pinnedRuns(campaign);
  const fresh = after(campaign.entries, written, done);
  // After a lost state.json everything is fresh; of that, only what can still be in so small a file is gone through.
  const worth = fresh.filter(
    (entry, index) => fresh.length - index <= KEPT || pinned.includes(entry.run ?? ''),
  );
  for (const entry of worth) {
    const section = entry.kind === 'result' ? 'results' : 'decisions';
    const line = { section, at: new Date(entry.at), text: entry.text, run: entry.run ?? undefined } as const;
    appendMemory(paths.memory, line, config.memory, pinned);
  }
  updateState(paths.state, { memory_applied: written });
}

/** Runs whose results memory never drops: the baseline and the best so far. */
function pinnedRuns({ baseline, champion }: Campaign): string[] {
  return [baseline, champion].filter((id): id is string => id !== null);
}

import type { Campaign } from '../../core/campaign.js';
import type { RunRecord } from '../../core/run-record.js';
import { isUndecided } from '../../core/run-record.js';
import { clip, oneLine } from '../../core/text.js';
import type { Overview } from '../../core/view.js';
import { isPaused } from '../loop/directives.js';
import { budgetText, type Tone } from '../views/report-words.js';

/** Something that only a person can do, the most pressing first. */
export interface Need {
  text: string;
  tone: Tone;
  /** The run that it is about. */
  run: string | null;
}

const MOST = 6;
/** Endings that say something is wrong here and now, in the newest runs. */
const RECENT = 8;

/** What needs a person now. Empty = nothing. */
export function needsOf(overview: Overview, campaign: Campaign, records: readonly RunRecord[]): Need[] {
  const need = (text: string, tone: Tone = 'maybe', run: string | null = null): Need => ({
    text: clip(oneLine(text), 260),
    tone,
    run,
  });
  const open = overview.runs.filter((run) => run.state !== 'ended');
  const bad = overview.runs.slice(-RECENT).filter((run) => isBroken(run.ending));
  const everyOne = overview.runs.length >= 3 && overview.runs.slice(-3).every((run) => isBroken(run.ending));
  const needs = [
    ...overview.warnings.map((text) => need(text)),
    ...(everyOne
      ? [
          need(
            'The last three runs all failed: look at why before more is tried.',
            'bad',
            bad.at(-1)?.id ?? null,
          ),
        ]
      : []),
    ...(isPaused(campaign) ? [need('The loop is paused: nothing new is launched until it is resumed.')] : []),
    ...(overview.directive === null
      ? []
      : [need(`A directive waits to be acted on: ${overview.directive}`, 'plain')]),
    ...open.flatMap((run) => (run.note === null ? [] : [need(`${run.id}: ${run.note}`, 'maybe', run.id)])),
    ...overview.runs
      .filter((run) => run.flags.length > 0 && run.verdict !== 'rejected')
      .slice(-3)
      .map((run) => need(`Check ${run.id} before it is believed: ${run.flags[0] ?? ''}`, 'maybe', run.id)),
    ...spent(overview).map((text) => need(text)),
    ...(open.length === 0 && campaign.stopped !== null && !records.some(isUndecided)
      ? [need(`The campaign has stopped: ${campaign.stopped.reason}`, 'plain')]
      : []),
  ];
  return needs.slice(0, MOST);
}

const isBroken = (ending: string | null): boolean =>
  ending === 'failed' || ending === 'oom' || ending === 'lost';

function spent(overview: Overview): string[] {
  return overview.budgets
    .filter(({ used, limit }) => limit !== null && used >= limit)
    .map((budget) => `A budget is used up: ${budgetText(budget)}.`);
}

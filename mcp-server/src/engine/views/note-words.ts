import { apply, type Campaign, replay } from '../../core/campaign.js';
import { escapeMarkdown } from '../../core/escape.js';
import type { LedgerRecord } from '../../core/ledger.js';
import { clip, oneLine } from '../../core/text.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';
import type { Overview } from '../../core/view.js';
import { deadWords, nextSteps, type ReceiptLine, receiptOf, receiptWords } from './receipt.js';
import {
  budgetText,
  certaintyText,
  countText,
  headlineOf,
  progressText,
  targetWord,
  timeText,
} from './report-words.js';

const md = (text: string): string => escapeMarkdown(clip(oneLine(text), 400));
const DECISIONS = 3;
const IDEAS = 10;

/** The project at a glance, as a note. */
export function dashboardNote(overview: Overview, at: Date): string {
  const headline = headlineOf(overview);
  const { confirmed, inconclusive, dead, question } = receiptOf(overview);
  const active = overview.runs.filter((run) => overview.running.includes(run.id));
  const ideas = (lines: readonly ReceiptLine[]): string[] => [
    ...lines.slice(0, IDEAS).map((line) => `${line.run} ${line.title}: ${receiptWords(line)}`),
    ...(lines.length > IDEAS ? [`and ${lines.length - IDEAS} more, in the report`] : []),
  ];
  return [
    `# ${md(overview.project)}`,
    ...(overview.goal === '' ? [] : [`> ${md(overview.goal)}`]),
    `**${md(headline.text)}**${headline.trust === null ? '' : `\n${md(headline.trust)}`}`,
    bullets([
      question === null ? 'Nothing needs you now.' : `Needs you: ${question}`,
      targetWord(overview)?.text ?? null,
      `Now: ${overview.status}`,
      countText(overview.runs),
      certaintyText(overview.certainty),
      overview.directive === null ? null : `Directive that waits: ${overview.directive}`,
      `Written ${timeText(at)}, after cycle ${overview.cycle}`,
    ]),
    section(
      'Running now',
      active.map((run) => `${run.id} ${run.title}: ${progressText(run)}`),
    ),
    section('Confirmed', ideas(confirmed)),
    section('Inconclusive', ideas(inconclusive)),
    section('Dead', dead.length === 0 ? [] : [deadWords(dead)]),
    section(
      'Decisions',
      overview.decisions.slice(-DECISIONS).map((one) => one.text),
    ),
    section('Budgets', overview.budgets.map(budgetText)),
    section('Next', nextSteps(overview)),
    section('Warnings', overview.warnings),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function bullets(lines: readonly (string | null)[]): string {
  return lines
    .filter((line) => line !== null)
    .map((line) => `- ${md(line)}`)
    .join('\n');
}

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `## ${title}\n\n${bullets(lines)}`;

/** One entry of a daily note. `key` is in the note too: it shows what stands there already. */
export interface DailyEntry {
  key: string;
  at: Date;
  text: string;
}

/** What is worth a line in the daily note, of each record of the ledger; null for the others. Times are those of this computer. */
export function dailyEntries(records: readonly LedgerRecord[], id: string): (DailyEntry | null)[] {
  const campaign = replay([]);
  return records.map((record) => {
    apply(campaign, record);
    const said = wordsOf(campaign, record);
    if (said === null) return null;
    const at = new Date(record.at);
    const key = `^ae-${id}-${said.about}`;
    return { key, at, text: `- ${clockOf(at)} ${said.words} ${key}` };
  });
}

/** `about` makes the key: letters, digits and dashes, as the id of a block in Obsidian may have. */
function wordsOf(campaign: Campaign, record: LedgerRecord): { about: string; words: string } | null {
  const title = (id: string): string => md(campaign.runs.get(id)?.launch?.title ?? '');
  const stamp = record.at.replace(/\D/g, '');
  switch (record.kind) {
    case 'verdict': {
      const run = campaign.runs.get(record.run);
      if (run?.launch?.replicate !== undefined) return null;
      const end = run?.end;
      const value = end?.metric == null ? '' : `, ${md(end.metric)} ${formatValue(record.value)}`;
      const status = record.status ?? 'baseline';
      const gain =
        record.gain === null || record.status === null ? '' : `, ${formatGain(record.gain)} to the baseline`;
      const what = `${end?.ending ?? 'ended'} after ${formatDuration(end?.duration_s ?? null)}${value}`;
      return {
        about: `${record.run}-verdict`,
        words: `**${record.run}** ${title(record.run)}: ${what}; ${record.kept ? `**${status}**` : status}${gain}`,
      };
    }
    case 'withdraw':
      return {
        about: `${record.run}-withdrawn`,
        words: `**${record.run}** is not the best any more, ${record.to} is: ${md(record.reason)}`,
      };
    case 'decision':
      return { about: `${record.run ?? 'all'}-decision-${stamp}`, words: `decision: ${md(record.text)}` };
    case 'directive':
      return record.state === 'taken'
        ? { about: `directive-${stamp}`, words: `directive taken: ${md(record.text)}` }
        : null;
    case 'stop':
      return { about: `stop-${stamp}`, words: `**the campaign has ended**: ${md(record.reason)}` };
    default:
      return null;
  }
}

const two = (number: number): string => String(number).padStart(2, '0');
const clockOf = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;

/** `2026-11-25`, the day of this computer's clock: a daily note is about a person's day. */
export const dayOf = (at: Date): string =>
  `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

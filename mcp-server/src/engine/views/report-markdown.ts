import { showCommand } from '../../core/command.js';
import { codeBlock, codeSpan, escapeMarkdown, escapeXml } from '../../core/escape.js';
import type { RunView } from '../../core/run.js';
import { markdownTable } from '../../core/table.js';
import { oneLine } from '../../core/text.js';
import { formatDuration, formatValue } from '../../core/units.js';
import type { Overview } from '../../core/view.js';
import { BILL_HEADER, billLines, billRows } from './bill-rows.js';
import {
  costWords,
  deadWords,
  gainWords,
  nextSteps,
  RECEIPT_LINES,
  type ReceiptLine,
  receiptOf,
  seedWords,
} from './receipt.js';
import {
  budgetText,
  certaintyText,
  countText,
  endingWord,
  gainText,
  headlineOf,
  metricLabel,
  progressText,
  targetWord,
  timeText,
  troubled,
  troubleWord,
  valueText,
  verdictWord,
  whyOf,
} from './report-words.js';

interface Picture {
  name: string;
  alt: string;
}

/** The report as GitHub-flavoured Markdown. Everything that others wrote is escaped. */
export function reportMarkdown(overview: Overview, pictures: readonly Picture[], at: Date): string {
  const { runs, running } = overview;
  const headline = headlineOf(overview);
  const trouble = troubled(runs);
  const active = runs.filter((run) => running.includes(run.id));
  const sections: (string | null)[] = [
    `# ${md(overview.project)}: experiment report`,
    overview.goal === '' ? null : `> ${md(overview.goal)}`,
    `**${md(headline.text)}**${headline.trust === null ? '' : `\n${md(headline.trust)}`}`,
    receiptSections(overview),
    section(
      'State',
      bullets([
        countText(runs),
        targetWord(overview)?.text ?? null,
        certaintyText(overview.certainty),
        overview.early_kills,
        overview.calibration === null ? null : `Predictions: ${overview.calibration}`,
        `Now: ${overview.status}`,
        overview.directive === null ? null : `Directive that waits: ${overview.directive}`,
        `Written ${timeText(at)}, after cycle ${overview.cycle}`,
      ]),
    ),
    section('Warnings', bullets(overview.warnings)),
    pictures.map((picture) => `![${md(picture.alt)}](${picture.name})`).join('\n') || null,
    section(
      'What to look at, and why',
      bullets([
        ...trouble.shown.map((run) => `${run.id} ${run.title}: ${troubleWord(run).text}: ${whyOf(run)}`),
        trouble.more,
      ]),
    ),
    section('Running now', bullets(active.map((run) => `${run.id} ${run.title}: ${progressText(run)}`))),
    section('Runs', runs.length === 0 ? null : runTable(overview)),
    section('What was learnt', bullets(overview.insights.map((one) => `${timeText(one.at)}: ${one.text}`))),
    section('Next steps', bullets(nextSteps(overview))),
    section('Budgets', bullets(overview.budgets.map(budgetText))),
    section('Cost of the models', billSection(overview)),
    section('Decisions', bullets(overview.decisions.map((one) => `${timeText(one.at)}: ${one.text}`))),
    section('Each run', runs.map((run) => runDetails(run, overview)).join('\n\n') || null),
  ];
  return `${sections.filter((part) => part !== null).join('\n\n')}\n`;
}

const md = escapeMarkdown;

/** The first thing to read in the morning: what needs a person, and what every idea came to and cost. */
function receiptSections(overview: Overview): string | null {
  const { confirmed, inconclusive, dead, question } = receiptOf(overview);
  if (overview.runs.length === 0) return null;
  const header = ['run', 'what it tried', 'verdict', 'gain (95 %)', 'seeds', 'cost'];
  const row = (line: ReceiptLine): string[] => [
    line.run,
    line.title,
    line.word,
    gainWords(line),
    seedWords(line),
    costWords(line),
  ];
  const table = (lines: readonly ReceiptLine[]): string | null =>
    lines.length === 0
      ? null
      : markdownTable([header, ...lines.map(row)], ['left', 'left', 'left', 'right', 'right', 'right']);
  const parts = [
    section('Needs you', md(question ?? 'Nothing needs you now.')),
    section('Confirmed', table(confirmed) ?? 'Nothing is confirmed.'),
    section('Inconclusive', table(inconclusive.slice(0, RECEIPT_LINES))),
    section('Dead', dead.length === 0 ? null : md(`${deadWords(dead)}; each with its reason below.`)),
  ];
  return parts.filter((part) => part !== null).join('\n\n');
}

function section(title: string, body: string | null): string | null {
  return body === null ? null : `## ${title}\n\n${body}`;
}

function bullets(lines: readonly (string | null)[]): string | null {
  const known = lines.filter((line) => line !== null);
  return known.length === 0 ? null : known.map((line) => `- ${md(line)}`).join('\n');
}

function runTable(overview: Overview): string {
  const header = ['run', 'what it tried', 'ending', metricLabel(overview), 'vs baseline', 'verdict', 'time'];
  const rows = overview.runs.map((run) => [
    run.id,
    run.title,
    endingWord(run).text,
    valueText(run),
    gainText(run, overview.baseline),
    verdictWord(run, overview.baseline).text,
    formatDuration(run.duration_s),
  ]);
  return markdownTable([header, ...rows], ['left', 'left', 'left', 'right', 'right', 'left', 'right']);
}

function billSection(overview: Overview): string | null {
  const { bill } = overview;
  if (bill === null) return null;
  const table = markdownTable(
    [BILL_HEADER, ...billRows(bill)],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  );
  return [bullets(billLines(overview)), table].join('\n\n');
}

function runDetails(run: RunView, overview: Overview): string {
  const verdict = verdictWord(run, overview.baseline).text;
  const summary = `${run.id} ${run.title} (${endingWord(run).text}, ${verdict})`;
  const metrics = Object.entries(run.metrics).map(([name, one]) => [
    name,
    formatValue(one.last),
    one.best === null ? '–' : formatValue(one.best),
    one.step === null ? '–' : String(one.step),
  ]);
  const parts: (string | null)[] = [
    `<details><summary>${escapeXml(oneLine(summary))}</summary>`,
    `Command: ${codeSpan(showCommand(run.command))}`,
    run.verdict_reason === null ? null : `Verdict: ${md(run.verdict_reason)}`,
    run.evidence.length === 0 ? null : `Evidence:\n\n${codeBlock(run.evidence.join('\n'))}`,
    metrics.length === 0
      ? 'No metric was seen.'
      : markdownTable([['metric', 'last', 'best', 'at'], ...metrics], ['left', 'right', 'right', 'right']),
    `Log: ${codeSpan(run.log)}`,
    '</details>',
  ];
  return parts.filter((part) => part !== null).join('\n\n');
}

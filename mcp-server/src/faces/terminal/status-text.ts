import { money, tokenWords } from '../../core/bill.js';
import type { RunView } from '../../core/run.js';
import { textTable } from '../../core/table.js';
import { clip } from '../../core/text.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';
import type { Overview, Standing } from '../../core/view.js';
import { billLines } from '../../engine/views/bill-rows.js';
import { certaintyText } from '../../engine/views/report-words.js';
import { progressLine, standOf, verdictOf } from './run-lines.js';
import type { Style } from './style.js';

export interface StatusLayout {
  width: number;
  /** Most rows of the table of runs. */
  rows: number;
  style: Style;
}

/** The read model as calm text for a terminal; complete without colour. */
export function statusText(view: Overview, { width, rows, style }: StatusLayout): string[] {
  const cut = (text: string): string => clip(text, Math.max(20, width - 1));
  const lines = [`${style.bold(view.project)}  ${view.status}`];
  if (view.goal !== '') lines.push(style.dim(cut(view.goal)));
  if (view.metric !== null) {
    const target = view.metric.target === null ? '' : `, target ${formatValue(view.metric.target)}`;
    lines.push(cut(`metric    ${view.metric.name} (${view.metric.direction}${target})`));
  }
  if (view.baseline !== null) lines.push(cut(`baseline  ${standingWords(view.baseline)}`));
  if (view.best !== null && view.best.run !== view.baseline?.run)
    lines.push(style.good(cut(`best      ${standingWords(view.best)}`)));
  const certainty = certaintyText(view.certainty);
  if (certainty !== null) lines.push(style.dim(cut(certainty)));
  const limits = view.budgets
    .filter((budget) => budget.limit !== null)
    .map((budget) => budgetWords(budget.name, budget.used, budget.limit ?? 0));
  if (limits.length > 0) lines.push(cut(`budget    ${limits.join(' · ')}`));
  for (const [index, line] of billLines(view).entries())
    lines.push(style.dim(cut(`${index === 0 ? 'bill      ' : '          '}${line}`)));
  if (view.directive !== null)
    lines.push(style.warn(cut(`directive ${view.directive.replaceAll('\n', ' ')}`)));
  for (const warning of view.warnings) lines.push(style.warn(cut(`warning   ${warning}`)));

  const open = view.runs.filter((run) => run.state !== 'ended');
  if (open.length > 0) lines.push('', ...open.slice(0, 8).map((run) => progressLine(run, width, style)));
  const ended = view.runs.filter((run) => run.state === 'ended');
  if (ended.length > 0) lines.push('', ...runTable(ended.slice(-rows), width));
  if (ended.length > rows)
    lines.push(style.dim(`… ${ended.length - rows} earlier runs (status --json has all)`));
  const last = view.decisions.at(-1);
  if (last !== undefined) lines.push('', style.dim(cut(`last decision  ${last.text}`)));
  return lines;
}

/** Runs as a table that fits the width. */
export function runTable(runs: readonly RunView[], width: number): string[] {
  const table = textTable(
    runs.map((run) => [
      run.id,
      standOf(run),
      run.primary === null ? '–' : formatValue(run.primary.value),
      verdictOf(run),
      formatDuration(run.duration_s),
      run.title,
    ]),
    [
      { header: 'run' },
      { header: 'ending' },
      { header: runs.find((run) => run.primary !== null)?.primary?.name ?? 'value', align: 'right' },
      { header: 'verdict' },
      { header: 'time', align: 'right' },
      { header: 'what', flexible: true },
    ],
    width,
  );
  return table.split('\n');
}

/** A baseline or best run in words; a gain on one seed is said to be unconfirmed. */
export function standingWords(standing: Standing): string {
  const { gain, interval, seeds, verdict } = standing;
  const between =
    interval === null
      ? ''
      : ` (95 %: ${formatValue(short(interval[0]))} … ${formatValue(short(interval[1]))})`;
  const better = gain === null ? '' : `  ${formatGain(gain)}${between} to the baseline, ${verdict}`;
  const mean = seeds > 1 ? ` (mean of ${seeds} seeds)` : '';
  return `${formatValue(standing.value)}${mean}${better}  ${standing.run}  ${standing.title}`;
}

const short = (value: number): number => Number(value.toPrecision(3));

function budgetWords(name: string, used: number, limit: number): string {
  if (name === 'wall_clock') return `${formatDuration(used)} of ${formatDuration(limit)}`;
  if (name === 'usd') return `${money(used)} of ${money(limit)}`;
  if (name === 'tokens') return `${tokenWords(used)} of ${tokenWords(limit)} tokens`;
  return `${Number(used.toFixed(2))} of ${limit} ${name === 'runs' ? 'runs' : 'GPU-hours'}`;
}

import type { RunView } from '../../core/run.js';
import { textTable } from '../../core/table.js';
import { oneLine } from '../../core/text.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';
import type { Overview, Standing } from '../../core/view.js';
import { clipMiddle, clipToWidth, textWidth } from '../../core/width.js';
import { billLines } from '../../engine/views/bill-rows.js';
import { questionOf } from '../../engine/views/receipt.js';
import { budgetText, certaintyText, endingWord, verdictWord } from '../../engine/views/report-words.js';
import { painter, progressLine } from './run-lines.js';
import type { Style } from './style.js';

export interface StatusLayout {
  width: number;
  /** Most lines in all; without it, most rows of the table of runs are 30. */
  height?: number;
  style: Style;
  /** Curves of the primary metric of runs that go on, in a few signs, by the run. */
  sparks?: Readonly<Record<string, string>>;
}

/** Most runs that go on with a line of their own. */
const MOST_OPEN = 8;
const ROWS = 30;
/** Below this a table says less than its header. */
const FEWEST_ROWS = 3;

/** The read model as calm text for a terminal; complete without colour, no line wider than the terminal, no more lines than it has. */
export function statusText(view: Overview, layout: StatusLayout): string[] {
  const { width, height, style } = layout;
  const head = headLines(view, width, style);
  const open = view.runs.filter((run) => run.state !== 'ended');
  const ended = view.runs.filter((run) => run.state === 'ended');
  const last = view.decisions.at(-1);
  const foot = last === undefined ? [] : ['', style.dim(label('decided', oneLine(last.text), width))];
  const running =
    open.length === 0
      ? []
      : [
          '',
          ...open.slice(0, MOST_OPEN).map((run) => progressLine(run, width, style, layout.sparks?.[run.id])),
          ...(open.length > MOST_OPEN ? [style.dim(`… and ${open.length - MOST_OPEN} more that go on`)] : []),
        ];
  const left = (height ?? Number.POSITIVE_INFINITY) - head.length - running.length;
  // A blank line, the header, and the line that says how many there are.
  const room = (foot_: readonly string[]): number => left - foot_.length - 3;
  const shownFoot = room(foot) >= FEWEST_ROWS || ended.length === 0 ? foot : [];
  const rows = Math.min(ROWS, room(shownFoot));
  const table =
    ended.length === 0 || rows < 1
      ? []
      : [
          '',
          ...runTable(ended.slice(-rows), width, { style, baseline: view.baseline }),
          ...(ended.length > rows
            ? [
                style.dim(
                  clipToWidth(`… and ${ended.length - rows} before these (status --json has all)`, width - 1),
                ),
              ]
            : []),
        ];
  return [...head, ...running, ...table, ...shownFoot].slice(0, height);
}

const LABEL = 11;

/** `label      text`, cut to the width. */
const label = (name: string, text: string, width: number): string =>
  clipToWidth(`${name.padEnd(LABEL)}${text}`, Math.max(20, width - 1));

/** As `label`, on a second line where it does not fit on one: what needs a person is not cut short. */
function wrapped(name: string, text: string, width: number): string[] {
  const room = Math.max(20, width - 1) - LABEL;
  const words = oneLine(text).split(' ');
  let first = words.shift() ?? '';
  while (words.length > 0 && textWidth(`${first} ${words[0]}`) <= room) first += ` ${words.shift()}`;
  return [label(name, first, width), ...(words.length === 0 ? [] : [label('', words.join(' '), width)])];
}

function headLines(view: Overview, width: number, style: Style): string[] {
  const line = (name: string, text: string): string => label(name, oneLine(text), width);
  const name = clipMiddle(oneLine(view.project), Math.max(8, Math.floor(width / 3)));
  const lines = [
    `${style.bold(name)}  ${clipToWidth(oneLine(view.status), Math.max(8, width - 3 - textWidth(name)))}`,
  ];
  if (view.goal !== '') lines.push(style.dim(clipToWidth(oneLine(view.goal), Math.max(20, width - 1))));
  const question = questionOf(view);
  if (question !== null) lines.push(...wrapped('needs you', question, width).map((one) => style.warn(one)));
  if (view.metric !== null) {
    const target = view.metric.target === null ? '' : `, target ${formatValue(view.metric.target)}`;
    lines.push(line('metric', `${view.metric.name} (${view.metric.direction}${target})`));
  }
  if (view.baseline !== null) lines.push(line('baseline', standingWords(view.baseline)));
  if (view.best !== null && view.best.run !== view.baseline?.run) {
    const paint = view.best.verdict === 'confirmed' ? style.good : style.warn;
    lines.push(paint(line('best', standingWords(view.best))));
  }
  const certainty = certaintyText(view.certainty);
  if (certainty !== null)
    lines.push(style.dim(line('noise', certainty.replace(/^Noise from seed to seed: /, ''))));
  const limits = view.budgets.filter((budget) => budget.limit !== null).map(budgetText);
  if (limits.length > 0) lines.push(line('budgets', limits.join(' · ')));
  for (const [index, words] of billLines(view).entries())
    lines.push(style.dim(line(index === 0 ? 'bill' : '', words)));
  if (view.directive !== null) lines.push(style.warn(line('directive', view.directive)));
  for (const warning of view.warnings) lines.push(style.warn(line('warning', warning)));
  return lines;
}

/** Runs as a table that fits the width, in the words of the report. */
export function runTable(
  runs: readonly RunView[],
  width: number,
  { style, baseline }: { style: Style; baseline: Standing | null },
): string[] {
  const words = runs.map((run) => ({ ending: endingWord(run), verdict: verdictWord(run, baseline) }));
  const table = textTable(
    runs.map((run, row) => [
      run.id,
      words[row]?.ending.text ?? '',
      run.primary === null ? 'unknown' : formatValue(run.primary.value),
      words[row]?.verdict.text ?? '',
      formatDuration(run.duration_s),
      run.title,
    ]),
    [
      { header: 'run' },
      {
        header: 'ending',
        paint: (cell, row) => (words[row]?.ending.tone === 'bad' ? style.bad(cell) : cell),
      },
      {
        header: clipMiddle(
          oneLine(runs.find((run) => run.primary !== null)?.primary?.name ?? 'value'),
          width < 100 ? 12 : 24,
        ),
        align: 'right',
      },
      {
        header: 'verdict',
        paint: (cell, row) => painter(words[row]?.verdict ?? { text: '', tone: 'plain' }, style)(cell),
      },
      { header: 'time', align: 'right' },
      { header: 'what', flexible: true, cut: 'middle' },
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
      : ` (95 %: ${formatGain(short(interval[0]))} to ${formatGain(short(interval[1]))})`;
  const better = gain === null ? '' : `  ${verdict ?? ''}  ${formatGain(gain)}${between} to the baseline`;
  const mean = seeds > 1 ? `  mean of ${seeds} seeds` : '';
  return `${standing.run}  ${formatValue(standing.value)}${better}${mean}  ${standing.title}`;
}

const short = (value: number): number => Number(value.toPrecision(3));

import type { RunView } from '../../core/run.js';
import { oneLine } from '../../core/text.js';
import { formatDuration, formatValue } from '../../core/units.js';
import type { Standing } from '../../core/view.js';
import { clipMiddle, clipToWidth, textWidth } from '../../core/width.js';
import { endingWord, verdictWord, type Word } from '../../engine/views/report-words.js';
import type { Style } from './style.js';

/** A verdict and its reason, without saying the same word twice. */
export function verdictWords(verdict: string, reason: string): string {
  return reason.startsWith(verdict) ? reason : `${verdict}: ${reason}`;
}

/** Paints a word of the report as its tone says. The word stands without it. */
export function painter(word: Word, style: Style): (text: string) => string {
  const paints = { good: style.good, maybe: style.warn, bad: style.bad, plain: (text: string) => text };
  return paints[word.tone];
}

/** Where a running run is: `epoch 3/10`, `step 1200`, or nothing yet. */
function whereOf(run: RunView): string {
  const { progress } = run;
  if (progress === null) return '';
  const total = progress.total === null ? '' : `/${progress.total}`;
  if (progress.epoch !== null) return `epoch ${progress.epoch}${total}`;
  return progress.step === null ? '' : `step ${progress.step}${total}`;
}

/** The metrics of a run worth a line: the primary one first, then losses and the rest, a few of them. */
function metricWords(run: RunView, most: number): string {
  const first = run.primary?.name;
  const names = Object.keys(run.metrics).sort((a, b) => rank(a, first) - rank(b, first));
  return names
    .slice(0, most)
    .map((name) => `${clipMiddle(oneLine(name), 24)} ${formatValue(run.metrics[name]?.last ?? null)}`)
    .join('  ');
}

function rank(name: string, primary: string | undefined): number {
  return name === primary ? 0 : /val|eval|test/i.test(name) ? 1 : /loss/i.test(name) ? 2 : 3;
}

/** One line for a run that goes on, no wider than `width`. `spark`: its curve so far, in a few signs. */
export function progressLine(run: RunView, width: number, style: Style, spark = ''): string {
  const room = Math.max(20, width - 1);
  const state = run.state === 'running' ? '' : run.state;
  const facts = (metrics: number): string =>
    [state, formatDuration(run.duration_s), whereOf(run), metricWords(run, metrics), spark, run.note ?? '']
      .filter((part) => part !== '' && part !== '–')
      .join('  ');
  // The name gives way first, then all but the primary metric.
  const long = facts(3);
  const said = textWidth(`${run.id}  ${long}`) + 14 <= room ? long : facts(1);
  const left = room - textWidth(`${run.id}    ${said}`);
  const title = left < 8 ? '' : `  ${clipMiddle(oneLine(run.title), left)}`;
  const plain = clipToWidth(`${run.id}${title}  ${said}`, room);
  return plain.startsWith(run.id) ? style.accent(run.id) + plain.slice(run.id.length) : plain;
}

/** One line for a run that has ended, no wider than `width`. */
export function endedLine(run: RunView, width: number, style: Style): string {
  const value = run.primary === null ? '' : `${run.primary.name} ${formatValue(run.primary.value)}`;
  const [ending, verdict]: [Word, Word] = [endingWord(run), verdictWord(run, null)];
  const head = [run.id, ending.text, value, verdict.text].filter((part) => part !== '');
  const room = width - textWidth(head.join('  ')) - 3;
  const tail = room < 4 ? '' : clipMiddle(`${formatDuration(run.duration_s)}  ${oneLine(run.title)}`, room);
  const painted = head.map((part, index) =>
    index === 0 ? style.bold(part) : part === verdict.text ? painter(verdict, style)(part) : part,
  );
  return [...painted, ...(tail === '' ? [] : [style.dim(tail)])].join('  ');
}

/** What the keep rule says of a run, as the report says it. */
export const verdictText = (run: RunView, baseline: Standing | null = null): string =>
  verdictWord(run, baseline).text;

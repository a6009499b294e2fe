import type { RunView } from '../../core/run.js';
import { clip } from '../../core/text.js';
import { formatDuration, formatValue } from '../../core/units.js';
import type { Style } from './style.js';

/** How a run stands, in one word or two. */
export function standOf(run: RunView): string {
  if (run.state !== 'ended') return run.state;
  return run.ending ?? 'ended';
}

/** What the keep rule says of it; the baseline has no verdict. */
export function verdictOf(run: RunView): string {
  if (run.verdict !== null) return run.verdict;
  if (run.replicate_of !== null) return `seed of ${run.replicate_of}`;
  if (run.state === 'ended' && run.verdict_reason === null) return 'pending';
  return run.role === 'baseline' && run.state === 'ended' && run.verdict_reason !== null ? 'baseline' : '–';
}

/** A verdict and its reason, without saying the same word twice. */
export function verdictWords(verdict: string, reason: string): string {
  return reason.startsWith(verdict) ? reason : `${verdict}: ${reason}`;
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
    .map((name) => `${name} ${formatValue(run.metrics[name]?.last ?? null)}`)
    .join('  ');
}

function rank(name: string, primary: string | undefined): number {
  return name === primary ? 0 : /val|eval|test/i.test(name) ? 1 : /loss/i.test(name) ? 2 : 3;
}

/** One line for a run that goes on. */
export function progressLine(run: RunView, width: number, style: Style): string {
  const where = [formatDuration(run.duration_s), whereOf(run), metricWords(run, 3), run.note ?? ''].filter(
    (part) => part !== '',
  );
  const plain = clip(`${run.id}  ${run.title}  ${where.join('  ')}`, Math.max(20, width - 1));
  return plain.startsWith(run.id) ? style.accent(run.id) + plain.slice(run.id.length) : plain;
}

/** One line for a run that has ended, no wider than `width`. */
export function endedLine(run: RunView, width: number, style: Style): string {
  const value = run.primary === null ? '' : `${run.primary.name} ${formatValue(run.primary.value)}`;
  const verdict = verdictOf(run);
  const paint =
    verdict === 'confirmed' || verdict === 'baseline'
      ? style.good
      : verdict === 'unconfirmed'
        ? style.warn
        : verdict === 'crash'
          ? style.bad
          : style.dim;
  const head = [run.id, standOf(run), value, verdict].filter((part) => part !== '');
  const room = Math.max(0, width - head.join('  ').length - 3);
  const tail = clip(`${formatDuration(run.duration_s)}  ${run.title}`, room);
  const painted = head.map((part, index) =>
    index === 0 ? style.bold(part) : part === verdict ? paint(part) : part,
  );
  return [...painted, style.dim(tail)].join('  ');
}

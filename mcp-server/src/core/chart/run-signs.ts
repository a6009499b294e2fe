import type { VerdictStatus } from '../run.js';
import { el, short } from './svg.js';

export interface ChartedRun {
  id: string;
  title: string;
  /** Its place along the x axis. */
  number: number;
  /** Null when the metric was not seen: unknown, never 0. */
  value: number | null;
  role: 'baseline' | 'candidate';
  verdict: VerdictStatus | null;
  /** It ended without a value that counts; drawn as a cross below the plot. */
  failed: boolean;
  running?: boolean;
  /** What is known of it on fresh seeds, and its 95 % interval; absent for a run that is not confirmed. */
  known?: { value: number; interval: readonly [number, number] | null } | null;
}

export const SIGNS = [
  'baseline',
  'confirmed',
  'unconfirmed',
  'inconclusive',
  'rejected',
  'unjudged',
  'running',
  'above',
  'below',
  'failed',
] as const;

/** How a run is drawn. `above` and `below`: its value lies outside of the picture. */
export type Sign = (typeof SIGNS)[number];

export const SIGN_WORDS: Record<Sign, string> = {
  baseline: 'baseline',
  confirmed: 'confirmed',
  unconfirmed: 'better, unconfirmed',
  inconclusive: 'inconclusive',
  rejected: 'not better than the best',
  unjudged: 'not judged yet',
  running: 'running',
  above: 'above the picture',
  below: 'below the picture',
  failed: 'failed or no value',
};

/** Whether a run has a value that can be compared. */
export function counts(run: ChartedRun): run is ChartedRun & { value: number } {
  const void_ = run.failed || run.verdict === 'crash' || run.verdict === 'invalid';
  return !void_ && run.value !== null && Number.isFinite(run.value);
}

/** The sign of a run whose value lies inside of the picture. */
export function signOf(run: ChartedRun): Sign {
  if (run.running === true) return 'running';
  if (!counts(run)) return 'failed';
  if (run.role === 'baseline') return 'baseline';
  if (run.verdict === null) return 'unjudged';
  return run.verdict === 'crash' || run.verdict === 'invalid' ? 'failed' : run.verdict;
}

/** Shape and fill tell the signs apart without colour; only what is confirmed is full and green. */
export function drawSign(sign: Sign, x: number, y: number, r: number): string {
  const path = (d: string, style: string) =>
    el('path', { d: `M${short(x)} ${short(y)}${d}`, class: 'line', style });
  const hollow = (colour: string, dash?: string) => {
    const look = {
      class: 'paper',
      style: `stroke:var(${colour})`,
      'stroke-width': 2,
      'stroke-dasharray': dash,
    };
    return el('circle', { cx: x, cy: y, r, ...look });
  };
  const a = short(r - 0.8);
  switch (sign) {
    case 'baseline':
      return el('rect', { x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: 1, style: 'fill:var(--ink)' });
    case 'confirmed':
      return el('circle', { cx: x, cy: y, r: r + 1, style: 'fill:var(--good)' });
    case 'unconfirmed':
      return hollow('--maybe');
    case 'inconclusive':
      return hollow('--c7');
    case 'unjudged':
      return hollow('--c0');
    case 'running':
      return hollow('--c0', '2 2');
    case 'rejected':
      return el('circle', { cx: x, cy: y, r: r - 1, style: 'fill:var(--c7)' });
    case 'above':
      return path(`m-${a} ${a}l${a} -${a}l${a} ${a}`, 'stroke:var(--c7)');
    case 'below':
      return path(`m-${a} -${a}l${a} ${a}l${a} -${a}`, 'stroke:var(--c7)');
    case 'failed':
      return path(
        `m-${a} -${a}l${2 * Number(a)} ${2 * Number(a)}m0 -${2 * Number(a)}l-${2 * Number(a)} ${2 * Number(a)}`,
        'stroke:var(--bad)',
      );
  }
}

import { clipToWidth, textWidth } from '../width.js';
import type { Scale } from './scale.js';
import { el, text, tooltip } from './svg.js';
import { formatTick } from './ticks.js';

export interface LegendEntry {
  label: string;
  /** Markup of a sign of 22 × 12 pixels around (0, 0). */
  sign: string;
}

export interface FrameOptions {
  width: number;
  /** With a legend of one row; each further row adds its own height. */
  height: number;
  title: string;
  xLabel: string;
  yLabel: string;
  x: Scale;
  y: Scale;
  legend: readonly LegendEntry[];
  /** Room below the plot for signs of values that are unknown. */
  gutter?: number;
}

export interface Frame {
  markup: string;
  /** Height of the whole image. */
  total: number;
  left: number;
  top: number;
  width: number;
  height: number;
  px(x: number): number;
  py(y: number): number;
}

const CELL = 6.6;
const ROW = 19;
const MAX_LABEL = 44;
/** Far outside is far outside: coordinates stay small enough for every viewer. */
const near = (share: number): number => Math.min(Math.max(share, -20), 21);

/** Title, legend, axes and grid; and where values lie in pixels. */
export function drawFrame(options: FrameOptions): Frame {
  const { width, title, x, y } = options;
  const legend = layLegend(options.legend, width - 32);
  const total = options.height + Math.max(0, legend.rows - 1) * ROW;
  const labels = y.ticks.map(formatTick);
  const left = 36 + Math.max(16, ...labels.map((label) => label.length * CELL));
  const top = 44 + legend.rows * ROW;
  const inner = { width: width - left - 18, height: total - top - 46 - (options.gutter ?? 0) };
  const px = (value: number) => left + x.at(value) * inner.width;
  const py = (value: number) => top + (1 - near(y.at(value))) * inner.height;
  const bottom = top + inner.height + (options.gutter ?? 0);
  const right = left + inner.width;
  const parts = [
    text(16, 24, clipToWidth(title, Math.floor((width - 32) / 7.8)), { class: 'head' }),
    el('g', { transform: 'translate(16 44)' }, legend.markup || el('g', {})),
    ...y.ticks.map((tick, index) => {
      const at = py(tick);
      const label = text(left - 8, at + 4, labels[index] ?? '', { 'text-anchor': 'end' });
      return el('line', { class: 'grid', x1: left, x2: right, y1: at, y2: at }) + label;
    }),
    el('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    ...x.ticks.map((tick) => {
      const mark = el('line', { class: 'axis', x1: px(tick), x2: px(tick), y1: bottom, y2: bottom + 4 });
      return mark + text(px(tick), bottom + 18, formatTick(tick), { 'text-anchor': 'middle' });
    }),
    text(right, bottom + 36, options.xLabel, { 'text-anchor': 'end' }),
    options.yLabel === ''
      ? ''
      : text(0, 0, clipToWidth(options.yLabel, Math.floor(inner.height / CELL)), {
          transform: `translate(17 ${top}) rotate(-90)`,
          'text-anchor': 'end',
        }),
  ];
  return { markup: parts.join(''), total, left, top, ...inner, px, py };
}

function layLegend(entries: readonly LegendEntry[], room: number): { markup: string; rows: number } {
  let x = 0;
  let row = 0;
  const drawn = entries.map((entry) => {
    const label = clipToWidth(entry.label, Math.min(MAX_LABEL, Math.floor((room - 30) / CELL)));
    const needed = 30 + textWidth(label) * CELL;
    if (x > 0 && x + needed > room) {
      x = 0;
      row += 1;
    }
    const sign = el('g', { transform: `translate(${Math.round(x) + 11} ${row * ROW - 4})` }, entry.sign);
    const named = el('g', {}, tooltip(entry.label) + text(x + 28, row * ROW, label, { class: 'key' }));
    x += needed + 16;
    return sign + named;
  });
  return { markup: drawn.join(''), rows: entries.length === 0 ? 0 : row + 1 };
}

/** Draws only inside of the plot. A nested image cuts off what leaves it, and needs no name that could clash. */
export function inside(frame: Frame, markup: string): string {
  const { left, top, width, height } = frame;
  const box = { x: left, y: top - 6, width: width + 6, height: height + 12 };
  if (markup === '') return '';
  return el('svg', { ...box, viewBox: `${box.x} ${box.y} ${box.width} ${box.height}` }, markup);
}

/** Said in the middle of a plot that has nothing to show. */
export function emptyNote(frame: Frame, note: string): string {
  const [x, y] = [frame.left + frame.width / 2, frame.top + frame.height / 2];
  return text(x, y, note, { 'text-anchor': 'middle' });
}

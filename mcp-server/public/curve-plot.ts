import { makeScale } from '../src/core/chart/scale.js';
import type { Thinned } from '../src/core/chart/thin.js';
import type { DrawnCurve } from '../src/engine/board/curves.js';
import { drawAxes, inside, type Sheet } from './axes.js';
import { el, fill } from './dom.js';
import { place } from './tip.js';

/** How a run’s curves are drawn, in every picture alike. */
export interface Look {
  colour: string;
  dash: number[];
}

interface Shown {
  curve: DrawnCurve;
  look: Look;
}

export interface CurvePlot {
  element: HTMLElement;
  show(curves: readonly Shown[], options: Options): void;
  redraw(): void;
  width(): number;
}

/** A range of x; null = all of it. */
export type Range = readonly [from: number, to: number] | null;

interface Options {
  log: boolean;
  xLabel: string;
  range: Range;
}

const HEIGHT = 280;
const FEWEST = 6;

/** Curves on a canvas. Dragging over a part, or + and −, asks for that part; arrows move the cross-hair. */
export function createCurvePlot(label: string, zoom: (range: Range) => void): CurvePlot {
  const canvas = el('canvas', { at: { 'aria-hidden': 'true' } });
  const tip = el('div', { class: 'tip', at: { hidden: true } });
  const hair = el('div', { class: 'hair', at: { hidden: true } });
  const band = el('div', { class: 'band', at: { hidden: true } });
  const read = el('output', { class: 'hidden' });
  const element = el(
    'div',
    {
      class: 'plot',
      at: {
        tabindex: 0,
        role: 'group',
        'aria-label': `${label}. Left and right read the values, plus and minus zoom, 0 shows all.`,
      },
    },
    canvas,
    band,
    hair,
    tip,
    read,
  );
  let curves: readonly Shown[] = [];
  let options: Options = { log: false, xLabel: 'step', range: null };
  let sheet: Sheet | null = null;
  let range: [number, number] = [0, 1];
  let at: number | null = null;
  let drag: number | null = null;

  const redraw = (): void => {
    const visible = curves.map((one) => ({ ...one, line: one.curve.smooth ?? one.curve.raw }));
    const xs = visible.flatMap(({ line }) => line.x);
    const ys = visible.flatMap(({ line, curve }) =>
      curve.smooth === null ? line.y : [...line.y, ...curve.raw.y],
    );
    range = options.range === null ? [min(xs), max(xs)] : [options.range[0], options.range[1]];
    sheet = drawAxes(canvas, HEIGHT, {
      x: makeScale([range[0], range[1]].filter(Number.isFinite), {
        count: Math.max(3, canvas.clientWidth / 90),
        whole: xs.every(Number.isInteger),
      }),
      y: makeScale(
        ys.filter((y) => y !== null),
        { count: HEIGHT / 55, log: options.log, pad: 0.05, robust: true },
      ),
      xLabel: options.xLabel,
      yLabel: '',
    });
    if (sheet === null) return;
    const now = sheet;
    if (xs.length === 0) {
      now.draw.textAlign = 'center';
      now.draw.fillStyle = now.colour('--soft');
      now.draw.fillText(
        curves.some(({ curve }) => curve.reading) ? 'reading …' : 'no values',
        now.left + now.width / 2,
        now.top + now.height / 2,
      );
      return;
    }
    inside(now, () => {
      for (const { curve, look } of visible.toReversed()) {
        if (curve.smooth !== null) stroke(now, curve.raw, look, 0.28, options.log);
        stroke(now, curve.smooth ?? curve.raw, look, 1, options.log);
      }
    });
  };

  const lookAt = (x: number | null, y = 20): void => {
    at = x;
    hair.hidden = tip.hidden = x === null || sheet === null;
    if (x === null || sheet === null) return;
    const found = curves.flatMap((one) => {
      const line = one.curve.smooth ?? one.curve.raw;
      const index = closest(line.x, x);
      const value = line.y[index];
      return value == null ? [] : [{ ...one, x: line.x[index] ?? x, value }];
    });
    // On the nearest point, so that what is read is what was measured.
    const on =
      found.reduce<number | null>(
        (best, one) => (best === null || Math.abs(one.x - x) < Math.abs(best - x) ? one.x : best),
        null,
      ) ?? x;
    const px = sheet.px(on);
    hair.style.left = `${px}px`;
    hair.style.height = `${sheet.height}px`;
    hair.style.top = `${sheet.top}px`;
    const rows = found.slice(0, 12).map(({ curve, look, value }) => {
      const swatch = el('i', { class: look.dash.length > 0 ? 'dashed' : '' });
      swatch.style.borderColor = look.colour;
      return el('div', { class: 'tip-row' }, swatch, `${curve.run} ${short(value)}`);
    });
    const more = found.length > 12 ? el('div', { class: 'soft' }, `and ${found.length - 12} more`) : null;
    fill(tip, el('div', { class: 'soft' }, `${options.xLabel} ${short(on)}`), ...rows, more);
    place(tip, element, px, y + 40);
    read.textContent = `${options.xLabel} ${short(on)}: ${found.map(({ curve, value }) => `${curve.run} ${short(value)}`).join(', ')}`;
  };
  const valueAt = (px: number): number => {
    if (sheet === null) return 0;
    const share = (px - sheet.left) / sheet.width;
    return range[0] + Math.min(1, Math.max(0, share)) * (range[1] - range[0]);
  };
  const around = (factor: number): void => {
    const middle = at ?? (range[0] + range[1]) / 2;
    const half = ((range[1] - range[0]) * factor) / 2;
    if (half > 0) zoom([middle - half, middle + half]);
  };
  const within = (event: PointerEvent | MouseEvent): [number, number] => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  element.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'mouse' && event.button === 0) drag = within(event)[0];
  });
  element.addEventListener('pointermove', (event) => {
    const [x, y] = within(event);
    lookAt(valueAt(x), y);
    band.hidden = drag === null || Math.abs(x - drag) < FEWEST || sheet === null;
    if (drag === null || sheet === null) return;
    band.style.left = `${Math.min(drag, x)}px`;
    band.style.width = `${Math.abs(x - drag)}px`;
    band.style.top = `${sheet.top}px`;
    band.style.height = `${sheet.height}px`;
  });
  element.addEventListener('pointerup', (event) => {
    const [x] = within(event);
    if (drag !== null && Math.abs(x - drag) >= FEWEST)
      zoom([Math.min(valueAt(drag), valueAt(x)), Math.max(valueAt(drag), valueAt(x))]);
    drag = null;
    band.hidden = true;
  });
  element.addEventListener('pointerleave', () => {
    drag = null;
    band.hidden = true;
    lookAt(null);
  });
  element.addEventListener('dblclick', () => zoom(null));
  element.addEventListener('keydown', (event) => {
    const step = (range[1] - range[0]) / 40;
    const from = at ?? range[0];
    if (event.key === 'ArrowRight') lookAt(Math.min(range[1], from + step));
    else if (event.key === 'ArrowLeft') lookAt(Math.max(range[0], from - step));
    else if (event.key === '+' || event.key === '=') around(0.5);
    else if (event.key === '-') around(2);
    else if (event.key === '0') zoom(null);
    else if (event.key === 'Escape') lookAt(null);
    else return;
    event.preventDefault();
  });

  return {
    element,
    show(next, given) {
      curves = next;
      options = given;
      redraw();
      if (at !== null) lookAt(at);
    },
    redraw,
    width: () => Math.max(64, Math.round(canvas.clientWidth)),
  };
}

function stroke({ draw, px, py }: Sheet, { x, y }: Thinned, look: Look, alpha: number, log: boolean): void {
  draw.globalAlpha = alpha;
  draw.strokeStyle = look.colour;
  draw.fillStyle = look.colour;
  draw.lineWidth = alpha < 1 ? 1 : 1.7;
  draw.setLineDash(look.dash);
  draw.lineJoin = 'round';
  draw.beginPath();
  let open = false;
  const lone: [number, number][] = [];
  for (let index = 0; index < x.length; index++) {
    const value = y[index];
    if (value == null || (log && value <= 0)) {
      open = false;
      continue;
    }
    const [left, top] = [px(x[index] ?? 0), py(value)];
    if (open) draw.lineTo(left, top);
    else {
      draw.moveTo(left, top);
      // A point between two gaps has no line: without a dot it would not be seen.
      if (y[index + 1] == null) lone.push([left, top]);
    }
    open = true;
  }
  draw.stroke();
  draw.setLineDash([]);
  for (const [left, top] of lone) draw.fillRect(left - 2, top - 2, 4, 4);
  draw.globalAlpha = 1;
}

function closest(xs: readonly number[], x: number): number {
  let [low, high] = [0, xs.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && Math.abs((xs[low - 1] ?? 0) - x) < Math.abs((xs[low] ?? 0) - x) ? low - 1 : low;
}

const min = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const max = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

const short = (value: number): string => String(Number(value.toPrecision(5)));

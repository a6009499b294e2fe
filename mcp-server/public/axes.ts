import type { Scale } from '../src/core/chart/scale.js';
import { formatTick } from '../src/core/chart/ticks.js';
import { colours } from './theme.js';

/** A canvas with axes: where values lie on it, in CSS pixels. */
export interface Sheet {
  draw: CanvasRenderingContext2D;
  colour(name: string): string;
  left: number;
  top: number;
  width: number;
  height: number;
  px(x: number): number;
  py(y: number): number;
}

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Clears a canvas, fits it to the screen’s pixels, and draws grid, ticks and labels. */
export function drawAxes(
  canvas: HTMLCanvasElement,
  height: number,
  {
    x,
    y,
    xLabel,
    yLabel,
    gutter = 0,
  }: { x: Scale; y: Scale; xLabel: string; yLabel: string; gutter?: number },
): Sheet | null {
  const width = canvas.clientWidth;
  const draw = canvas.getContext('2d');
  if (width < 60 || draw === null) return null;
  const ratio = devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  draw.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw.font = FONT;
  const colour = colours();
  const labels = y.ticks.map(formatTick);
  const left = 14 + Math.max(20, ...labels.map((label) => draw.measureText(label).width));
  const top = yLabel === '' ? 10 : 24;
  const inner = { width: width - left - 10, height: height - top - 30 - gutter };
  const px = (value: number) => left + clamp(x.at(value)) * inner.width;
  const py = (value: number) => top + (1 - clamp(y.at(value))) * inner.height;
  const bottom = top + inner.height + gutter;
  draw.lineWidth = 1;
  draw.fillStyle = colour('--soft');
  draw.textAlign = 'right';
  draw.textBaseline = 'middle';
  for (const [index, tick] of y.ticks.entries()) {
    const at = Math.round(py(tick)) + 0.5;
    draw.strokeStyle = colour('--grid');
    line(draw, left, at, left + inner.width, at);
    draw.fillText(labels[index] ?? '', left - 8, at);
  }
  draw.strokeStyle = colour('--axis');
  line(draw, left, Math.round(bottom) + 0.5, left + inner.width, Math.round(bottom) + 0.5);
  draw.textBaseline = 'top';
  const xText = draw.measureText(xLabel).width;
  draw.textAlign = 'right';
  draw.fillText(xLabel, left + inner.width, bottom + 8);
  draw.textAlign = 'center';
  for (const tick of x.ticks) {
    const at = px(tick);
    const text = formatTick(tick);
    line(draw, at, bottom, at, bottom + 4);
    if (at + draw.measureText(text).width / 2 < left + inner.width - xText - 10)
      draw.fillText(text, at, bottom + 8);
  }
  if (yLabel !== '') {
    draw.textAlign = 'left';
    draw.fillText(yLabel, 2, 2, width - 4);
  }
  return { draw, colour, left, top, ...inner, px, py };
}

/** Far outside is far outside: no canvas minds. */
const clamp = (share: number): number => Math.min(Math.max(share, -20), 21);

export function line(draw: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  draw.beginPath();
  draw.moveTo(x1, y1);
  draw.lineTo(x2, y2);
  draw.stroke();
}

/** Draws only inside of the plot, a little beyond its edges. */
export function inside(sheet: Sheet, act: () => void): void {
  const { draw, left, top, width, height } = sheet;
  draw.save();
  draw.beginPath();
  draw.rect(left - 1, top - 8, width + 8, height + 16);
  draw.clip();
  act();
  draw.restore();
}

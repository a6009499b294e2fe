import { SIGN_WORDS, SIGNS, type Sign } from '../src/core/chart/run-signs.js';
import { line } from './axes.js';
import { el, fill } from './dom.js';
import { drawSign } from './sign.js';
import { colours } from './theme.js';

interface Present {
  signs: readonly Sign[];
  confirmed: boolean;
  measured: boolean;
  intervals: boolean;
}

/** What the signs and lines of the picture mean, as far as it has them. */
export function drawKeys(keys: HTMLElement, present: Present): void {
  const wide =
    (colour: string, width: number, dash: number[]): Painter =>
    (draw, of) =>
      stroke(draw, of(colour), width, dash);
  const items = [
    ...(present.confirmed ? [keyOf('best so far, confirmed', wide('--good', 2.4, []))] : []),
    ...(present.measured
      ? [keyOf('best single value so far, unconfirmed', wide('--maybe', 1.4, [4, 4]))]
      : []),
    ...(present.intervals
      ? [keyOf('95 % interval', (draw, of) => stroke(draw, of('--good'), 1.6, [], true))]
      : []),
    ...SIGNS.filter((sign) => present.signs.includes(sign)).map((sign) =>
      keyOf(SIGN_WORDS[sign], (draw, of) => drawSign(draw, of, sign, 13, 7, 4.5)),
    ),
  ];
  fill(keys, ...items.map(([item]) => item));
  for (const [, paint] of items) paint();
}

type Painter = (draw: CanvasRenderingContext2D, colour: (name: string) => string) => void;

function keyOf(label: string, paint: Painter): [HTMLLIElement, () => void] {
  const canvas = el('canvas', { at: { 'aria-hidden': 'true' } });
  const paintNow = (): void => {
    const draw = canvas.getContext('2d');
    if (draw === null) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = 26 * ratio;
    canvas.height = 14 * ratio;
    draw.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(draw, colours());
  };
  return [el('li', {}, canvas, label), paintNow];
}

function stroke(
  draw: CanvasRenderingContext2D,
  colour: string,
  width: number,
  dash: number[],
  upright = false,
): void {
  draw.strokeStyle = colour;
  draw.lineWidth = width;
  draw.setLineDash(dash);
  if (upright) {
    line(draw, 13, 1, 13, 13);
    line(draw, 9, 1, 17, 1);
    line(draw, 9, 13, 17, 13);
  } else line(draw, 1, 7, 25, 7);
}

import { SIGN_WORDS, SIGNS, type Sign } from '../src/core/chart/run-signs.js';
import { makeScale } from '../src/core/chart/scale.js';
import { drawAxes, inside, line, type Sheet } from './axes.js';
import { announce, el, fill, section } from './dom.js';
import { drawKeys } from './keys.js';
import { drawSign } from './sign.js';
import type { RunRow, Store } from './state.js';
import { place } from './tip.js';

const GUTTER = 22;

interface Dot {
  row: RunRow;
  x: number;
  y: number;
  sign: Sign;
}

/**
 * Every run, and the best so far: a full line for what is confirmed, with the interval of each confirmed gain, and a thin dashed
 * one for what was only measured on one seed.
 */
export function startBest(store: Store, open: (run: string) => void): { redraw(): void } {
  const canvas = el('canvas', { at: { 'aria-hidden': 'true' } });
  const tip = el('div', { class: 'tip', at: { hidden: true } });
  const ring = el('div', { class: 'ring', at: { hidden: true } });
  const keys = el('ul', { class: 'keys', at: { 'aria-label': 'Signs' } });
  const plot = el(
    'div',
    {
      class: 'plot',
      at: {
        tabindex: 0,
        role: 'group',
        'aria-label':
          'Picture of the best so far. Left and right go from run to run, Enter opens one; the table of runs has the same values.',
      },
    },
    canvas,
    ring,
    tip,
  );
  fill(section('best'), plot, keys);
  let dots: Dot[] = [];
  let chosen = -1;

  const redraw = (): void => {
    const { board, runs } = store.state;
    const rows = [...runs.values()].filter((row) => row.own);
    const before = dots[chosen]?.row.id;
    dots = draw(canvas, rows, board);
    drawKeys(keys, {
      signs: dots.map(({ sign }) => sign),
      confirmed: (board.progress?.confirmed.length ?? 0) > 0,
      measured: (board.progress?.measured.length ?? 0) > 1,
      intervals: dots.some(({ row }) => row.between !== null),
    });
    // What somebody looks at stays there when others change.
    show(dots.findIndex(({ row }) => row.id === before));
  };
  const hide = (): void => {
    chosen = -1;
    tip.hidden = true;
    ring.hidden = true;
  };
  const show = (index: number): void => {
    const dot = dots[index];
    if (dot === undefined) {
      hide();
      return;
    }
    chosen = index;
    const lines = wordsOf(dot);
    fill(tip, ...lines.map((text, place) => el('div', { class: place === 0 ? '' : 'soft' }, text)));
    tip.hidden = false;
    ring.hidden = false;
    ring.style.left = `${dot.x}px`;
    ring.style.top = `${dot.y}px`;
    place(tip, plot, dot.x, dot.y);
  };

  plot.addEventListener('pointermove', (event) => show(nearest(dots, event, plot)));
  plot.addEventListener('pointerleave', hide);
  plot.addEventListener('click', (event) => {
    const dot = dots[nearest(dots, event, plot)];
    if (dot !== undefined) open(dot.row.id);
  });
  plot.addEventListener('keydown', (event) => {
    const to = {
      ArrowLeft: chosen < 0 ? dots.length - 1 : Math.max(0, chosen - 1),
      ArrowRight: Math.min(dots.length - 1, chosen + 1),
      Home: 0,
      End: dots.length - 1,
    }[event.key];
    if (to !== undefined) {
      show(to);
      const dot = dots[to];
      if (dot !== undefined) announce(wordsOf(dot).join(', '));
      event.preventDefault();
    } else if (event.key === 'Enter' && dots[chosen] !== undefined) {
      // Else the key would go on to what has the focus next.
      event.preventDefault();
      open(dots[chosen]?.row.id ?? '');
    } else if (event.key === 'Escape') hide();
  });
  store.watch((changed) => {
    if (['runs', 'progress', 'metric', 'project'].some((name) => changed.has(name))) redraw();
  });
  return { redraw };
}

function draw(canvas: HTMLCanvasElement, rows: readonly RunRow[], board: Store['state']['board']): Dot[] {
  const metric = board.metric ?? null;
  const progress = board.progress ?? null;
  const known = rows.filter(({ sign }) => sign !== 'failed').flatMap(({ drawn }) => drawn ?? []);
  const keep = [
    ...(progress?.confirmed ?? []).map(([, value]) => value),
    ...(progress?.measured ?? []).slice(-1).map(([, value]) => value),
    ...rows.flatMap(({ between }) => between ?? []),
    ...(metric?.target == null ? [] : [metric.target]),
  ];
  const height = canvas.clientWidth < 500 ? 280 : 340;
  const numbers = rows.map(({ number }) => number);
  const y = makeScale(known, {
    count: height / 60,
    pad: 0.07,
    robust: true,
    keep: known.length > 0 ? keep : [],
  });
  const sheet = drawAxes(canvas, height, {
    x: makeScale(numbers, { count: Math.max(3, canvas.clientWidth / 80), whole: true, pad: 0.03 }),
    y,
    xLabel: 'run',
    yLabel:
      metric === null
        ? ''
        : `${metric.name}, ${metric.direction === 'maximize' ? 'higher' : 'lower'} is better`,
    gutter: GUTTER,
  });
  if (sheet === null) return [];
  if (rows.length === 0) {
    sheet.draw.textAlign = 'center';
    sheet.draw.fillStyle = sheet.colour('--soft');
    sheet.draw.fillText('no runs yet', sheet.left + sheet.width / 2, sheet.top + sheet.height / 2);
    return [];
  }
  inside(sheet, () => {
    if (metric?.target != null) drawTarget(sheet, metric.target);
    if (progress !== null) {
      drawSteps(sheet, progress.measured, '--maybe', 1.4, [4, 4]);
      drawSteps(sheet, progress.confirmed, '--good', 2.4, []);
    }
  });
  const radius = rows.length > 400 ? 2.2 : rows.length > 60 ? 3 : 4.5;
  const bottom = sheet.top + sheet.height;
  const dots = rows.map((row): Dot => {
    const at = row.drawn === null || row.sign === 'failed' ? null : y.at(row.drawn);
    const sign = at === null ? row.sign : at > 1 ? 'above' : at < 0 ? 'below' : row.sign;
    // Unknown values stand below the plot, values outside of it at its edge.
    const place = at === null ? bottom + 11 : Math.min(Math.max(sheet.py(row.drawn ?? 0), sheet.top), bottom);
    return { row, x: sheet.px(row.number), y: place, sign };
  });
  // What is rejected lies below what counts.
  const rank = (sign: Sign): number => SIGNS.length - SIGNS.indexOf(sign);
  for (const dot of [...dots].sort((a, b) => rank(a.sign) - rank(b.sign))) {
    if (dot.row.between !== null) drawWhisker(sheet, dot);
    drawSign(sheet.draw, sheet.colour, dot.sign, dot.x, dot.y, radius);
  }
  return dots;
}

function drawTarget(sheet: Sheet, target: number): void {
  const y = sheet.py(target);
  const { draw } = sheet;
  draw.strokeStyle = sheet.colour('--soft');
  draw.setLineDash([2, 4]);
  line(draw, sheet.left, y, sheet.left + sheet.width, y);
  draw.setLineDash([]);
  draw.fillStyle = sheet.colour('--soft');
  draw.textAlign = 'left';
  draw.textBaseline = 'alphabetic';
  draw.fillText('target', sheet.left + 4, y < sheet.top + 14 ? y + 14 : y - 5);
}

function drawSteps(
  sheet: Sheet,
  steps: readonly (readonly [number, number])[],
  colour: string,
  width: number,
  dash: number[],
): void {
  const { draw } = sheet;
  if (steps.length === 0) return;
  draw.beginPath();
  for (const [index, [number, value]] of steps.entries()) {
    const [x, y] = [sheet.px(number), sheet.py(value)];
    if (index === 0) draw.moveTo(x, y);
    else {
      draw.lineTo(x, sheet.py(steps[index - 1]?.[1] ?? value));
      draw.lineTo(x, y);
    }
  }
  draw.lineTo(sheet.left + sheet.width, sheet.py(steps.at(-1)?.[1] ?? 0));
  draw.setLineDash(dash);
  draw.lineWidth = width;
  draw.strokeStyle = sheet.colour(colour);
  draw.stroke();
  draw.setLineDash([]);
}

function drawWhisker(sheet: Sheet, { row, x }: Dot): void {
  if (row.between === null) return;
  const [low, high] = row.between.map((value) =>
    Math.min(Math.max(sheet.py(value), sheet.top), sheet.top + sheet.height),
  );
  const { draw } = sheet;
  draw.strokeStyle = sheet.colour('--good');
  draw.lineWidth = 1.6;
  line(draw, x, low ?? 0, x, high ?? 0);
  for (const end of [low ?? 0, high ?? 0]) line(draw, x - 4, end, x + 4, end);
}

function wordsOf({ row, sign }: Dot): string[] {
  const words = sign === row.sign ? SIGN_WORDS[sign] : `${SIGN_WORDS[row.sign]}, ${SIGN_WORDS[sign]}`;
  return [
    `${row.id} · ${row.title}`,
    `${row.valueText}${row.gain === null ? '' : ` · ${row.gainText} to the baseline`} · ${words}`,
    ...(row.meanText === null ? [] : [row.meanText]),
  ];
}

function nearest(dots: readonly Dot[], event: MouseEvent, plot: HTMLElement): number {
  const box = plot.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  let best = -1;
  let least = 26 ** 2;
  for (const [index, dot] of dots.entries()) {
    const distance = (dot.x - x) ** 2 + (dot.y - y) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

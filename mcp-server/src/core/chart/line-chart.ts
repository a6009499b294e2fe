import type { Frame, LegendEntry } from './frame.js';
import { drawFrame, emptyNote, inside } from './frame.js';
import { makeScale } from './scale.js';
import { COLOURS, el, short, svgDocument, text, tooltip } from './svg.js';

export type Point = readonly [x: number, y: number];

export interface Series {
  name: string;
  /** In the order in which they are joined. A point that is not finite leaves a gap. */
  points: readonly Point[];
  dashed?: boolean;
  markers?: boolean;
  /** 0 to 7; by default its place in the list. */
  colour?: number;
}

/** A line across the plot at `y`, or from bottom to top at `x`, with a word beside it. */
interface Annotation {
  text: string;
  x?: number;
  y?: number;
}

export interface LineChartOptions {
  title: string;
  xLabel: string;
  yLabel: string;
  series: readonly Series[];
  width?: number;
  height?: number;
  /** Powers of ten on the y axis; values that are not positive are left out. */
  logY?: boolean;
  annotations?: readonly Annotation[];
}

/** Curves as one SVG image. Any number of points: a series is thinned to what its width can show, peaks kept. */
export function lineChart(options: LineChartOptions): string {
  const {
    title,
    xLabel,
    yLabel,
    series,
    width = 640,
    height = 320,
    logY = false,
    annotations = [],
  } = options;
  const shown = (point: Point) => point.every(Number.isFinite) && (!logY || point[1] > 0);
  const points = series.flatMap((one) => one.points.filter(shown));
  const marks = annotations.flatMap((note) => (note.y === undefined ? [] : [note.y]));
  const frame = drawFrame({
    width,
    height,
    title,
    xLabel,
    yLabel,
    x: makeScale(
      points.map(([x]) => x),
      { count: Math.max(3, width / 110), whole: points.every(([x]) => Number.isInteger(x)) },
    ),
    y: makeScale(
      points.map(([, y]) => y),
      {
        count: Math.max(3, height / 60),
        log: logY,
        pad: 0.04,
        robust: true,
        keep: points.length > 0 ? marks : [],
      },
    ),
    legend: series.map((one, index) => legendEntry(one, index, one.points.some(shown))),
  });
  if (points.length === 0) {
    return svgDocument(width, frame.total, title, frame.markup + emptyNote(frame, 'no values yet'));
  }
  // The first series is drawn last: it lies on top of the others.
  const curves = series
    .map((one, index) => drawSeries(frame, one, index, shown))
    .reverse()
    .join('');
  const notes = annotations.map((note) => drawAnnotation(frame, note)).join('');
  return svgDocument(width, frame.total, title, frame.markup + inside(frame, curves + notes));
}

const colourOf = (series: Series, index: number): string =>
  `stroke:var(--c${(series.colour ?? index) % COLOURS})`;
const dashes = (series: Series): string | undefined => (series.dashed ? '6 4' : undefined);

function legendEntry(series: Series, index: number, seen: boolean): LegendEntry {
  const style = colourOf(series, index);
  const line = { class: 'line', x1: -11, x2: 11, y1: 0, y2: 0, style, 'stroke-dasharray': dashes(series) };
  return { label: seen ? series.name : `${series.name} (no finite value)`, sign: el('line', line) };
}

function drawSeries(frame: Frame, series: Series, index: number, shown: (point: Point) => boolean): string {
  const style = colourOf(series, index);
  const pieces = piecesOf(series.points, shown).map((piece) => thin(piece, Math.ceil(frame.width / 2)));
  const place = ([x, y]: Point) => `${short(frame.px(x))} ${short(frame.py(y))}`;
  const path = pieces.filter((piece) => piece.length > 1).map((piece) => `M${piece.map(place).join('L')}`);
  // A lone point has no line: without a dot it would not be seen.
  const dotted = pieces.filter(
    (piece) => piece.length === 1 || (series.markers === true && piece.length <= 60),
  );
  const dots = dotted
    .flat()
    .map(([x, y]) => el('circle', { cx: frame.px(x), cy: frame.py(y), r: 2.6, class: 'paper' }));
  const line = el('path', { class: 'line', d: path.join(''), 'stroke-dasharray': dashes(series) });
  const body = tooltip(series.name) + (path.length > 0 ? line : '') + dots.join('');
  return el('g', { style: `${style};stroke-width:1.8` }, body);
}

/** The runs of neighbouring points that can be shown. */
function piecesOf(points: readonly Point[], shown: (point: Point) => boolean): Point[][] {
  const pieces: Point[][] = [[]];
  for (const point of points) {
    if (shown(point)) pieces.at(-1)?.push(point);
    else if ((pieces.at(-1)?.length ?? 0) > 0) pieces.push([]);
  }
  return pieces.filter((piece) => piece.length > 0);
}

/** Of each of `parts` equal stretches the lowest and the highest point, in order, so that no peak is lost. */
function thin(points: readonly Point[], parts: number): readonly Point[] {
  if (points.length <= 2 * parts) return points;
  const kept: Point[] = [];
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * points.length) / parts);
    const to = Math.floor(((part + 1) * points.length) / parts);
    let low = from;
    let high = from;
    for (let i = from; i < to; i++) {
      if ((points[i]?.[1] ?? 0) < (points[low]?.[1] ?? 0)) low = i;
      if ((points[i]?.[1] ?? 0) > (points[high]?.[1] ?? 0)) high = i;
    }
    for (const i of new Set([Math.min(low, high), Math.max(low, high)])) kept.push(...points.slice(i, i + 1));
  }
  return kept;
}

function drawAnnotation(frame: Frame, note: Annotation): string {
  const { left, top, width, height } = frame;
  if (note.y !== undefined) {
    const y = frame.py(note.y);
    const label = text(left + width - 4, y < top + 14 ? y + 14 : y - 5, note.text, {
      class: 'over',
      'text-anchor': 'end',
    });
    return el('line', { class: 'note', x1: left, x2: left + width, y1: y, y2: y }) + label;
  }
  if (note.x === undefined) return '';
  const x = frame.px(note.x);
  return (
    el('line', { class: 'note', x1: x, x2: x, y1: top, y2: top + height }) +
    text(x + 4, top + 10, note.text, { class: 'over' })
  );
}

import { type Box, type Canvas, type Colour, createCanvas } from './canvas.js';
import { textLines } from './font.js';
import { type Dot, dashed, readPath } from './path.js';

type Attributes = Record<string, string>;

/** What an element inherits: where it is drawn, and how. */
interface State {
  move: Dot;
  /** The text of a y axis stands upright. */
  turned: boolean;
  clip: Box | null;
  style: Attributes;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
const TAG = /<(\/)?([a-z]+)((?:\s[a-zA-Z][a-zA-Z0-9-]*="[^"]*")*)\s*(\/)?>|([^<]+)/g;
/** Not to be seen in a picture. */
const UNSEEN = new Set(['title', 'style']);
/** Thickness of the lines of letters, in em. */
const PEN = 0.095;
const BOLD = 0.125;

/**
 * The pixels of one of our own charts (`svgDocument`), in light colours, `scale` pixels for each of its units. It knows
 * what our charts are drawn with and no more: it is no reader of SVG.
 */
export function drawSvg(svg: string, scale: number): Canvas {
  const size = (name: string): number =>
    Number(new RegExp(`^<svg[^>]* ${name}="([\\d.]+)"`).exec(svg)?.[1] ?? 0);
  const colours = paletteOf(svg);
  const paper = colours.get('--paper') ?? [255, 255, 255];
  const canvas = createCanvas(Math.round(size('width') * scale), Math.round(size('height') * scale), paper);
  const states: State[] = [{ move: [0, 0], turned: false, clip: null, style: {} }];
  const names: string[] = [];
  let text: { state: State; attributes: Attributes } | null = null;
  for (const [, closes, name, raw, selfClosed, words] of svg.matchAll(TAG)) {
    if (words !== undefined) {
      if (text !== null && !UNSEEN.has(names.at(-1) ?? ''))
        drawText(canvas, scale, colours, text.state, text.attributes, unescape_(words));
      continue;
    }
    if (name === undefined) continue;
    if (closes !== undefined) {
      states.pop();
      names.pop();
      if (name === 'text') text = null;
      continue;
    }
    const attributes = attributesOf(raw ?? '');
    const state = inherit(states.at(-1), name, attributes, names.length > 0);
    if (name === 'text') text = { state, attributes };
    else drawShape(canvas, scale, colours, state, name, attributes);
    if (selfClosed !== undefined) continue;
    states.push(state);
    names.push(name);
  }
  return canvas;
}

/** The first meaning of each colour: that of light backgrounds. */
function paletteOf(svg: string): Map<string, Colour> {
  const palette = new Map<string, Colour>();
  for (const [, name = '', hex = ''] of svg.matchAll(/(--[a-z0-9]+):#([0-9a-f]{3,6})/g)) {
    if (!palette.has(name)) palette.set(name, colourOf(hex));
  }
  return palette;
}

function colourOf(hex: string): Colour {
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
  const part = (at: number): number => Number.parseInt(full.slice(at, at + 2), 16);
  return [part(0), part(2), part(4)];
}

const unescape_ = (text: string): string =>
  text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => ENTITIES[name] ?? '');

function attributesOf(raw: string): Attributes {
  const found: Attributes = {};
  for (const [, name = '', value = ''] of raw.matchAll(/\s([a-zA-Z][a-zA-Z0-9-]*)="([^"]*)"/g))
    found[name] = unescape_(value);
  const style = (found.style ?? '').split(';').map((one) => one.split(':'));
  for (const [name = '', value = ''] of style) if (name !== '') found[name.trim()] = value.trim();
  return found;
}

function inherit(parent: State | undefined, name: string, attributes: Attributes, nested: boolean): State {
  const from = parent ?? { move: [0, 0], turned: false, clip: null, style: {} };
  const [, x = '0', y = '0'] = /translate\((-?[\d.]+) (-?[\d.]+)\)/.exec(attributes.transform ?? '') ?? [];
  const move: Dot = [from.move[0] + Number(x), from.move[1] + Number(y)];
  const turned = from.turned || /rotate\(-90\)/.test(attributes.transform ?? '');
  const { stroke, 'stroke-width': width } = attributes;
  const style = {
    ...from.style,
    ...(stroke === undefined ? {} : { stroke }),
    ...(width === undefined ? {} : { 'stroke-width': width }),
  };
  if (name !== 'svg' || !nested) return { move, turned, clip: from.clip, style };
  const number = (key: string): number => Number(attributes[key] ?? 0);
  const [left, top] = [number('x'), number('y')];
  return {
    move,
    turned,
    style,
    clip: { left, top, right: left + number('width'), bottom: top + number('height') },
  };
}

/** What the classes of our charts mean, as their own style says. */
const LINES: Record<string, { stroke?: string; width?: number; dash?: string }> = {
  grid: { stroke: '--grid' },
  axis: { stroke: '--axis' },
  line: { width: 1.8 },
  note: { stroke: '--soft', dash: '2 4' },
};

function drawShape(
  canvas: Canvas,
  scale: number,
  colours: Map<string, Colour>,
  state: State,
  name: string,
  attributes: Attributes,
): void {
  const look = LINES[attributes.class ?? ''] ?? {};
  const named = (value: string | undefined): Colour | null =>
    colours.get(/--[a-z0-9]+/.exec(value ?? '')?.[0] ?? '') ?? null;
  const stroke = named(attributes.stroke ?? look.stroke ?? state.style.stroke);
  const fill = attributes.class === 'paper' ? (colours.get('--paper') ?? null) : named(attributes.fill);
  const thickness =
    Number(attributes['stroke-width'] ?? look.width ?? state.style['stroke-width'] ?? 1) * scale;
  const dash = (attributes['stroke-dasharray'] ?? look.dash ?? '')
    .split(/[ ,]+/)
    .map((part) => Number(part) * scale);
  const clip = state.clip === null ? undefined : scaled(state.clip, scale);
  const number = (key: string): number => Number(attributes[key] ?? 0);
  const place = ([x, y]: Dot): Dot => [(x + state.move[0]) * scale, (y + state.move[1]) * scale];
  const draw = (lines: readonly (readonly Dot[])[]): void => {
    if (stroke === null) return;
    const placed = lines.map((line) => line.map(place));
    const parts = dash.length > 1 ? placed.flatMap((line) => dashed(line, dash)) : placed;
    canvas.strokes(parts, thickness, stroke, clip);
  };
  if (name === 'line') {
    draw([
      [
        [number('x1'), number('y1')],
        [number('x2'), number('y2')],
      ],
    ]);
  } else if (name === 'path') draw(readPath(attributes.d ?? ''));
  else if (name === 'rect' && fill !== null) {
    const [left, top] = place([number('x'), number('y')]);
    canvas.fillRect(
      { left, top, right: left + number('width') * scale, bottom: top + number('height') * scale },
      fill,
    );
  } else if (name === 'circle') {
    const centre: Dot = [number('cx'), number('cy')];
    const [x, y] = place(centre);
    if (fill !== null) canvas.disc(x, y, number('r') * scale, fill, clip);
    draw(readPath(`@${centre[0]},${centre[1]},${number('r')},${number('r')},0,360`));
  }
}

function scaled({ left, top, right, bottom }: Box, scale: number): Box {
  return { left: left * scale, top: top * scale, right: right * scale, bottom: bottom * scale };
}

function drawText(
  canvas: Canvas,
  scale: number,
  colours: Map<string, Colour>,
  state: State,
  attributes: Attributes,
  words: string,
): void {
  const kind = attributes.class ?? '';
  const em = (kind === 'head' ? 14 : 12) * scale;
  const { width, lines } = textLines(words, em);
  const shift =
    attributes['text-anchor'] === 'end' ? width : attributes['text-anchor'] === 'middle' ? width / 2 : 0;
  const [x, y] = [
    (Number(attributes.x ?? 0) + state.move[0]) * scale,
    (Number(attributes.y ?? 0) + state.move[1]) * scale,
  ];
  const placed = lines.map((line) =>
    line.map(([px, py]): Dot => (state.turned ? [x - py, y - (px - shift)] : [x + px - shift, y - py])),
  );
  const pen = em * (kind === 'head' ? BOLD : PEN);
  if (kind === 'over') canvas.strokes(placed, pen + 4 * scale, colours.get('--paper') ?? [255, 255, 255]);
  const ink = colours.get(kind === 'head' || kind === 'key' ? '--ink' : '--soft') ?? [0, 0, 0];
  canvas.strokes(placed, pen, ink);
}

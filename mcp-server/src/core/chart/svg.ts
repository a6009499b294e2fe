import { escapeXml } from '../escape.js';

type Attributes = Record<string, string | number | undefined>;

/** One SVG element. Attribute values are escaped; `children` is markup, so text in it comes from `text` or `escapeXml`. */
export function el(name: string, attributes: Attributes, children = ''): string {
  const list = Object.entries(attributes)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escapeXml(value)}"`)
    .join('');
  return children === '' ? `<${name}${list}/>` : `<${name}${list}>${children}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return el('text', { x, y, ...attributes }, escapeXml(content));
}

/** Shown when the pointer rests on the element around it, and read by screen readers. */
export function tooltip(content: string): string {
  return `<title>${escapeXml(content)}</title>`;
}

/** A coordinate: a tenth of a pixel is more than enough. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** How many colours series have before they repeat. */
export const COLOURS = 8;

/*
 * Colours for light and dark live in variables, so that one file suits both, on its own and inside a page. The eight
 * series colours differ in lightness too, for people who do not see hues.
 */
const STYLE = `
.ae{--paper:#fff;--ink:#1b2430;--soft:#5b6675;--grid:#e6e9ee;--axis:#b4bcc8;
--c0:#2159d6;--c1:#d9620f;--c2:#0b8a62;--c3:#b8307a;--c4:#6d4fd0;--c5:#0c8bb0;--c6:#8a6a00;--c7:#6a7482;
--good:#0b8a62;--maybe:#b7791f;--bad:#cf3434;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-size:12px;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){.ae{--paper:#12171f;--ink:#e8ecf2;--soft:#9aa6b6;--grid:#252d39;--axis:#4a5565;
--c0:#6f9bff;--c1:#ff9a57;--c2:#3fcf9d;--c3:#f27bb8;--c4:#ab94ff;--c5:#4cc4e6;--c6:#d8b441;--c7:#a3afbf;
--good:#3fcf9d;--maybe:#f0b64c;--bad:#ff7b72}}
.ae text{fill:var(--soft)}.ae .head{fill:var(--ink);font-size:14px;font-weight:600}.ae .key{fill:var(--ink)}
.ae .grid{stroke:var(--grid)}.ae .axis{stroke:var(--axis)}.ae .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.ae .over{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.ae .note{stroke:var(--soft);stroke-dasharray:2 4;fill:none}.ae .paper{fill:var(--paper)}
`.trim();

/** A whole image: its own style, a name for screen readers, no script, nothing loaded from elsewhere. */
export function svgDocument(width: number, height: number, title: string, body: string): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="ae" role="img" viewBox="0 0 ${short(width)} ${short(height)}"`,
    ` width="${short(width)}" height="${short(height)}">`,
    tooltip(title),
    `<style>${STYLE}</style>`,
    el('rect', { class: 'paper', width, height, rx: 8 }),
    body,
    '</svg>',
  ].join('');
}

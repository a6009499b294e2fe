import { graphemesOf } from './text.js';

/** How many cells of a terminal a text takes. */

const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}{2}|\p{Extended_Pictographic}\ufe0f)/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

function graphemeWidth(grapheme: string): 0 | 1 | 2 {
  if (grapheme.length === 1 && grapheme >= ' ' && grapheme <= '~') return 1;
  if (NO_WIDTH.test(grapheme)) return 0;
  return WIDE.test(grapheme) || EMOJI.test(grapheme) ? 2 : 1;
}

/** Cells: 2 for East Asian wide characters and emoji, 0 for marks on their own, else 1 per grapheme. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of graphemesOf(text)) cells += graphemeWidth(segment);
  return cells;
}

/** The longest start of `text` that fits, with `…` as its last cell when something was cut. */
export function clipToWidth(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text;
  if (cells < 1) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    const width = graphemeWidth(segment);
    if (used + width > cells - 1) break;
    kept += segment;
    used += width;
  }
  return `${kept}…`;
}

/** As `clipToWidth`, with what is cut taken from the middle: names often differ at their ends. */
export function clipMiddle(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text;
  if (cells < 5) return clipToWidth(text, cells);
  const parts = [...graphemesOf(text)].map(({ segment }) => segment);
  const take = (list: readonly string[], room: number): string[] => {
    let used = 0;
    let count = 0;
    for (const part of list) {
      used += graphemeWidth(part);
      if (used > room) break;
      count += 1;
    }
    return list.slice(0, count);
  };
  const end = take(parts.toReversed(), Math.floor((cells - 1) / 3)).reverse();
  const start = take(parts, cells - 1 - textWidth(end.join('')));
  return `${start.join('')}…${end.join('')}`;
}

/**
 * Text as a person sees it. A character here is a grapheme cluster (Unicode UAX #29): an emoji with its modifiers, or a
 * letter with its accents, is one.
 */
export function graphemesOf(s: string): Intl.Segments {
  // Made anew each time: the first one costs as much as a whole start of the program may, and most text is plain ASCII.
  return new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(s);
}

/** CR is left out: CR LF is one cluster. */
const PLAIN_ASCII = /^[\0-\x0c\x0e-\x7f]*$/;

/** No writing needs more UTF-16 units than this for one character; beyond it marks are piled up on purpose. */
const MAX_UNITS_PER_CHAR = 16;

/** Number of characters that a person sees. */
export function countChars(s: string): number {
  if (PLAIN_ASCII.test(s)) return s.length;
  let count = 0;
  for (const _ of graphemesOf(s)) count += 1;
  return count;
}

/**
 * At most `max` characters. Where something is cut, the text ends in `mark`, which counts too. A character is never cut
 * in half; a character made of more marks than any writing needs is cut before it. `max` < 1 gives ''.
 */
export function clip(s: string, max: number, mark = '…'): string {
  if (s.length <= max) return s;
  if (max < 1) return '';
  const fits = firstChars(s, max);
  if (fits.length === s.length) return s;
  const room = max - countChars(mark);
  return room < 0 ? firstChars(mark, max) : firstChars(fits, room) + mark;
}

function firstChars(s: string, max: number): string {
  if (PLAIN_ASCII.test(s)) return s.slice(0, Math.max(0, max));
  let count = 0;
  for (const { index } of graphemesOf(s)) {
    if (count >= max || index > max * MAX_UNITS_PER_CHAR) return s.slice(0, index);
    count += 1;
  }
  return s.length > max * MAX_UNITS_PER_CHAR ? '' : s;
}

// Sequences of a terminal (ECMA-48): CSI; the strings OSC, DCS, SOS, PM and APC with their end; other escapes. 7 and 8 bit.
const CSI = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]/g;
const STRINGS = /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c))?/g;
const ESCAPES = /\x1b[ -/]*[0-~]?/g;
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Characters that reorder or hide text: bidi controls, tags, invisible operators, soft hyphen, BOM, annotations. */
const HIDDEN =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const LINE_BREAKS = /[\t\n\v\f\r\x85\u2028\u2029]+/g;
const PILED_MARKS = /(\p{M}{8})\p{M}+/gu;

/**
 * Text that is safe to print on a terminal or to put into a prompt: no escape sequences, no control characters but `\n`
 * and `\t`, nothing that reorders or hides text. A carriage return ends a line, as it does for a reader of a progress bar.
 */
export function plain(s: string): string {
  return s
    .replace(CSI, '')
    .replace(STRINGS, '')
    .replace(ESCAPES, '')
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, '')
    .replace(HIDDEN, '')
    .replace(LONE_SURROGATES, '\ufffd');
}

/** One line of safe text: as `plain`, with every kind of line break and tab as one space, trimmed. */
export function oneLine(s: string): string {
  return plain(s.replace(LINE_BREAKS, ' ')).replace(LINE_BREAKS, ' ').replace(PILED_MARKS, '$1').trim();
}

/**
 * The candidate that was probably meant: the closest by edit distance with transpositions (optimal string alignment),
 * capitals ignored. Undefined when nothing is near: more than a third of the word would have to change.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

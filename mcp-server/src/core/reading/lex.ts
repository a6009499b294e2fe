import { isStem } from './names.js';

/** A number as it stands in a line. Offsets are those of the line's text. */
export interface NumberToken {
  start: number;
  end: number;
  /** `word` is a printed nan or infinity. */
  kind: 'int' | 'real' | 'word';
  /** Letters, `%` and `/` glued to its end: `ms`, `%`, `it/s`. */
  suffix: string;
  /** May be somebody's value: not part of a date, a clock time, a version, a path or a name. */
  free: boolean;
  /** `12/100`: this is the 12 (`top`) or the 100 (`bottom`). */
  ratio: 'top' | 'bottom' | null;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** Letters, digits and `_` of ASCII: what a number cannot follow. */
const isWord = (code: number): boolean => isDigit(code) || isLetter(code) || code === 95;

/** Whether a `+` or `-` after this character belongs to the number that follows, and not to a name, a range or a date. */
export const signMayFollow = (code: number): boolean =>
  !isWord(code) && code !== 41 && code !== 93 && code !== 64;

/** Progress-bar graphics: box drawing, blocks and the shapes after them (U+2500 to U+25BF). */
export const isGraphic = (code: number): boolean => code >= 0x2500 && code <= 0x25bf;

const NON_FINITE = /^(?:nan|inf(?:inity)?)(?=(?:ms)?(?![A-Za-z0-9_]))/i;

const SOME = /\d|nan|inf/i;

/**
 * Every number of a text, left to right. Which tokens there are and which are free depends on the text around the
 * digits and never on the digits themselves, which is what lets a line be read by the template of an earlier one.
 */
export function lexNumbers(text: string): NumberToken[] {
  if (!SOME.test(text)) return [];
  const tokens: NumberToken[] = [];
  const at = (index: number): number => (index >= 0 && index < text.length ? text.charCodeAt(index) : 32);
  let i = 0;
  while (i < text.length) {
    const code = at(i);
    const bare = code === 46 && isDigit(at(i + 1)) && mayStartBare(at, i);
    if (bare || isDigit(code)) {
      if (!bare && isWord(at(i - 1))) {
        while (i < text.length && isWord(at(i))) i += 1;
        continue;
      }
      const end = digitsEnd(text, i);
      const sign = at(i - 1);
      const start = (sign === 43 || sign === 45) && signMayFollow(at(i - 2)) ? i - 1 : i;
      let stop = end.at;
      while (isLetter(at(stop)) || at(stop) === 37 || (at(stop) === 47 && isLetter(at(stop + 1)))) stop += 1;
      tokens.push({
        start,
        end: end.at,
        kind: end.real ? 'real' : 'int',
        suffix: text.slice(end.at, stop),
        free: true,
        ratio: null,
      });
      i = stop;
    } else if ((code === 110 || code === 78 || code === 105 || code === 73) && !isWord(at(i - 1))) {
      const length = nonFinite(text, i);
      if (length > 0) {
        const start = (at(i - 1) === 43 || at(i - 1) === 45) && signMayFollow(at(i - 2)) ? i - 1 : i;
        const suffix = /^(?:%|ms)?/.exec(text.slice(i + length, i + length + 2))?.[0] ?? '';
        tokens.push({ start, end: i + length, kind: 'word', suffix, free: true, ratio: null });
        i += length;
      } else while (i < text.length && isWord(at(i))) i += 1;
    } else i += 1;
  }
  for (const token of tokens) judge(text, token, at);
  return excludePaths(text, tokens);
}

/** Whether the point here may open a number, as in `loss=.4` and `loss -.25`: not in `mAP@.5`, `../1`, `v.2`. */
function mayStartBare(at: (index: number) => number, point: number): boolean {
  const sign = at(point - 1) === 43 || at(point - 1) === 45;
  const before = point - (sign ? 2 : 1);
  // `@.5:.95` is a range.
  if (at(before) === 58 && isDigit(at(before - 1))) return false;
  return OPENS_BARE.includes(String.fromCharCode(at(before)));
}
const OPENS_BARE = ' \t=:,([{|"\'';

/** End of the digits that start here, with fraction and exponent. */
function digitsEnd(text: string, from: number): { at: number; real: boolean } {
  const digit = (index: number): boolean => index < text.length && isDigit(text.charCodeAt(index));
  let i = from;
  while (digit(i)) i += 1;
  let real = false;
  if (text[i] === '.' && digit(i + 1)) {
    real = true;
    i += 1;
    while (digit(i)) i += 1;
  }
  if (text[i] === 'e' || text[i] === 'E') {
    const mark = text[i + 1] === '+' || text[i + 1] === '-' ? i + 2 : i + 1;
    if (digit(mark)) {
      real = true;
      i = mark;
      while (digit(i)) i += 1;
    }
  }
  return { at: i, real };
}

/** Length of a printed nan or infinity that stands where a value would, else 0: `nan iterations` is a name. */
function nonFinite(text: string, from: number): number {
  const found = NON_FINITE.exec(text.slice(from, from + 9))?.[0].length ?? 0;
  if (found === 0) return 0;
  const before =
    text
      .slice(Math.max(0, from - 12), from)
      .trimEnd()
      .at(-1) ?? '';
  if (/[:=,([{+'"|-]/.test(before)) return found;
  const after = text.slice(from + found, from + found + 60);
  if (before !== '' && /^(?:$|[,;|)\]}%]|\s*$|\s\s|\t|\s[|│])/.test(after)) return found;
  // `Loss nan Accuracy 0.1`: a metric's word before it, and another name with its number behind it.
  const word = /([\p{L}\p{N}_/@-]+) $/u.exec(text.slice(Math.max(0, from - 40), from))?.[1];
  return word !== undefined && isStem(word) && NEXT_PAIR.test(after) ? found : 0;
}

const NEXT_PAIR = /^ (?:[A-Za-z][\w/@.-]* ){0,2}[A-Za-z][\w/@.-]*[:=]? ?[+-]?(?:\d|nan\b|inf\b)/i;

/** What follows the percentage of a progress bar. */
const BAR = /^(?:\||\s*[\u2500-\u25bf]|\s+\d+\/\d+)/;

function judge(text: string, token: NumberToken, at: (index: number) => number): void {
  const before = at(token.start - 1);
  const beforeThat = at(token.start - 2);
  const stop = token.end + token.suffix.length;
  const after = at(stop);
  const next = at(stop + 1);
  if (before === 47) {
    if (isDigit(beforeThat)) token.ratio = 'bottom';
    else if (beforeThat !== 32) token.free = false;
  } else if (
    before === 45 ||
    before === 64 ||
    before === 46 ||
    before === 92 ||
    before === 126 ||
    before === 95
  )
    token.free = false;
  else if (before === 43 || before === 58 || before === 44)
    token.free =
      !isDigit(beforeThat) || (before === 58 && token.kind === 'real' && endsName(at, token.start - 2));
  if (token.suffix === '%' && BAR.test(text.slice(stop, stop + 24))) token.free = false;
  if (token.suffix !== '') return;
  if (after === 47 && isDigit(next)) token.ratio ??= 'top';
  else if (after === 47 && token.ratio === null && !isLetter(next) && next !== 32) token.free = false;
  else if (after === 45) token.free &&= !isWord(next);
  else if (after === 58 || after === 46) token.free &&= !isDigit(next);
  else if (after === 95 || after === 92) token.free = false;
}

/** The digits that end here are a name's, as in `acc@5:0.9` and `top1:0.8`, and not the hours of a clock. */
function endsName(at: (index: number) => number, last: number): boolean {
  let i = last;
  while (isDigit(at(i))) i -= 1;
  return isLetter(at(i)) || at(i) === 64 || at(i) === 95;
}

const FILE =
  /\.(?:ckpt|pth?|py|pyc|bin|safetensors|json[l]?|ya?ml|txt|log|csv|tsv|h5|hdf5|np[yz]|pkl|pickle|keras|tar|gz|zip|model|onnx|png|jpg|so|cc|cpp|cu|sh|parquet|md)\b|:\/\//;

/** Numbers inside a word that looks like a file name or an address are part of it. */
function excludePaths(text: string, tokens: NumberToken[]): NumberToken[] {
  if (tokens.length === 0 || !FILE.test(text)) return tokens;
  for (const token of tokens) {
    let from = token.start;
    while (from > 0 && !/[\s'"]/.test(text[from - 1] ?? ' ')) from -= 1;
    let to = token.end;
    while (to < text.length && !/[\s'",;]/.test(text[to] ?? ' ')) to += 1;
    if (FILE.test(text.slice(from, to))) token.free = false;
  }
  return tokens;
}

import { blankAnsi } from './ansi.js';
import { lexNumbers, type NumberToken, signMayFollow } from './lex.js';
import { BLOCKS, DOTS, END, INT, REAL, SIGNED, WANTED } from './match.js';

const LONGEST = 4096;

export interface Template {
  /**
   * The bytes of a line with its numbers and bar graphics left open, as cuts one after the other: count of 4-byte words that are
   * compared whole, and of all; those; per further word the bits that are compared, what they are, and the bytes that are any
   * digit; length in bytes; what follows them.
   */
  code: Int32Array;
  /** Per number of the line the slot of its value, -1 for those that are taken as fixed. */
  slotOf: number[];
}

/**
 * The template of a line. `tokens` are the numbers of its clean text. `wanted` are the numbers whose value is asked for,
 * `named` those that stay as they are. Null when bytes and clean text do not hold the
 * same numbers, or the line is too long, holds the end of another, or a number without a digit before its point.
 */
export function makeTemplate(
  bytes: Uint8Array,
  clean: string,
  tokens: readonly NumberToken[],
  wanted: ReadonlySet<number>,
  named: ReadonlySet<number>,
): Template | null {
  if (bytes.length > LONGEST || bytes.includes(10) || bytes.includes(13)) return null;
  let latin = '';
  for (const byte of bytes) latin += String.fromCharCode(byte);
  const raw = blankAnsi(latin);
  const places = lexNumbers(raw);
  if (places.length !== tokens.length) return null;
  const starts = new Map<number, { token: NumberToken; index: number }>();
  for (const [index, token] of places.entries()) {
    const own = tokens[index];
    if (own === undefined || clean.slice(own.start, own.end) !== raw.slice(token.start, token.end))
      return null;
    // `.5` is rare, and the matcher wants a digit first.
    if (/^[+-]?\./.test(raw.slice(token.start, token.start + 2))) return null;
    if (token.kind !== 'word' && !named.has(index)) starts.set(token.start, { token, index });
  }
  return assemble(bytes, raw, starts, wanted, tokens.length);
}

function assemble(
  bytes: Uint8Array,
  raw: string,
  starts: ReadonlyMap<number, { token: NumberToken; index: number }>,
  wanted: ReadonlySet<number>,
  count: number,
): Template {
  const slotOf = new Array<number>(count).fill(-1);
  const code: number[] = [];
  let slots = 0;
  let fixed: Array<number | null> = [];
  const cut = (next: number): void => {
    writeFixed(code, fixed);
    fixed = [];
    code.push(next);
  };
  let i = 0;
  while (i < bytes.length) {
    const here = starts.get(i);
    const run = here === undefined ? openRun(raw, i) : null;
    if (here !== undefined) {
      const { token, index } = here;
      if (!token.free && token.kind === 'int' && !wanted.has(index) && /^\d/.test(raw.slice(i, i + 1))) {
        for (; i < token.end; i += 1) fixed.push(null);
      } else {
        cut(
          (token.kind === 'int' ? INT : REAL) |
            (signMayFollow(i === 0 ? 32 : raw.charCodeAt(i - 1)) ? SIGNED : 0) |
            (wanted.has(index) ? WANTED : 0),
        );
        if (wanted.has(index)) slotOf[index] = slots++;
        i = token.end;
      }
    } else if (run !== null) {
      cut(run.kind);
      i = run.end;
    } else {
      fixed.push(bytes[i] ?? 0);
      i += 1;
    }
  }
  cut(END);
  return { code: Int32Array.from(code), slotOf };
}

/** Graphics of a bar change from line to line: U+2500 to U+25BF in UTF-8, and the `===>....` of older bars. */
function openRun(raw: string, from: number): { kind: number; end: number } | null {
  if (raw[from] === '\xe2' && /^[\x94-\x96]/.test(raw[from + 1] ?? '')) {
    let end = from;
    for (;;) {
      if (raw[end] === '\xe2' && /^[\x94-\x96]/.test(raw[end + 1] ?? '') && end + 2 < raw.length) end += 3;
      else if (raw[end] === ' ') end += 1;
      else return end > from ? { kind: BLOCKS, end } : null;
    }
  }
  if (!isDot(raw[from]) || isDot(raw[from - 1])) return null;
  let end = from;
  while (isDot(raw[end])) end += 1;
  return end - from >= 4 ? { kind: DOTS, end } : null;
}

const isDot = (character: string | undefined): boolean =>
  character === '=' || character === '>' || character === '.';

function writeFixed(code: number[], fixed: ReadonlyArray<number | null>): void {
  const words: { compared: number; value: number; digits: number }[] = [];
  for (let i = 0; i < fixed.length; i += 4) {
    const word = { compared: 0, value: 0, digits: 0 };
    for (let k = 0; k < 4 && i + k < fixed.length; k += 1) {
      const byte = fixed[i + k];
      if (byte === null || byte === undefined) word.digits |= 0xff << (8 * k);
      else {
        word.compared |= 0xff << (8 * k);
        word.value |= byte << (8 * k);
      }
    }
    words.push(word);
  }
  const open = words.findIndex(({ compared }) => compared !== -1);
  const plain = open < 0 ? words.length : open;
  code.push(plain, words.length);
  for (const [index, { compared, value, digits }] of words.entries())
    code.push(...(index < plain ? [value] : [compared, value, digits]));
  code.push(fixed.length);
}

import { blankAnsi } from './ansi.js';
import { decimal } from './decimal.js';
import { lexNumbers, type NumberToken, signMayFollow } from './lex.js';

/** How a template is cut: fixed bytes, then one of these. */
const END = 0;
const INT = 1;
const REAL = 2;
const BLOCKS = 3;
const DOTS = 4;
const SIGNED = 8;
const WANTED = 16;

const LONGEST = 4096;

export interface Template {
  /**
   * The bytes of a line with its numbers and bar graphics left open, as cuts one after the other: count of 4-byte words; per word
   * the bits that are compared, what they are, and the bytes that are any digit; length in bytes; what follows them.
   */
  code: Int32Array;
  /** Per number of the line the slot of its value, -1 for those that are taken as fixed. */
  slotOf: number[];
}

/**
 * The template of a line. `tokens` are the numbers of its clean text. Null when bytes and clean text do not hold the
 * same numbers, or the line is too long.
 */
export function makeTemplate(
  bytes: Uint8Array,
  clean: string,
  tokens: readonly NumberToken[],
  wanted: ReadonlySet<number>,
): Template | null {
  if (bytes.length > LONGEST) return null;
  let latin = '';
  for (const byte of bytes) latin += String.fromCharCode(byte);
  const raw = blankAnsi(latin);
  const places = lexNumbers(raw);
  if (places.length !== tokens.length) return null;
  const starts = new Map<number, { token: NumberToken; index: number }>();
  for (const [index, token] of places.entries()) {
    const own = tokens[index];
    if (own === undefined || clean.slice(own.start, own.end) !== raw.slice(token.start, token.end)) return null;
    if (token.kind !== 'word') starts.set(token.start, { token, index });
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
        cut((token.kind === 'int' ? INT : REAL) | (signMayFollow(i === 0 ? 32 : raw.charCodeAt(i - 1)) ? SIGNED : 0) | (wanted.has(index) ? WANTED : 0));
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

const isDot = (character: string | undefined): boolean => character === '=' || character === '>' || character === '.';

function writeFixed(code: number[], fixed: ReadonlyArray<number | null>): void {
  code.push(Math.ceil(fixed.length / 4));
  for (let i = 0; i < fixed.length; i += 4) {
    let compared = 0;
    let value = 0;
    let digits = 0;
    for (let k = 0; k < 4 && i + k < fixed.length; k += 1) {
      const byte = fixed[i + k];
      if (byte === null || byte === undefined) digits |= 0xff << (8 * k);
      else {
        compared |= 0xff << (8 * k);
        value |= byte << (8 * k);
      }
    }
    code.push(compared, value, digits);
  }
  code.push(fixed.length);
}

/**
 * Whether the bytes from `start` to `end` are a line of this template; then `values` holds its open numbers, each exactly
 * what `Number` makes of the printed digits. The byte at `end`, if any, must end a line.
 */
export function matchTemplate(
  code: Int32Array,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  values: Float64Array,
): boolean {
  const limit = bytes.length;
  let at = start;
  let k = 0;
  let slot = 0;
  for (;;) {
    const words = code[k++] ?? 0;
    if (at + 4 * words > limit) return false;
    for (let w = 0; w < words; w += 1, k += 3) {
      const word = view.getInt32(at + 4 * w, true);
      if ((word & (code[k] ?? 0)) !== code[k + 1]) return false;
      const digits = code[k + 2] ?? 0;
      if (digits === 0) continue;
      const threes = digits & 0x30303030;
      if ((word & digits & 0xf0f0f0f0) !== threes) return false;
      if ((((word & digits) + (digits & 0x06060606)) & digits & 0xf0f0f0f0) !== threes) return false;
    }
    at += code[k++] ?? 0;
    const next = code[k++] ?? 0;
    if (next === END) return at === end;
    if (at >= end) return false;
    if (next === BLOCKS || next === DOTS) {
      at = next === BLOCKS ? blocksEnd(bytes, at, end) : dotsEnd(bytes, at);
      if (at < 0) return false;
      continue;
    }
    if ((next & WANTED) === 0) {
      at = numberEnd(bytes, at, next);
      if (at < 0) return false;
      continue;
    }
    const first = at;
    let byte = bytes[at] ?? 0;
    const negative = byte === 45;
    if ((next & SIGNED) !== 0 && (negative || byte === 43)) byte = bytes[++at] ?? 0;
    // Up to nine digits are added up as small integers; the ones before them, when there are more, stand in `high`.
    let high = 0;
    let low = 0;
    let from = at;
    while (byte >= 48 && byte <= 57) {
      low = (low * 10 + byte - 48) | 0;
      byte = bytes[++at] ?? 0;
    }
    let count = at - from;
    if (count === 0) return false;
    if (count > 9) count = TOO_LONG;
    let scale = 0;
    let real = false;
    if (byte === 46 && isDigitByte(bytes[at + 1] ?? 0)) {
      real = true;
      byte = bytes[++at] ?? 0;
      from = at;
      const room = 9 - count;
      while (byte >= 48 && byte <= 57 && at - from < room) {
        low = (low * 10 + byte - 48) | 0;
        byte = bytes[++at] ?? 0;
      }
      if (byte >= 48 && byte <= 57) {
        high = low;
        low = 0;
        const second = at;
        while (byte >= 48 && byte <= 57) {
          if (at - second < 9) low = (low * 10 + byte - 48) | 0;
          byte = bytes[++at] ?? 0;
        }
        const more = at - second;
        // high · 10^more + low, written as high' · 10^9 + low'.
        if (more < 9) {
          const shift = POWERS[9 - more] ?? 1;
          const upper = Math.floor(high / shift);
          low += (high - upper * shift) * (POWERS[more] ?? 1);
          high = upper;
        } else if (more > 9) count = TOO_LONG;
      }
      scale = from - at;
      count += at - from;
    }
    if (byte === 101 || byte === 69) {
      const sign = bytes[at + 1] ?? 0;
      const mark = sign === 45 || sign === 43 ? at + 2 : at + 1;
      if (isDigitByte(bytes[mark] ?? 0)) {
        real = true;
        let exponent = 0;
        at = mark;
        byte = bytes[at] ?? 0;
        while (byte >= 48 && byte <= 57) {
          exponent = Math.min(exponent * 10 + byte - 48, 9999);
          byte = bytes[++at] ?? 0;
        }
        scale += sign === 45 ? -exponent : exponent;
      }
    }
    if (real !== ((next & REAL) !== 0)) return false;
    let number = count >= TOO_LONG ? Number.NaN : scale === 0 && count <= 9 ? low : decimal(high, low, scale);
    if (Number.isNaN(number)) number = Math.abs(Number(latin(bytes, first, at)));
    values[slot++] = negative ? -number : number;
  }
}

/** End of a number of this kind, or -1. */
function numberEnd(bytes: Uint8Array, from: number, kind: number): number {
  let at = from;
  let byte = bytes[at] ?? 0;
  if ((kind & SIGNED) !== 0 && (byte === 45 || byte === 43)) byte = bytes[++at] ?? 0;
  if (!isDigitByte(byte)) return -1;
  while (byte >= 48 && byte <= 57) byte = bytes[++at] ?? 0;
  let real = 0;
  if (byte === 46 && isDigitByte(bytes[at + 1] ?? 0)) {
    real = REAL;
    byte = bytes[++at] ?? 0;
    while (byte >= 48 && byte <= 57) byte = bytes[++at] ?? 0;
  }
  if (byte === 101 || byte === 69) {
    const sign = bytes[at + 1] ?? 0;
    const mark = sign === 45 || sign === 43 ? at + 2 : at + 1;
    if (isDigitByte(bytes[mark] ?? 0)) {
      real = REAL;
      at = mark;
      byte = bytes[at] ?? 0;
      while (byte >= 48 && byte <= 57) byte = bytes[++at] ?? 0;
    }
  }
  return (kind & REAL) === real ? at : -1;
}

const TOO_LONG = 100;
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

const isDigitByte = (byte: number): boolean => byte >= 48 && byte <= 57;

/** End of a run of bar graphics and the spaces in it, or -1. */
function blocksEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  if (bytes[at] !== 0xe2) return -1;
  for (;;) {
    const next = bytes[at + 1] ?? 0;
    if (bytes[at] === 0x20 && at < end) at += 1;
    else if (bytes[at] === 0xe2 && next >= 0x94 && next <= 0x96 && at + 2 < end) at += 3;
    else return at === from ? -1 : at;
  }
}

function dotsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x3d || bytes[at] === 0x3e || bytes[at] === 0x2e) at += 1;
  return at - from < 4 ? -1 : at;
}

function latin(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i += 1) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

import { decimal } from './decimal.js';

/** How a template is cut: fixed bytes, then one of these. */
export const END = 0;
export const INT = 1;
export const REAL = 2;
export const BLOCKS = 3;
export const DOTS = 4;
export const SIGNED = 8;
export const WANTED = 16;

/**
 * Where the line that starts here ends, if it is one of this template, else -1; then `values` holds its open numbers, each
 * exactly what `Number` makes of the printed digits. There must be a `\n` or `\r` at or behind `start`: nothing is read beyond it but
 * whole words of fixed bytes.
 */
export function matchTemplate(code: Int32Array, view: DataView, start: number, values: Float64Array): number {
  const limit = view.byteLength;
  let at = start;
  let k = 0;
  let slot = 0;
  for (;;) {
    const plain = code[k++] ?? 0;
    const words = code[k++] ?? 0;
    if (at + 4 * words > limit) return -1;
    for (let w = 0; w < plain; w += 1) if (view.getInt32(at + 4 * w, true) !== code[k++]) return -1;
    for (let w = plain; w < words; w += 1, k += 3) {
      const word = view.getInt32(at + 4 * w, true);
      if ((word & (code[k] ?? 0)) !== code[k + 1]) return -1;
      const digits = code[k + 2] ?? 0;
      if (digits === 0) continue;
      const threes = digits & 0x30303030;
      if ((word & digits & 0xf0f0f0f0) !== threes) return -1;
      if ((((word & digits) + (digits & 0x06060606)) & digits & 0xf0f0f0f0) !== threes) return -1;
    }
    at += code[k++] ?? 0;
    const next = code[k++] ?? 0;
    if (at >= limit) return -1;
    if (next === END) return view.getUint8(at) === 10 || view.getUint8(at) === 13 ? at : -1;
    if (next === BLOCKS || next === DOTS) {
      at = next === BLOCKS ? blocksEnd(view, at) : dotsEnd(view, at);
      if (at < 0) return -1;
      continue;
    }
    if ((next & WANTED) === 0) {
      at = numberEnd(view, at, next);
      if (at < 0) return -1;
      continue;
    }
    const first = at;
    let byte = view.getUint8(at);
    const negative = byte === 45;
    if ((next & SIGNED) !== 0 && (negative || byte === 43)) byte = view.getUint8(++at);
    // Up to nine digits are added up as small integers; the ones before them, when there are more, stand in `high`.
    let high = 0;
    let low = 0;
    let from = at;
    if (at + 4 < limit && isFourDigits(view.getInt32(at, true))) {
      low = fourDigits(view.getInt32(at, true));
      at += 4;
      byte = view.getUint8(at);
    }
    while (byte >= 48 && byte <= 57) {
      low = (low * 10 + byte - 48) | 0;
      byte = view.getUint8(++at);
    }
    let count = at - from;
    if (count === 0) return -1;
    if (count > 9) count = TOO_LONG;
    let scale = 0;
    let real = false;
    if (byte === 46 && isDigitByte(view.getUint8(at + 1))) {
      real = true;
      byte = view.getUint8(++at);
      const point = at;
      if (low === 0) {
        // Zeros before the first digit that counts.
        count = count === TOO_LONG ? count : 0;
        while (byte === 48) byte = view.getUint8(++at);
      }
      from = at;
      const room = 9 - count;
      while (at - from + 4 <= room && at + 4 < limit && isFourDigits(view.getInt32(at, true))) {
        low = (low * 10_000 + fourDigits(view.getInt32(at, true))) | 0;
        at += 4;
        byte = view.getUint8(at);
      }
      while (byte >= 48 && byte <= 57 && at - from < room) {
        low = (low * 10 + byte - 48) | 0;
        byte = view.getUint8(++at);
      }
      if (byte >= 48 && byte <= 57) {
        high = low;
        low = 0;
        const second = at;
        while (byte >= 48 && byte <= 57) {
          if (at - second < 9) low = (low * 10 + byte - 48) | 0;
          byte = view.getUint8(++at);
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
      scale = point - at;
      count += at - from;
    }
    if (byte === 101 || byte === 69) {
      const sign = view.getUint8(at + 1);
      const mark = sign === 45 || sign === 43 ? at + 2 : at + 1;
      if (isDigitByte(view.getUint8(mark))) {
        real = true;
        let exponent = 0;
        at = mark;
        byte = view.getUint8(at);
        while (byte >= 48 && byte <= 57) {
          exponent = Math.min(exponent * 10 + byte - 48, 9999);
          byte = view.getUint8(++at);
        }
        scale += sign === 45 ? -exponent : exponent;
      }
    }
    if (real !== ((next & REAL) !== 0)) return -1;
    let number = Number.NaN;
    // Up to nine digits: one exact operation.
    if (count <= 9 && scale <= 0 && scale > -SCALES.length) number = low / (SCALES[-scale] ?? 1);
    else if (count < TOO_LONG) number = decimal(high, low, scale);
    if (Number.isNaN(number)) number = Math.abs(Number(latin(view, first, at)));
    values[slot] = negative ? -number : number;
    slot += 1;
  }
}

/** Whether the four bytes of a word are digits. */
const isFourDigits = (word: number): boolean =>
  (word & 0xf0f0f0f0) === THREES && ((word + 0x06060606) & 0xf0f0f0f0) === THREES;
const THREES = 0x30303030;

/** The number that they are, the first one in the lowest byte. */
function fourDigits(word: number): number {
  const digits = word & 0x0f0f0f0f;
  const pairs = (digits * 10 + (digits >>> 8)) & 0x00ff00ff;
  return (pairs & 0xff) * 100 + (pairs >>> 16);
}

/** End of a number of this kind, or -1. */
function numberEnd(view: DataView, from: number, kind: number): number {
  let at = from;
  let byte = view.getUint8(at);
  if ((kind & SIGNED) !== 0 && (byte === 45 || byte === 43)) byte = view.getUint8(++at);
  if (!isDigitByte(byte)) return -1;
  while (byte >= 48 && byte <= 57) byte = view.getUint8(++at);
  let real = 0;
  if (byte === 46 && isDigitByte(view.getUint8(at + 1))) {
    real = REAL;
    byte = view.getUint8(++at);
    while (byte >= 48 && byte <= 57) byte = view.getUint8(++at);
  }
  if (byte === 101 || byte === 69) {
    const sign = view.getUint8(at + 1);
    const mark = sign === 45 || sign === 43 ? at + 2 : at + 1;
    if (isDigitByte(view.getUint8(mark))) {
      real = REAL;
      at = mark;
      byte = view.getUint8(at);
      while (byte >= 48 && byte <= 57) byte = view.getUint8(++at);
    }
  }
  return (kind & REAL) === real ? at : -1;
}

const TOO_LONG = 100;
/** Powers of ten that are exact. */
const SCALES = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

const isDigitByte = (byte: number): boolean => byte >= 48 && byte <= 57;

/** End of a run of bar graphics and the spaces in it, or -1. */
function blocksEnd(view: DataView, from: number): number {
  let at = from;
  if (view.getUint8(at) !== 0xe2) return -1;
  for (;;) {
    const byte = view.getUint8(at);
    if (byte === 0x20) at += 1;
    else if (byte === 0xe2 && isGraphic(view.getUint8(at + 1)) && view.getUint8(at + 2) >= 0x80) at += 3;
    else return at === from ? -1 : at;
  }
}

const isGraphic = (byte: number): boolean => byte >= 0x94 && byte <= 0x96;

function dotsEnd(view: DataView, from: number): number {
  let at = from;
  while (view.getUint8(at) === 0x3d || view.getUint8(at) === 0x3e || view.getUint8(at) === 0x2e) at += 1;
  return at - from < 4 ? -1 : at;
}

function latin(view: DataView, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i += 1) text += String.fromCharCode(view.getUint8(i));
  return text;
}

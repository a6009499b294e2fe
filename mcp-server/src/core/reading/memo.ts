import { type Shape, shapeOf } from './batch.js';
import { MAYBE } from './ending-rules.js';
import type { Reading } from './interpret.js';
import type { NumberToken } from './lex.js';
import { matchTemplate } from './match.js';
import type { Spot } from './seen.js';
import { makeTemplate } from './template.js';

/** Templates kept; beyond that the oldest half is forgotten. */
const KEPT = 1024;
/** The last few that matched are tried first, and most lines are one of them. */
const RECENT = 4;
const MAX_SLOTS = 512;
/** Bytes of a line; what is longer is none of a template's, whose bars may be of any length. */
const LONGEST = 8192;
/** Lines without metrics are learnt at their second sight: most are never seen again. */
const REMEMBERED = 4096;

/** How the lines of one template are read. Slots are those of the line last found; -1 is none. */
export interface Known {
  code: Int32Array;
  /** What came after it last time in the same context: a log goes round in circles. */
  next: Known | null;
  kind: Reading['kind'];
  context: Reading['context'];
  /** Its words may tell of an end. */
  telling: boolean;
  /** Some of step, steps, epoch and epochs are there. */
  placed: boolean;
  shape: Shape;
  /** Of each of its names; -1 is a printed nan or infinity, whose value is the constant. */
  slots: Int32Array;
  constants: Float64Array;
  /** Of each of its names the power of ten of `1.7M`; null where no number is shortened. */
  powers: readonly number[] | null;
  step: number;
  steps: number;
  epoch: number;
  epochs: number;
}

/** Remembers how lines were read, so that a line that differs from an earlier one in its numbers alone costs one comparison. */
export interface Memo {
  /**
   * How lines like the one that starts here are read, with this one's numbers and end at hand until the next call; null when none is
   * known. There must be a `\n` or `\r` at or behind `start`.
   */
  find(bytes: Uint8Array, start: number): Known | null;
  /** Where the line last found ends. */
  readonly end: number;
  /** The numbers in the slots of the line last found. */
  readonly numbers: Float64Array;
  learn(bytes: Uint8Array, clean: string, tokens: readonly NumberToken[], reading: Reading): void;
}

export function createMemo(): Memo {
  const recent: Known[] = [];
  let last: Known | null = null;
  // By the hash of what is fixed in their lines.
  let byOutline = new Map<number, Known[]>();
  let count = 0;
  let end = -1;
  const numbers = new Float64Array(MAX_SLOTS);
  const sights = new Int32Array(REMEMBERED);
  let bytesOfView: Uint8Array | null = null;
  let view: DataView = new DataView(new ArrayBuffer(0));

  const clear = (): void => {
    recent.length = 0;
    last = null;
    byOutline = new Map();
    count = 0;
    sights.fill(0);
  };

  const seenBefore = (clean: string, tokens: readonly NumberToken[]): boolean => {
    const hash = outline(clean, tokens);
    const place = (hash >>> 0) % REMEMBERED;
    if (sights[place] === hash) return true;
    sights[place] = hash;
    return false;
  };

  const remember = (known: Known): void => {
    if (recent.length < RECENT) recent.push(known);
    for (let i = recent.length - 1; i > 0; i -= 1) recent[i] = recent[i - 1] ?? known;
    recent[0] = known;
  };

  const matches = (known: Known, start: number): boolean => {
    end = matchTemplate(known.code, view, start, numbers);
    return end >= 0 && end - start <= LONGEST;
  };

  const search = (bytes: Uint8Array, start: number): Known | null => {
    const alike = byOutline.get(outlineOf(bytes, start));
    if (alike === undefined) return null;
    for (const known of alike) {
      if (!matches(known, start)) continue;
      remember(known);
      return known;
    }
    return null;
  };

  /** The known line that matches, of the last few or by what is fixed in it. */
  const look = (bytes: Uint8Array, start: number): Known | null => {
    for (let i = 0; i < recent.length; i += 1) {
      const known = recent[i];
      if (known !== undefined && matches(known, start)) {
        if (i > 0) {
          recent[i] = recent[i - 1] ?? known;
          recent[i - 1] = known;
        }
        return known;
      }
    }
    return count <= recent.length ? null : search(bytes, start);
  };

  return {
    numbers,
    get end() {
      return end;
    },
    find(bytes, start) {
      if (bytes !== bytesOfView) {
        bytesOfView = bytes;
        view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }
      const guess = last?.next ?? null;
      if (guess !== null && matches(guess, start)) {
        last = guess;
        return guess;
      }
      const known = look(bytes, start);
      if (known !== null) {
        if (last !== null) last.next = known;
        last = known;
      }
      return known;
    },
    learn(bytes, clean, tokens, reading) {
      if (!isLearnable(reading, tokens)) return;
      if (tokens.length > MAX_SLOTS || (reading.seen.metrics.length === 0 && !seenBefore(clean, tokens)))
        return;
      const { stand, metrics, split } = reading.seen;
      const place = (spot: Spot | null): number =>
        tokens.findIndex((token) => token.start === spot?.start && token.end === spot.end);
      const spots = [stand.step, stand.steps, stand.epoch, stand.epochs, ...metrics];
      const indices = spots.map(place);
      if (spots.some((spot, index) => spot !== null && (indices[index] ?? -1) < 0)) return;
      // Numbers that are part of a name are as fixed as its words: `Acc@1` is not `Acc@5`.
      const inNames = (printed: string): boolean => metrics.some(({ name }) => name.includes(printed));
      const fixed = new Set(
        [...tokens.keys()].filter(
          (index) =>
            !indices.includes(index) &&
            (reading.once === true || inNames(clean.slice(tokens[index]?.start, tokens[index]?.end))),
        ),
      );
      const made = makeTemplate(bytes, clean, tokens, new Set(indices), fixed);
      if (made === null) return;
      const [step = -1, steps = -1, epoch = -1, epochs = -1, ...slots] = indices.map(
        (index) => made.slotOf[index] ?? -1,
      );
      if (slots.some((slot, index) => slot < 0 && Number.isFinite(metrics[index]?.value))) return;
      const placed = Math.max(step, steps, epoch, epochs) >= 0;
      const telling = MAYBE.test(clean);
      const known: Known = {
        telling,
        code: made.code,
        next: null,
        kind: reading.kind,
        context: reading.context,
        shape: shapeOf(
          metrics.map(({ name }) => name),
          split,
        ),
        slots: Int32Array.from(slots),
        constants: Float64Array.from(metrics, ({ value }) => value),
        powers: metrics.some(({ power }) => power !== undefined)
          ? metrics.map(({ power }) => power ?? 0)
          : null,
        placed,
        step,
        steps,
        epoch,
        epochs,
      };
      if (count >= KEPT) clear();
      count += 1;
      const hash = outlineOf(bytes, 0);
      const others = byOutline.get(hash);
      if (others === undefined) byOutline.set(hash, [known]);
      else {
        if (others.length >= ALIKE) others.shift();
        others.push(known);
      }
      remember(known);
    },
  };
}

/** Whether a line with other numbers means the same: a header does not, when there are numbers in its names. */
function isLearnable({ context }: Reading, tokens: readonly NumberToken[]): boolean {
  return context === null || tokens.length === 0 || Object.keys(context).every((key) => key === 'settings');
}

/** Templates of one outline; beyond, the one learnt first goes. */
const ALIKE = 12;

/** 1 for the bytes that no number, drawn bar or gap in one has: they are the same in all lines of a template. */
const FIXED = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 && !' 0123456789+-.eE=>'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** A hash of the fixed bytes of the line that starts here. */
function outlineOf(bytes: Uint8Array, start: number): number {
  let hash = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 10 || byte === 13) break;
    if (FIXED[byte] === 1) hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return hash;
}

/** A hash of a text without its numbers. */
function outline(clean: string, tokens: readonly NumberToken[]): number {
  let hash = 17;
  let at = 0;
  for (const token of [...tokens, { start: clean.length, end: clean.length }]) {
    for (; at < token.start; at += 1) hash = (Math.imul(hash, 31) + clean.charCodeAt(at)) | 0;
    hash = Math.imul(hash, 31) | 1;
    at = token.end;
  }
  return hash;
}

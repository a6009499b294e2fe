import { MAYBE } from './ending-rules.js';
import type { Reading } from './interpret.js';
import type { NumberToken } from './lex.js';
import { matchTemplate } from './match.js';
import type { Seen, Spot } from './seen.js';
import { makeTemplate } from './template.js';

/** Templates kept; beyond that the oldest half is forgotten. */
const KEPT = 1024;
/** The last few that matched are tried first, and most lines are one of them. */
const RECENT = 4;
const MAX_SLOTS = 512;
/** Lines without metrics are learnt at their second sight: most are never seen again. */
const REMEMBERED = 1024;

/** How the lines of one template are read. Slots are those of the line last found; -1 is none. */
export interface Known {
  code: Int32Array;
  kind: Reading['kind'];
  context: Reading['context'];
  split: Seen['split'];
  /** Its words may tell of an end. */
  telling: boolean;
  /** Some of step, steps, epoch and epochs are there. */
  placed: boolean;
  /** `constant` is the value where the slot is -1: a printed nan or infinity. */
  named: ReadonlyArray<{ name: string; slot: number; constant: number }>;
  /** All of their names, with no value yet. */
  names: Readonly<Record<string, number>>;
  step: number;
  steps: number;
  epoch: number;
  epochs: number;
}

/** Remembers how lines were read, so that a line that differs from an earlier one in its numbers alone costs one comparison. */
export interface Memo {
  /** How lines like this one are read, with this one's numbers at hand until the next call; null when none is known. */
  find(bytes: Uint8Array, start: number, end: number): Known | null;
  /** The number in a slot of the line last found; NaN for slot -1. */
  value(slot: number): number;
  learn(bytes: Uint8Array, clean: string, tokens: readonly NumberToken[], reading: Reading): void;
}

export function createMemo(): Memo {
  const recent: Known[] = [];
  // By the hash of the fixed words that a template opens with, digits left out.
  let byOpening = new Map<number, Known[]>();
  // Per count of opening words how many templates have it: where a look-up is worth it.
  const openings = new Int32Array(MOST_WORDS + 1);
  let count = 0;
  const numbers = new DataView(new ArrayBuffer(8 * MAX_SLOTS));
  const sights = new Int32Array(REMEMBERED);
  let bytesOfView: Uint8Array | null = null;
  let view: DataView = new DataView(new ArrayBuffer(0));

  const clear = (): void => {
    recent.length = 0;
    byOpening = new Map();
    openings.fill(0);
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

  const search = (bytes: Uint8Array, start: number, end: number): Known | null => {
    let hash = 0;
    for (let words = 0; ; words += 1) {
      const others = (openings[words] ?? 0) === 0 ? undefined : byOpening.get(hash);
      if (others !== undefined) {
        for (const known of others) {
          if (!matchTemplate(known.code, view, start, end, numbers)) continue;
          remember(known);
          return known;
        }
      }
      if (words === MOST_WORDS || start + 4 * words + 4 > bytes.length) return null;
      hash = mix(hash, view.getInt32(start + 4 * words, true));
    }
  };

  return {
    value: (slot) => (slot < 0 ? Number.NaN : numbers.getFloat64(slot * 8, true)),
    find(bytes, start, end) {
      // Matching looks at the byte behind the line.
      if (end >= bytes.length) return null;
      if (bytes !== bytesOfView) {
        bytesOfView = bytes;
        view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }
      for (let i = 0; i < recent.length; i += 1) {
        const known = recent[i];
        if (known !== undefined && matchTemplate(known.code, view, start, end, numbers)) {
          if (i > 0) {
            recent[i] = recent[i - 1] ?? known;
            recent[i - 1] = known;
          }
          return known;
        }
      }
      return count === 0 ? null : search(bytes, start, end);
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
            !indices.includes(index) && inNames(clean.slice(tokens[index]?.start, tokens[index]?.end)),
        ),
      );
      const made = makeTemplate(bytes, clean, tokens, new Set(indices), fixed);
      if (made === null) return;
      const [step = -1, steps = -1, epoch = -1, epochs = -1, ...slots] = indices.map(
        (index) => made.slotOf[index] ?? -1,
      );
      if (slots.some((slot, index) => slot < 0 && Number.isFinite(metrics[index]?.value))) return;
      const named = metrics.map(({ name, value }, index) => ({
        name,
        slot: slots[index] ?? -1,
        constant: value,
      }));
      const placed = Math.max(step, steps, epoch, epochs) >= 0;
      const telling = MAYBE.test(clean);
      const known = {
        telling,
        code: made.code,
        kind: reading.kind,
        context: reading.context,
        split,
        placed,
        named,
        names: Object.fromEntries(metrics.map(({ name }) => [name, 0.5])),
        step,
        steps,
        epoch,
        epochs,
      };
      if (count >= KEPT) clear();
      count += 1;
      const { words, hash } = opening(made.code);
      openings[words] = (openings[words] ?? 0) + 1;
      const others = byOpening.get(hash);
      if (others === undefined) byOpening.set(hash, [known]);
      else {
        if (others.length >= ALIKE) others.shift();
        others.push(known);
      }
      remember(known);
    },
  };
}

/** Whether a line with other numbers means the same: a header does not, when there are numbers in its names. */
function isLearnable({ context, once }: Reading, tokens: readonly NumberToken[]): boolean {
  if (once === true) return false;
  return context === null || tokens.length === 0 || Object.keys(context).every((key) => key === 'settings');
}

const MOST_WORDS = 24;
/** Templates of one opening; beyond, the one learnt first goes. */
const ALIKE = 12;

/** The words that a template opens with, before anything in it can move, and their hash. */
function opening(code: Int32Array): { words: number; hash: number } {
  const fixed = code[0] ?? 0;
  let words = 0;
  let hash = 0;
  while (words < Math.min(fixed, MOST_WORDS)) {
    const compared = code[1 + 3 * words] ?? 0;
    const value = code[2 + 3 * words] ?? 0;
    const digits = code[3 + 3 * words] ?? 0;
    // A last word of less than four bytes holds what comes after the fixed part.
    if ((compared | digits) !== -1) break;
    hash = mix(hash, value | (digits & 0x30303030));
    words += 1;
  }
  return { words, hash };
}

/** Adds four bytes to a hash, every byte from `0` to `?` taken for the same. */
function mix(hash: number, word: number): number {
  const high = (word ^ 0x30303030) & 0xf0f0f0f0;
  const other = ((high | (high >>> 1) | (high >>> 2) | (high >>> 3)) >>> 4) & 0x01010101;
  return (Math.imul(hash, 0x01000193) ^ Math.imul(word & Math.imul(other, 255), 0x5bd1e995)) | 0;
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

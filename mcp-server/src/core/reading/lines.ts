import { z } from 'zod';

const NEWLINE = 10;
const RETURN = 13;

/** Bytes kept of one line or bar segment. */
const LINE_CAP = 65_536;

/** A line, or a piece of one that ended with `\r`. The text is decoded when it is asked for. */
export class Line {
  constructor(
    readonly bytes: Uint8Array,
    readonly start: number,
    readonly end: number,
    /** Physical line, counted from 1 by `\n`. */
    readonly line: number,
    /** Offset of the first byte after it and its terminator, counted over everything that was fed. */
    readonly at: number,
  ) {}

  /** Broken UTF-8 is replaced by U+FFFD. */
  get text(): string {
    return decode(this.bytes.subarray(this.start, this.end));
  }
}

/** Plain JSON; a splitter made from it goes on with the very next byte. */
export const SplitterState = z.strictObject({
  line: z.number(),
  fed: z.number().describe('bytes so far'),
  head: z.string().describe('first bytes of the unfinished line, one character each'),
  tail: z.string().describe('its last ones, when it is too long'),
  dropped: z.number().describe('bytes of it that are no longer held'),
  returned: z.boolean().describe('a `\\r` ended the text so far and may turn out to be half of a `\\r\\n`'),
  begun: z.boolean().describe('the physical line already gave a segment'),
});
export type SplitterState = z.output<typeof SplitterState>;

/**
 * Cuts a byte stream into lines at `\n` and into segments at `\r`, the same ones however the stream is chunked.
 * A segment of a bar is given as soon as its `\r` is followed by something, so a bar that never ends its line
 * is read while it runs. `\r\n` is one terminator. Empty segments are left out, empty lines are given. Of a line longer than
 * `cap` the first and the last `cap / 2` bytes are kept, so memory stays bounded.
 */
export class LineSplitter {
  readonly #half: number;
  #line: number;
  #fed: number;
  #head: Uint8Array;
  #tail: Uint8Array;
  #dropped: number;
  #returned: boolean;
  #begun: boolean;

  constructor(state?: SplitterState, cap: number = LINE_CAP) {
    this.#half = Math.max(1, cap >> 1);
    this.#line = state?.line ?? 1;
    this.#fed = state?.fed ?? 0;
    this.#head = toBytes(state?.head ?? '');
    this.#tail = toBytes(state?.tail ?? '');
    this.#dropped = state?.dropped ?? 0;
    this.#returned = state?.returned ?? false;
    this.#begun = state?.begun ?? false;
  }

  /** Number of the line that comes next or is under way. */
  get line(): number {
    return this.#line;
  }

  /** The lines that these bytes completed. Their bytes stay those of `chunk`, which must not be overwritten. */
  push(chunk: Uint8Array): Line[] {
    const out: Line[] = [];
    const base = this.#fed;
    let start = 0;
    let nextReturn = chunk.indexOf(RETURN);
    let nextNewline = chunk.indexOf(NEWLINE);
    if (this.#returned && chunk.length > 0) {
      this.#returned = false;
      if (chunk[0] === NEWLINE) {
        this.#end(out, chunk, 0, 0, base + 1, true);
        start = 1;
        nextNewline = chunk.indexOf(NEWLINE, 1);
      } else this.#end(out, chunk, 0, 0, base, false);
    }
    for (;;) {
      if (nextReturn >= 0 && nextReturn < start) nextReturn = chunk.indexOf(RETURN, start);
      if (nextReturn >= 0 && (nextNewline < 0 || nextReturn < nextNewline)) {
        if (nextReturn + 1 === chunk.length) {
          this.#hold(chunk, start, nextReturn);
          this.#returned = true;
          break;
        }
        if (nextReturn + 1 === nextNewline) {
          this.#end(out, chunk, start, nextReturn, base + nextNewline + 1, true);
          start = nextNewline + 1;
          nextNewline = chunk.indexOf(NEWLINE, start);
        } else {
          this.#end(out, chunk, start, nextReturn, base + nextReturn + 1, false);
          start = nextReturn + 1;
        }
      } else if (nextNewline >= 0) {
        this.#end(out, chunk, start, nextNewline, base + nextNewline + 1, true);
        start = nextNewline + 1;
        nextNewline = chunk.indexOf(NEWLINE, start);
      } else {
        this.#hold(chunk, start, chunk.length);
        break;
      }
    }
    this.#fed = base + chunk.length;
    return out;
  }

  /** What stands after the last terminator, for when the stream has ended; nothing when that is nothing. */
  end(): Line[] {
    const out: Line[] = [];
    this.#returned = false;
    this.#end(out, new Uint8Array(0), 0, 0, this.#fed, false);
    return out;
  }

  snapshot(): SplitterState {
    return {
      line: this.#line,
      fed: this.#fed,
      head: toLatin1(this.#head),
      tail: toLatin1(this.#tail),
      dropped: this.#dropped,
      returned: this.#returned,
      begun: this.#begun,
    };
  }

  #end(out: Line[], chunk: Uint8Array, start: number, end: number, at: number, newline: boolean): void {
    if (this.#head.length > 0 || end - start > 2 * this.#half) {
      this.#hold(chunk, start, end);
      // Readers look at the byte after a line: it is there, as it is for a line inside of its chunk.
      const whole = concat(this.#head, this.#tail, 1);
      out.push(new Line(whole, 0, whole.length - 1, this.#line, at));
      this.#head = this.#tail = new Uint8Array(0);
      this.#dropped = 0;
      this.#begun = true;
    } else if (end > start || (newline && !this.#begun)) {
      out.push(new Line(chunk, start, end, this.#line, at));
      this.#begun = true;
    }
    if (!newline) return;
    this.#line += 1;
    this.#begun = false;
  }

  #hold(chunk: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    const room = Math.max(0, this.#half - this.#head.length);
    const split = Math.min(end, start + room);
    if (split > start) this.#head = concat(this.#head, chunk.subarray(start, split));
    if (split >= end) return;
    const all = this.#tail.length + (end - split);
    const keep = Math.min(all, this.#half);
    const fresh = Math.min(end - split, keep);
    const old = keep - fresh;
    this.#tail = concat(this.#tail.subarray(this.#tail.length - old), chunk.subarray(end - fresh, end));
    this.#dropped += all - keep;
  }
}

// ignoreBOM keeps a leading U+FEFF, so that a line's text never depends on where it stands. A decoder holds no state between calls.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

function concat(a: Uint8Array, b: Uint8Array, spare = 0): Uint8Array {
  const whole = new Uint8Array(a.length + b.length + spare);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes as text, one character each: how they stand in JSON. */
export function toLatin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

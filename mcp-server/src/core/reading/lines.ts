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

/** What takes the lines of a stream, in order. */
export interface LineReader {
  take(line: Line): void;
  /**
   * Takes the line that starts here if its words are known: they tell where it ends, and nobody has to look for that.
   * Gives its end, where its `\n` or `\r` stands, or -1. The line is not empty, and it and its terminator are in `bytes`, whose
   * first byte has the offset `base`.
   */
  takeKnown(bytes: Uint8Array, start: number, line: number, base: number): number;
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
    const lines: Line[] = [];
    this.feed(chunk, { take: (line) => lines.push(line), takeKnown: () => -1 });
    return lines;
  }

  /** Gives the lines that these bytes completed to a reader, each before the next one is looked for. */
  feed(chunk: Uint8Array, reader: LineReader): void {
    const base = this.#fed;
    this.#fed = base + chunk.length;
    let start = 0;
    if (this.#returned && chunk.length > 0) {
      this.#returned = false;
      const newline = chunk[0] === NEWLINE;
      start = newline ? 1 : 0;
      this.#end(reader, chunk, 0, 0, base + start, newline);
    }
    const last = lastTerminator(chunk);
    while (start < chunk.length) {
      const known =
        start < last && this.#head.length === 0 && !isTerminator(chunk[start])
          ? reader.takeKnown(chunk, start, this.#line, base)
          : -1;
      const end = known < 0 ? terminator(chunk, start) : known;
      if (end === chunk.length || (end === chunk.length - 1 && chunk[end] === RETURN)) {
        this.#hold(chunk, start, end);
        this.#returned = end < chunk.length;
        return;
      }
      const after = afterTerminator(chunk, end);
      const newline = chunk[after - 1] === NEWLINE;
      if (known < 0) this.#end(reader, chunk, start, end, base + after, newline);
      else {
        this.#begun = true;
        if (newline) this.#newline();
      }
      start = after;
    }
  }

  /** What stands after the last terminator, for when the stream has ended; nothing when that is nothing. */
  end(): Line[] {
    const lines: Line[] = [];
    this.#returned = false;
    const reader = { take: (line: Line) => lines.push(line), takeKnown: () => -1 };
    this.#end(reader, new Uint8Array(0), 0, 0, this.#fed, false);
    return lines;
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

  #end(
    reader: LineReader,
    chunk: Uint8Array,
    start: number,
    end: number,
    at: number,
    newline: boolean,
  ): void {
    if (this.#head.length > 0 || end - start > 2 * this.#half) {
      this.#hold(chunk, start, end);
      const whole = concat(this.#head, this.#tail, TERMINATED);
      reader.take(new Line(whole, 0, whole.length - 1, this.#line, at));
      this.#head = this.#tail = new Uint8Array(0);
      this.#dropped = 0;
      this.#begun = true;
    } else if (end > start || (newline && !this.#begun)) {
      reader.take(new Line(chunk, start, end, this.#line, at));
      this.#begun = true;
    }
    if (newline) this.#newline();
  }

  #newline(): void {
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

const TERMINATED = Uint8Array.of(NEWLINE);

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const isTerminator = (byte: number | undefined): boolean => byte === NEWLINE || byte === RETURN;

/** Where the line that starts here ends; the length of the chunk when it does not. A loop: most lines are shorter than a call of `indexOf` takes. */
function terminator(chunk: Uint8Array, start: number): number {
  let at = start;
  while (at < chunk.length && !isTerminator(chunk[at])) at += 1;
  return at;
}

/** The last terminator that is whole: no `\r` whose `\n` may be yet to come. -1 when there is none. */
function lastTerminator(chunk: Uint8Array): number {
  let at = chunk.length - 1;
  if (chunk[at] === RETURN) at -= 1;
  while (at >= 0 && !isTerminator(chunk[at])) at -= 1;
  return at;
}

/** Where the next line starts after the terminator at `end`; `\r\n` is one. */
export function afterTerminator(chunk: Uint8Array, end: number): number {
  return chunk[end] === RETURN && chunk[end + 1] === NEWLINE ? end + 2 : end + 1;
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

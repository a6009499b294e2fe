import { z } from 'zod';
import type { FileSlice, Machine } from '../../core/ports.js';
import {
  type Line,
  type LineReader,
  LineSplitter,
  SplitterState,
  toLatin1,
} from '../../core/reading/lines.js';

/** How far a log was read. Plain JSON; a follower made from it goes on with the very next byte. */
export const FollowState = z.strictObject({
  offset: z.number().describe('bytes of the file as it is now that were read'),
  base: z.number().describe('bytes read of what it was before it was cut or replaced'),
  id: z.string().nullable().describe('which file it is'),
  head: z.string().describe('its first bytes, one character each'),
  tail: z.string().describe('the bytes before `offset`'),
  shrunk: z.number().describe('polls in a row that saw less than was read'),
  splitter: SplitterState.nullable(),
});
export type FollowState = z.output<typeof FollowState>;

interface Polled {
  /** Their offsets count over all that the file ever was: they only grow. None when a reader took them. */
  lines: Line[];
  grew: boolean;
  /** There is more to read at once. */
  more: boolean;
  /** Bytes of the file; 0 when there is none. */
  size: number;
  /** It was cut or replaced and is read from its beginning. */
  restarted: boolean;
}

export interface Follower {
  /** The next lines, from at most 512 KiB, for the reader if there is one. One question to the machine when there is nothing new. */
  poll(reader?: LineReader): Promise<Polled>;
  /** What stands after the last newline, once nothing more is written. */
  end(): Line[];
  snapshot(): FollowState;
}

const CHUNK = 1 << 19;
/** Bytes by which a file is known again. */
const PRINT = 64;
/** A network file system may show an older, shorter file for a while: so many polls in a row before it is believed. */
const PATIENCE = 5;

/**
 * Reads a growing log from where it was left, with bounded memory. A file that was cut short or replaced (another id, other
 * bytes than those read before) is read from its beginning again; line numbers then begin anew, offsets go on.
 */
export function createFollower(
  machine: Pick<Machine, 'readFrom'>,
  path: string,
  state?: FollowState,
): Follower {
  let { offset, base, id, head, tail, shrunk } = state ?? {
    offset: 0,
    base: 0,
    id: null,
    head: '',
    tail: '',
    shrunk: 0,
  };
  let splitter = new LineSplitter(state?.splitter ?? undefined);
  // While the file is read without pause, nobody had the time to replace what was read.
  let paused = true;
  // One place for all pieces of a long log: new memory for each costs more than the reading. Let go of when it is caught up with.
  let place: Uint8Array | undefined;

  const print = async (from: number, length: number): Promise<string> => {
    const slice = await machine.readFrom(path, from, length);
    return slice === null ? '' : toLatin1(slice.bytes.subarray(0, length));
  };

  /** Whether this is no longer the file that was read up to `offset`. Null while that cannot be told. */
  const isOther = async (slice: FileSlice): Promise<boolean | null> => {
    if (id !== null && slice.id !== id) return true;
    if (slice.size < offset) {
      const now = await print(0, head.length);
      if (slice.size === 0 || !head.startsWith(now)) return true;
      return shrunk + 1 >= PATIENCE ? true : null;
    }
    if (slice.bytes.length === 0 || !paused || tail === '') return false;
    return (await print(offset - tail.length, tail.length)) !== tail;
  };

  const restart = (): void => {
    base += offset;
    offset = 0;
    head = '';
    tail = '';
    shrunk = 0;
    splitter = new LineSplitter({ ...new LineSplitter().snapshot(), fed: base });
  };

  const take = (slice: FileSlice, reader: LineReader | undefined): Line[] => {
    const { bytes } = slice;
    id = slice.id;
    shrunk = 0;
    if (head.length < PRINT) head += toLatin1(bytes.subarray(0, PRINT - head.length));
    tail = (tail + toLatin1(bytes.subarray(Math.max(0, bytes.length - PRINT)))).slice(-PRINT);
    offset += bytes.length;
    if (reader === undefined) return splitter.push(bytes);
    splitter.feed(bytes, reader);
    return [];
  };

  return {
    async poll(reader) {
      // Lines that are handed out keep their bytes; a reader is done with them when it has taken them.
      if (reader !== undefined && !paused) place ??= new Uint8Array(CHUNK);
      const slice = await machine.readFrom(path, offset, CHUNK, reader === undefined ? undefined : place);
      if (slice === null) return { lines: [], grew: false, more: false, size: 0, restarted: false };
      const other = await isOther(slice);
      if (other === null) {
        shrunk += 1;
        return { lines: [], grew: false, more: false, size: slice.size, restarted: false };
      }
      if (other) restart();
      const now = other
        ? ((await machine.readFrom(path, 0, CHUNK)) ?? { bytes: new Uint8Array(0), size: 0, id: slice.id })
        : slice;
      const lines = take(now, reader);
      const more = now.bytes.length > 0 && offset < now.size;
      paused = !more;
      if (paused) place = undefined;
      return { lines, grew: now.bytes.length > 0, more, size: now.size, restarted: other };
    },
    end: () => splitter.end(),
    snapshot: () => ({ offset, base, id, head, tail, shrunk, splitter: splitter.snapshot() }),
  };
}

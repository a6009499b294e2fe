import { type Line, LineSplitter, type SplitterState } from '../../core/reading/lines.js';
import type { Machine } from '../../core/ports.js';

export interface FollowState {
  /** Bytes of the file as it is now that were read. */
  offset: number;
  /** Bytes read of what it was before it was cut or replaced. */
  base: number;
  /** Which file it is. */
  id: string | null;
  splitter: SplitterState | null;
}

export interface FollowedLine {
  line: Line;
  /** Offset behind the line, over all that the file ever was: it only grows. */
  at: number;
}

export interface Follower {
  /** The next lines, from at most 1 MiB. `more`: there is more to read at once. */
  poll(): Promise<{ lines: FollowedLine[]; grew: boolean; more: boolean }>;
  /** What stands after the last newline, once nothing more is written. */
  end(): FollowedLine[];
  snapshot(): FollowState;
}

const CHUNK = 1 << 20;

/**
 * Reads a growing log from where it was left, with bounded memory. A file that was cut short or replaced is read from
 * its beginning again; line numbers then begin anew, offsets go on.
 */
export function createFollower(machine: Pick<Machine, 'readFrom'>, path: string, state?: FollowState): Follower {
  let { offset, base, id } = state ?? { offset: 0, base: 0, id: null };
  let splitter = new LineSplitter(state?.splitter ?? undefined);
  const place = (lines: readonly Line[]): FollowedLine[] => lines.map((line) => ({ line, at: base + line.at }));
  return {
    async poll() {
      let slice = await machine.readFrom(path, offset, CHUNK);
      if (slice === null) return { lines: [], grew: false, more: false };
      if ((id !== null && slice.id !== id) || slice.size < offset) {
        base += offset;
        offset = 0;
        splitter = new LineSplitter();
        slice = (await machine.readFrom(path, 0, CHUNK)) ?? slice;
      }
      id = slice.id;
      const lines = splitter.push(slice.bytes);
      offset += slice.bytes.length;
      return { lines: place(lines), grew: slice.bytes.length > 0, more: slice.bytes.length > 0 && offset < slice.size };
    },
    end: () => place(splitter.end()),
    snapshot: () => ({ offset, base, id, splitter: splitter.snapshot() }),
  };
}

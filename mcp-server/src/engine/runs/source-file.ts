import { join } from 'node:path';
import { z } from 'zod';
import type { MetricRecord } from '../../core/metric.js';
import type { FileSlice, Machine } from '../../core/ports.js';
import { toLatin1 } from '../../core/reading/lines.js';
import {
  createSourceParser,
  HEAD,
  isOfKind,
  SOURCE_KINDS,
  wholeReaderOf,
} from '../../core/reading/sources/kinds.js';
import { PIECE } from '../../core/reading/sources/parser.js';
import { type HistoryPrint, inheritedEntries, WholeState } from '../../core/reading/sources/whole-json.js';
import type { Candidate } from '../../store/candidates.js';

/** How far a structured file was read. Plain JSON. */
export const SourceFileState = z.strictObject({
  path: z.string(),
  kind: z.enum(SOURCE_KINDS),
  sure: z.boolean().describe('its first bytes are those of its kind'),
  id: z.string(),
  size: z.number(),
  mtime: z.number(),
  offset: z.number(),
  head: z.string(),
  tail: z.string().describe('the bytes before `offset`, one character each'),
  shift: z.number().describe('records that it had before it was written anew'),
  parser: z.unknown(),
});
export type SourceFileState = z.output<typeof SourceFileState>;

export interface SourceFile {
  readonly path: string;
  readonly kind: SourceFileState['kind'];
  /** Records that are new; asks nothing of the machine while size and time are as before. `last`: nothing follows. */
  read(now: Candidate, last: boolean): Promise<MetricRecord[]>;
  damaged(): number;
  snapshot(): SourceFileState;
}

const PRINT = 64;
/** Pieces read of one file at one look: other runs are not kept waiting. */
const PIECES = 16;
/** More than any file that is written anew as a whole has. */
const LARGEST_WHOLE = 64 << 20;

type Reads = Pick<Machine, 'readFrom'>;

/**
 * Reads a structured file as it grows. `skip`: bytes that were there before the run, and what stands in them is another's;
 * `seen`: the highest record number that is known of it already; `before`: the histories that a resumed training may go on from.
 */
export function openSourceFile(
  machine: Reads,
  root: string,
  candidate: Pick<Candidate, 'path' | 'kind'>,
  {
    state,
    skip,
    seen,
    before = [],
  }: {
    state?: SourceFileState | undefined;
    skip: number;
    seen: number;
    before?: readonly HistoryPrint[];
  },
): SourceFile {
  const { path, kind } = candidate;
  const at = join(root, path);
  const now: SourceFileState = state ?? {
    path,
    kind,
    sure: false,
    id: '',
    size: -1,
    mtime: -1,
    offset: 0,
    head: '',
    tail: '',
    shift: 0,
    parser: undefined,
  };
  const parser = createSourceParser(kind, path, now.parser);
  const whole = wholeReaderOf(kind);
  let given = whole === null ? 0 : (WholeState.safeParse(now.parser).data?.given ?? 0);
  let highest = seen;

  const piece = (from: number, length: number): Promise<FileSlice | null> =>
    machine.readFrom(at, from, length);

  const isSame = async (file: Candidate): Promise<boolean> => {
    if (now.offset === 0) return now.id === '' || file.id === now.id;
    if (file.id !== now.id || file.size < now.offset) return false;
    for (const [from, print] of [
      [0, now.head],
      [now.offset - now.tail.length, now.tail],
    ] as const) {
      if (print === '') continue;
      const slice = await piece(from, print.length);
      if (slice === null || toLatin1(slice.bytes) !== print) return false;
    }
    return true;
  };

  const readWhole = async (size: number): Promise<MetricRecord[]> => {
    if (whole === null || size > LARGEST_WHOLE) return [];
    const slice = await piece(0, LARGEST_WHOLE);
    if (slice === null) return [];
    const text = new TextDecoder().decode(slice.bytes);
    if (given === 0 && before.length > 0) given = inheritedEntries(text, before);
    const read = whole(text, given);
    given = read.given;
    return read.records;
  };

  const readPieces = async (last: boolean): Promise<{ records: MetricRecord[]; all: boolean }> => {
    const records: MetricRecord[] = [];
    for (let count = 0; parser !== null && (last || count < PIECES); count += 1) {
      const slice = await piece(now.offset, PIECE);
      if (slice === null || slice.bytes.length === 0) return { records, all: true };
      const ends = now.offset + slice.bytes.length >= slice.size;
      const { records: found, used } = parser.push(slice.bytes, last && ends);
      for (const one of found) records.push({ ...one, line: one.line + now.shift });
      const behind = slice.bytes.subarray(0, used);
      if (now.offset < PRINT) now.head += toLatin1(behind.subarray(0, PRINT - now.offset));
      now.tail =
        used > slice.bytes.length
          ? ''
          : (now.tail + toLatin1(behind.subarray(Math.max(0, behind.length - PRINT)))).slice(-PRINT);
      now.offset += used;
      if (ends || used === 0) return { records, all: true };
    }
    return { records, all: false };
  };

  /** The records of a transaction log follow from its beginning: those that were there before are read, and not given. */
  const readPast = async (): Promise<void> => {
    while (now.offset < skip) {
      const slice = await piece(now.offset, Math.min(PIECE, skip - now.offset));
      if (slice === null || parser === null) return;
      const bytes = slice.bytes.subarray(0, skip - now.offset);
      const { used } = parser.push(bytes, false);
      if (now.offset < PRINT) now.head += toLatin1(bytes.subarray(0, Math.min(used, PRINT - now.offset)));
      const behind = toLatin1(bytes.subarray(Math.max(0, used - PRINT), used));
      now.tail = used > bytes.length ? '' : (now.tail + behind).slice(-PRINT);
      now.offset += used;
      if (used === 0) return;
    }
  };

  /** Leaves out what stood in the file before the run; a table keeps its header. */
  const leave = async (): Promise<void> => {
    if (kind === 'wandb') return readPast();
    const slice = await piece(0, PIECE);
    const end = slice?.bytes.indexOf(10) ?? -1;
    if (kind === 'csv' && slice !== null && end >= 0) parser?.push(slice.bytes.subarray(0, end + 1), false);
    now.head = slice === null ? '' : toLatin1(slice.bytes.subarray(0, Math.min(PRINT, skip)));
    const before = await piece(Math.max(0, skip - PRINT), Math.min(PRINT, skip));
    now.tail = before === null ? '' : toLatin1(before.bytes);
    now.offset = skip;
  };

  return {
    path,
    kind,
    async read(file, last) {
      const changed = file.size !== now.size || file.mtime !== now.mtime || file.id !== now.id;
      if (!changed && !(last && now.offset < now.size)) return [];
      if (!now.sure) {
        const head = await piece(0, HEAD);
        if (head === null || isOfKind(kind, path, head.bytes) !== true) {
          // Told by its first bytes, so that a large file of something else is not looked at each time it grows.
          Object.assign(now, { size: file.size, mtime: file.mtime, id: file.id });
          return [];
        }
        now.sure = true;
        if (skip > 0 && now.offset === 0 && whole === null) await leave();
      }
      let records: MetricRecord[];
      let all = true;
      if (whole !== null) records = await readWhole(file.size);
      else {
        if (now.id !== '' && !(await isSame(file))) {
          parser?.restart();
          // Rows of a table are numbered by their place; all others go on counting.
          if (kind !== 'csv') now.shift = Math.max(now.shift, highest - countOf(parser?.snapshot()));
          Object.assign(now, { offset: 0, head: '', tail: '' });
        }
        now.id = file.id;
        ({ records, all } = await readPieces(last));
      }
      if (all) Object.assign(now, { size: file.size, mtime: file.mtime, id: file.id });
      const fresh = records.filter((one) => one.line > highest);
      highest = fresh.at(-1)?.line ?? highest;
      return fresh;
    },
    damaged: () => parser?.damaged() ?? 0,
    snapshot: () => ({ ...now, parser: whole === null ? parser?.snapshot() : { given } }),
  };
}

/** How many records a parser has counted. */
function countOf(state: unknown): number {
  if (typeof state !== 'object' || state === null) return 0;
  const counted = 'count' in state ? state.count : 'lines' in state ? state.lines : 0;
  return typeof counted === 'number' ? counted : 0;
}

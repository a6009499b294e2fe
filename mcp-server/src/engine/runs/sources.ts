import { dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCode, LabError } from '../../core/errors.js';
import type { LoggedRecord, MetricRecord } from '../../core/metric.js';
import type { Machine } from '../../core/ports.js';
import { groupOf, kindByName, SOURCE_KINDS } from '../../core/reading/sources/kinds.js';
import { nameIn } from '../../core/reading/sources/naming.js';
import { ownFolder } from '../../core/reading/sources/there.js';
import type { HistoryPrint } from '../../core/reading/sources/whole-json.js';
import type { RunRecord } from '../../core/run-record.js';
import { type Candidate, createCandidates } from '../../store/candidates.js';
import { type Census, readCensus } from '../../store/census.js';
import { openMirrored } from '../../store/mirrored.js';
import type { RunPaths } from '../../store/paths.js';
import type { Lab } from '../lab.js';
import { openSourceFile, type SourceFile, SourceFileState } from './source-file.js';
import { createAttribution, type Rival } from './whose.js';

/** How far the structured files of a run were read. Plain JSON. */
export const SourcesState = z.strictObject({
  contested: z.number().describe('until when another run was active too, in milliseconds; 0 = never'),
  held: z.array(z.string()).describe('files that only its own processes held open'),
  owners: z.record(z.string(), z.strictObject({ group: z.string(), kind: z.enum(SOURCE_KINDS) })),
  dropped: z.array(z.string()).describe('files that may be another run’s by now'),
  files: z.array(SourceFileState),
});
export type SourcesState = z.output<typeof SourcesState>;

/** The structured files that a run writes: found, told apart from those of others, and read as they grow. */
export interface Sources {
  /** New records. Looks every few seconds only; `last`: once more, to the very end. */
  poll(last: boolean): Promise<LoggedRecord[]>;
  /** Whether a file does not count any more, because it may be another run's by now. */
  isDropped(source: string): boolean;
  /** What was read of this run, for a person. */
  list(): string[];
  snapshot(): SourcesState;
}

const SCAN_MS = 3000;
/** So many runs at once may each look every `SCAN_MS`. */
const CROWD = 8;
/** A scan takes at most this part of the time. */
const SHARE = 50;
const MAX_FILES = 256;
const MAX_KNOWN = 1000;

export interface SourcesInput {
  record: RunRecord;
  files: RunPaths;
  /** Runs of the same project that were active at some time since this one began. */
  rivals: () => readonly Rival[];
  state?: SourcesState | undefined;
  /** Highest record number known of each file. */
  seen: ReadonlyMap<string, number>;
}

export function openSources(
  lab: { machine: Pick<Machine, 'readFrom'> } & Pick<Lab, 'clock'>,
  { record, files, rivals, state, seen }: SourcesInput,
): Sources {
  const root = record.cwd;
  const { walk, reads, whose } = groundOf(lab, record, files, state);
  const owners = { ...state?.owners };
  /** File → name as printed → name under which it is kept. */
  const names = new Map<string, Map<string, string | null>>();
  const dropped = new Set(state?.dropped);
  const open = new Map<string, SourceFile>();
  const numbers = new Map(seen);
  const gave = new Set<string>(seen.keys());
  let next = Number.NEGATIVE_INFINITY;
  let census: Census | null | undefined;

  for (const one of state?.files ?? []) open.set(one.path, opened(one, one));

  function opened(file: Pick<Candidate, 'path' | 'kind'>, from?: SourceFileState, skip = 0): SourceFile {
    return openSourceFile(reads, root, file, {
      state: from,
      skip,
      seen: numbers.get(unitOf(file.kind, file.path)) ?? 0,
      before: file.kind === 'trainer-state' ? histories(groupOf(file.kind, file.path)) : [],
    });
  }

  /** What the checkpoints of one training held before the run. */
  function histories(group: string): HistoryPrint[] {
    census ??= readCensus(files);
    return Object.entries(census?.files ?? {}).flatMap(([path, { history }]) =>
      history !== undefined && groupOf('trainer-state', path) === group ? [history] : [],
    );
  }

  /** Bytes of a file that were there before the run; null when it is not of this run. */
  const before = (file: Candidate): number | null => {
    census ??= readCensus(files);
    const old =
      census !== null && Object.hasOwn(census.files, file.path) ? census.files[file.path] : undefined;
    if (old === undefined) {
      // Nobody looked, or not everywhere: then it must be younger than the run.
      const begun =
        record.started_at === null ? Date.parse(record.created_at) : Date.parse(record.started_at);
      return census?.complete === true || file.birth >= begun ? 0 : null;
    }
    if (old.size === file.size && old.mtime === file.mtime) return null;
    if (file.size <= old.size) return 0;
    return old.size;
  };

  const isAppended = async (file: Candidate, skip: number): Promise<boolean> => {
    const tail = census?.files[file.path]?.tail ?? '';
    const slice = await reads.readFrom(`${root}/${file.path}`, skip - tail.length, tail.length);
    return slice !== null && Buffer.from(slice.bytes).toString('latin1') === tail;
  };

  const take = async (file: Candidate): Promise<SourceFile | null> => {
    const known = open.get(file.path);
    if (known !== undefined) return known;
    let skip = before(file);
    if (skip === null || open.size >= MAX_FILES) return null;
    if (skip > 0 && !(await isAppended(file, skip))) skip = 0;
    const made = opened(file, undefined, skip);
    open.set(file.path, made);
    return made;
  };

  /** A file that cannot be read has nothing to say; the run is watched on. */
  const readSafely = async (file: Candidate, last: boolean): Promise<MetricRecord[]> => {
    try {
      return (await (await take(file))?.read(file, last)) ?? [];
    } catch (error) {
      if (errorCode(error) === undefined && !(error instanceof LabError)) throw error;
      return [];
    }
  };

  const namesOf = (unit: string): Map<string, string | null> => {
    const known = names.get(unit) ?? new Map<string, string | null>();
    names.set(unit, known);
    return known;
  };

  const named = (one: MetricRecord, file: Candidate, unit: string): LoggedRecord | null => {
    const metrics: Record<string, number> = {};
    const known = namesOf(unit);
    let count = 0;
    for (const [printed, value] of Object.entries(one.metrics)) {
      let name = known.get(printed);
      if (name === undefined) {
        name = nameIn(owners, file.kind, groupOf(file.kind, file.path), printed);
        if (known.size < MAX_KNOWN) known.set(printed, name);
      }
      if (name === null) continue;
      metrics[name] = value;
      count += 1;
    }
    return count === 0 ? null : { ...one, metrics, at: one.line, source: unit };
  };

  return {
    async poll(last) {
      const begun = lab.clock();
      if (!last && begun < next) return [];
      const found = walk.scan(begun);
      whose.look(rivals(), begun);
      const records: LoggedRecord[] = [];
      const order = (file: Candidate): number => SOURCE_KINDS.indexOf(file.kind);
      const sorted = found.files.sort((a, b) => order(a) - order(b) || a.mtime - b.mtime);
      for (const file of sorted) {
        if (dropped.has(unitOf(file.kind, file.path)) || !(open.has(file.path) || before(file) !== null))
          continue;
        if (!whose.isOwn(file)) {
          // What was read of it stays in metrics.jsonl, but its last value may not be this run's any more.
          if (open.delete(file.path)) dropped.add(unitOf(file.kind, file.path));
          continue;
        }
        const unit = unitOf(file.kind, file.path);
        for (const one of await readSafely(file, last)) {
          // Checkpoints share one history: what one of them gave, the others do not give again.
          if (one.line <= (numbers.get(unit) ?? 0)) continue;
          numbers.set(unit, one.line);
          const kept = named(one, file, unit);
          if (kept === null) continue;
          gave.add(unit);
          records.push(kept);
        }
      }
      const ended = lab.clock();
      // Many runs look less often each, so that all together cost no more than a few.
      const crowd = Math.max(1, rivals().length / CROWD);
      next = ended + Math.max(SCAN_MS * crowd, (ended - begun) * SHARE);
      return records;
    },
    isDropped: (source) => dropped.has(source),
    list() {
      const groups = new Map<string, number>();
      for (const path of gave) {
        if (dropped.has(path)) continue;
        const kind = kindByName(path);
        const group = kind === null ? path : groupOf(kind, path);
        groups.set(group, (groups.get(group) ?? 0) + (open.get(path)?.damaged() ?? 0));
      }
      return [...groups].map(([group, damaged]) =>
        damaged === 0 ? group : `${group} (${damaged} damaged records skipped)`,
      );
    },
    snapshot: () => ({
      ...whose.snapshot(),
      owners,
      dropped: [...dropped],
      files: [...open.values()].map((file) => file.snapshot()),
    }),
  };
}

/** Where the files of a run are looked for and read: in its folder, or among what was brought here from another machine. */
function groundOf(
  { machine }: { machine: Pick<Machine, 'readFrom'> },
  record: RunRecord,
  files: RunPaths,
  state: SourcesState | undefined,
) {
  const root = record.cwd;
  if (record.place === null)
    return {
      walk: createCandidates(root, dirname(dirname(files.dir)), files.dir),
      reads: machine,
      whose: createAttribution(record, files.dir, state),
    };
  const mirrored = openMirrored(files.dir, root);
  const own = join(root, ownFolder(record.marker));
  const sight = { openFiles: () => new Map<string, Set<string>>(), exists: mirrored.holds };
  return { walk: mirrored, reads: mirrored, whose: createAttribution(record, own, state, sight) };
}

/** Files that share one numbering: the checkpoints of one training hold one history. */
function unitOf(kind: Candidate['kind'], path: string): string {
  return kind === 'trainer-state' ? `${groupOf(kind, path)}/trainer_state.json` : path;
}

import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { errorCode } from '../../core/errors.js';
import type { RunRecord } from '../../core/run-record.js';
import type { Candidate } from '../../store/candidates.js';
import { openFiles } from './open-files.js';

/** What can be seen where runs are. */
export interface Sight {
  /** Path → markers of the runs whose processes hold it open; of another machine nobody knows. */
  openFiles(): Map<string, Set<string>>;
  exists(path: string): boolean;
}

const HERE: Sight = { openFiles, exists: (path) => unlessGone(() => statSync(path)) !== null };

/** A run that was or is active in the same project. */
export type Rival = Pick<RunRecord, 'id' | 'command' | 'cwd' | 'marker' | 'started_at' | 'ended_at'>;

/** What is kept of a run for as long as another one of its time goes on. */
export const rivalOf = ({ id, command, cwd, marker, started_at, ended_at }: RunRecord): Rival => ({
  id,
  command,
  cwd,
  marker,
  started_at,
  ended_at,
});

/** Whether an ended run was still active after `begun`, in milliseconds. */
export const wasActive = ({ started_at, ended_at }: Rival, begun: number): boolean =>
  started_at !== null && Date.parse(ended_at ?? '') > begun;

/**
 * Whose a file is. Alone in its project, a run owns what is new or has changed. While another is active too, and for
 * all that was there by then, only what one run alone can have written is its own: what lies in the run's folder, in a
 * folder that its command names and the other's does not, or what its processes hold open and the other's do not.
 */
export function createAttribution(
  record: RunRecord,
  runDir: string,
  state: { contested: number; held: readonly string[] } | undefined,
  { openFiles, exists }: Sight = HERE,
) {
  let until = state?.contested ?? 0;
  const root = record.cwd;
  const real = unlessGone(() => realpathSync(root)) ?? root;
  const namedPlaces = (run: Pick<RunRecord, 'command' | 'cwd'>): string[] => placesIn(run, exists);
  /** Seen open in a process of this run alone. */
  const held = new Set(state?.held);
  let rivals: readonly Rival[] = [];
  let open: Map<string, Set<string>> | null = null;

  const holds = (path: string): boolean => {
    open ??= openFiles();
    const markers = open.get(join(real, path));
    if (markers?.has(record.marker) === true && markers.size === 1) held.add(path);
    return held.has(path);
  };

  const isExclusive = (path: string): boolean => {
    const at = join(root, path);
    if (isBelow(at, runDir)) return true;
    if (holds(path)) return true;
    if (rivals.some((rival) => namedPlaces(rival).some((place) => isBelow(at, place)))) return false;
    return namedPlaces(record).some((place) => isBelow(at, place));
  };

  return {
    /** Tells who else was active since this run began; `now` in milliseconds. */
    look(others: readonly Rival[], now: number): void {
      rivals = others;
      open = null;
      for (const other of others) {
        const end = other.ended_at === null ? now : Date.parse(other.ended_at);
        until = Math.max(until, end);
      }
    },
    /** Whether this file is this run's alone. */
    isOwn(file: Candidate): boolean {
      if (until === 0) return true;
      const contested = rivals.some((rival) => rival.ended_at === null);
      if (!contested && file.birth > until) return true;
      return isExclusive(file.path);
    },
    snapshot: () => ({ contested: until, held: [...held] }),
  };
}

/** Folders and files that a command names, but for those that hold the whole project. */
function placesIn(run: Pick<RunRecord, 'command' | 'cwd'>, exists: Sight['exists']): string[] {
  const places = new Set<string>();
  for (const word of run.command.slice(1)) {
    for (const text of [word, word.slice(word.indexOf('=') + 1)]) {
      if (text === '' || text.startsWith('-') || text.length > 1000) continue;
      const path = isAbsolute(text) ? text : resolve(run.cwd, text);
      if (isBelow(run.cwd, path)) continue;
      if (exists(path)) places.add(path);
    }
  }
  return [...places];
}

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

function unlessGone<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'EINVAL'].includes(errorCode(error) ?? ''))
      return null;
    throw error;
  }
}

import { LabError } from '../../core/errors.js';
import type { Clock, JobHandle } from '../../core/ports.js';
import { logHere, mirror, mirrorExit } from './mirror.js';
import type { FilesMirror } from './mirror-files.js';
import { type HostMachine, SCRIPT_MS } from './must.js';
import { folderThere } from './run-there.js';
import {
  emptySeen,
  type Question,
  readSnapshot,
  type Seen,
  snapshotMark,
  snapshotScript,
} from './snapshot.js';

/** Most bytes of logs in one answer, over all runs and of one. */
const ALL_BYTES = 4 << 20;
const RUN_BYTES = 1 << 20;

export type Looked = Seen & {
  /** All of its log is here. */
  complete: boolean;
};

/** Looks in a row at runs that have ended while there is more of them to bring: nobody waits for the next poll. */
const LOOKS_AT_END = 16;

export interface LookOptions {
  /** Shell text that is run after all runs were looked at; `$J` holds the numbers of their jobs, `,1,2`. */
  also?: string;
  /** An exit record may not be the end: it is not brought here. */
  keepExits?: boolean;
}

export interface Look {
  seen: Looked[];
  boot: string;
  /** What `also` printed. */
  also: string;
}

/** One round trip, and some more only where a run has ended and there is more of its log and files to bring. */
export async function lookToTheEnd(
  machine: HostMachine,
  clock: Clock,
  files: FilesMirror,
  handles: readonly JobHandle[],
  options: LookOptions = {},
): Promise<Look> {
  let looked = await lookAt(machine, clock, files, handles, options);
  const { also } = looked;
  const isBehind = ({ exited, complete }: Looked): boolean => exited !== null && !complete;
  for (let looks = 1; looks < LOOKS_AT_END && looked.seen.some(isBehind); looks++) {
    const indices = looked.seen.flatMap((one, index) => (isBehind(one) ? [index] : []));
    const behind = indices.flatMap((index) => handles[index] ?? []);
    const more = await lookAt(machine, clock, files, behind, { ...options, also: '' });
    const seen = [...looked.seen];
    for (const [at, index] of indices.entries()) seen[index] = more.seen[at] ?? EMPTY_LOOK;
    looked = { ...more, seen };
  }
  return { ...looked, also };
}

/** One round trip: what there is to see of these runs, brought here. */
async function lookAt(
  machine: HostMachine,
  clock: Clock,
  files: FilesMirror,
  handles: readonly JobHandle[],
  { also = '', keepExits = false }: LookOptions,
): Promise<Look> {
  const mark = snapshotMark();
  const most = Math.min(RUN_BYTES, Math.ceil(ALL_BYTES / Math.max(1, handles.length)));
  const questions = handles.map((handle): Question => {
    const asked = files.question(handle, handles.length);
    const about = { folder: folderThere(handle), offset: logHere(handle), most };
    return asked === undefined ? about : { ...about, files: asked };
  });
  const began = clock();
  const { stdout } = await machine.script(snapshotScript(mark, questions, also), SCRIPT_MS);
  const answer = readSnapshot(mark, stdout, began, clock());
  if (answer.seen.length !== handles.length)
    throw new LabError(`${machine.name} gave half an answer`, 'it is asked again');
  const seen = answer.seen.map((one, index): Looked => {
    const [handle, question] = [handles[index], questions[index]];
    if (handle === undefined || question === undefined) return { ...one, complete: false };
    const all = files.take(handle, one);
    const complete = mirror(handle, one, question.offset) && all;
    if (complete && one.exited !== null && !keepExits) mirrorExit(handle, one.exited);
    return { ...one, complete };
  });
  return { seen, boot: answer.boot, also: answer.also };
}

export const EMPTY: Seen = emptySeen();

export const EMPTY_LOOK: Looked = { ...EMPTY, complete: false };

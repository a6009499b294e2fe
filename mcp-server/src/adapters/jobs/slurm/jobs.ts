import type { Clock, JobHandle, JobState, Jobs, Machine } from '../../../core/ports.js';
import { quote } from '../../../core/posix.js';
import { HARD_SIGNAL } from '../../../core/slurm/job-script.js';
import { forbidThere } from '../folder.js';
import { EMPTY_LOOK, type Looked, lookToTheEnd } from '../look.js';
import { mirrorExit } from '../mirror.js';
import { createFilesMirror } from '../mirror-files.js';
import { must } from '../must.js';
import { folderThere } from '../run-there.js';
import { createWatch } from '../watch.js';
import { awaitsWord, jobOf, judge } from './judge.js';
import { createQueue } from './queue.js';
import { submit } from './submit.js';

/** After the exit record of a bad end Slurm is asked so often what comes next. */
const SOON_MS = 2000;
/** Records that change are a reason to ask, but not more often than this. */
const LEAST_MS = 1000;
const USUAL_S = 30;
/** While its controller is away. */
const AWAY_MS = 10_000;

/**
 * Jobs of Slurm, submitted on a machine that sees the same file system as the nodes: this computer, or a login node over
 * SSH. The wrapper and the records are those of a process; see `judge` for what Slurm’s own word adds.
 */
export function slurmJobs(machine: Pick<Machine, 'name' | 'script' | 'exec'>, clock: Clock): Jobs {
  const files = createFilesMirror(clock);
  const queue = createQueue();
  /** The records of each run: as they were seen, and as they were when Slurm was last asked. */
  const known = new Map<string, Records>();

  const isDue = (handles: readonly JobHandle[]): boolean => {
    const age = clock() - queue.lastAsk();
    if (queue.outage() !== null) return age >= AWAY_MS;
    const interval = Math.min(...handles.map(({ slurm }) => slurm?.poll_interval ?? USUAL_S));
    if (age >= interval * 1000) return true;
    return handles.some((handle) => {
      const records = known.get(handle.marker);
      if (records === undefined || records.asked !== records.seen) return age >= LEAST_MS;
      return records.awaitsWord && age >= SOON_MS;
    });
  };

  const round = async (handles: readonly JobHandle[]): Promise<JobState[]> => {
    const due = isDue(handles);
    const look = await lookToTheEnd(machine, clock, files, handles, {
      keepExits: true,
      ...(due ? { also: queue.script(handles.flatMap(({ marker }) => known.get(marker)?.job ?? [])) } : {}),
    });
    for (const [index, { marker }] of handles.entries()) {
      const one = look.seen[index] ?? EMPTY_LOOK;
      const seen = stampOf(one);
      const asked = due ? seen : (known.get(marker)?.asked ?? null);
      known.set(marker, { job: jobOf(one), seen, asked, awaitsWord: awaitsWord(one) });
    }
    const ids = look.seen.flatMap((seen) => jobOf(seen) ?? []);
    if (due) queue.take(look.also, ids, clock());
    return handles.map((handle, index) => {
      const seen = look.seen[index] ?? EMPTY_LOOK;
      const id = jobOf(seen);
      const answer = id === null ? undefined : queue.of(id);
      const state = judge({ seen, answer, outage: queue.outage(), now: clock() });
      if (state.life === 'exited' && seen.exited !== null) mirrorExit(handle, seen.exited);
      return state;
    });
  };
  const watch = createWatch(machine.name, clock, round);
  const acted = (handle: JobHandle): void => {
    watch.forget(handle);
    known.delete(handle.marker);
    queue.hurry();
  };

  return {
    async start(spec) {
      const { slurm, recordDir, marker, place = null } = spec;
      if (slurm == null) throw new Error(`${marker} asks nothing of Slurm`);
      files.forget(spec);
      await submit(machine, spec, slurm);
      acted(spec);
      return { recordDir, marker, place, slurm };
    },
    poll: (handles) => watch.poll(handles),
    // Slurm ends whatever a job leaves behind on its nodes.
    survivors: async () => [],
    async signal(handle, signal, options) {
      await must(machine, signalScript(handle, signal, options?.spareWrapper === true));
      acted(handle);
    },
    async forbid(handle) {
      const forbidden = await forbidThere(machine, handle);
      if (forbidden) await must(machine, signalScript(handle, 'SIGKILL', false));
      acted(handle);
      return forbidden;
    },
  };
}

interface Records {
  job: string | null;
  seen: string;
  asked: string | null;
  awaitsWord: boolean;
}

const stampOf = ({ started, exited, links }: Looked): string =>
  [started, exited, links.job].map((link) => `${link?.text}@${link?.at}`).join(' ');

/**
 * TERM to everything of the job at once, as the group of a process gets it; a job that waits is cancelled. KILL spares the
 * wrapper by asking the batch script to do it; without that it is Slurm that ends the job.
 */
function signalScript(handle: JobHandle, signal: 'SIGTERM' | 'SIGKILL', spareWrapper: boolean): string {
  const gentle =
    signal === 'SIGTERM'
      ? 'scancel --full --signal=TERM "$j"'
      : spareWrapper
        ? `scancel --batch --signal=${HARD_SIGNAL} "$j"`
        : 'scancel "$j"';
  return `j=$(readlink ${quote(`${folderThere(handle)}/record/job`)}) || exit 0
j=\${j#job=}
s=$(squeue -h -j "$j" -o %T 2> /dev/null)
case $s in
RUNNING) e=$(${gentle} 2>&1) ;;
*) e=$(scancel "$j" 2>&1) ;;
esac
case $? in 0) ;; *) case $e in *'Invalid job id'* | *'already compl'*) ;; *) printf '%s\\n' "$e" >&2; exit 1 ;; esac ;; esac`;
}

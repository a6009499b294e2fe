import { markNumber } from '../../../core/mark.js';
import type { JobState } from '../../../core/ports.js';
import { endOf, forgotten, type SchedulerEnd, standingOf, waitingWords } from '../../../core/slurm/states.js';
import type { Looked } from '../look.js';
import type { Answer } from './queue.js';

/** A record may come late over a network file system: so long after Slurm’s last word a run without one is given up. */
const RECORD_MS = 5000;
/** A job that Slurm does not list may be one that its controller has not taken up yet. */
const FORGOTTEN_MS = 60_000;
/** A job may hang in COMPLETING for hours; so long after the exit record it is given up that the run starts anew. */
const WORD_MS = 120_000;

export interface Known {
  seen: Looked;
  answer: Answer | undefined;
  outage: { since: number; text: string } | null;
  now: number;
}

/** The number of the job that this run belongs to; null = none was submitted. */
export const jobOf = ({ links }: Pick<Looked, 'links'>): string | null => links.job?.fields.job ?? null;

/** True while Slurm’s word is needed to say how it goes on, so that it is asked soon. */
export const awaitsWord = ({ exited }: Pick<Looked, 'exited'>): boolean =>
  exited !== null && markNumber(exited.fields, 'rc') !== 0;

/**
 * How a run stands, from its records and from what Slurm says. The records are the truth of a start and of a good end;
 * Slurm’s state tells waiting, a time-out, a lost node, and whether a run that was ended starts anew.
 */
export function judge({ seen, answer, outage, now }: Known): JobState {
  const base = stateOf(seen);
  const id = jobOf(seen);
  if (id === null) return { ...base, life: seen.started === null ? 'unstarted' : 'gone' };
  const job = answer?.job ?? null;
  const standing = job === null ? null : standingOf(job.state);
  if (seen.exited !== null) return ended(seen, base, { answer, outage, now });
  // The record is newer than the answer: it has started since.
  const begun = seen.started !== null && seen.started.at > (answer?.at ?? 0);
  const note = outage === null ? null : silence(outage);
  if (begun) return { ...base, life: 'running', note };
  if (answer === undefined)
    return { ...base, life: 'pending', note: note ?? `Slurm job ${id} was submitted` };
  if (job === null) return missing(id, answer, base, now);
  if (standing === 'waits') return { ...base, life: 'pending', note: note ?? waitingWords(job) };
  if (standing === 'suspended')
    return { ...base, life: 'suspended', note: note ?? `Slurm job ${id} is suspended` };
  if (standing === 'runs') {
    if (seen.started !== null) return { ...base, life: 'running', note };
    return { ...base, life: 'pending', note: note ?? `Slurm job ${id} starts${at(job.node)}` };
  }
  const end = endOf(job);
  const late = answer.since !== null && now - answer.since >= RECORD_MS;
  if (seen.started !== null && end.ending !== 'lost' && !late) return { ...base, life: 'running' };
  return { ...base, life: 'gone', scheduler: seen.started === null ? beforeStart(end) : end };
}

const at = (node: string | null): string => (node === null ? '' : ` on ${node}`);

const silence = ({ since, text }: { since: number; text: string }): string =>
  `Slurm does not answer since ${new Date(since).toISOString().slice(0, 19)}Z: ${text}`;

/** The job is over and its training never began. */
function beforeStart(end: SchedulerEnd): SchedulerEnd {
  if (end.ending !== null && end.ending !== 'lost') return { ...end, text: `${end.text}, before it started` };
  return {
    ending: 'failed',
    text: `${end.text}, before the training began: the log says why (a folder that the node does not see, or a line of execution.slurm.setup)`,
  };
}

function missing(id: string, { since }: Answer, base: JobState, now: number): JobState {
  if (since === null || now - since < FORGOTTEN_MS)
    return {
      ...base,
      life: base.startedAt === null ? 'pending' : 'running',
      note: `Slurm does not list job ${id}`,
    };
  return { ...base, life: 'gone', scheduler: forgotten(id) };
}

/** The wrapper has written how the training ended. A good end is one; any other may be a requeue. */
function ended(seen: Looked, base: JobState, { answer, outage, now }: Omit<Known, 'seen'>): JobState {
  const behind: JobState = { ...base, life: 'running', exitedAt: null, exitCode: null };
  if (!seen.complete) return behind;
  const isFresh = answer !== undefined && answer.at > (seen.exited?.at ?? 0);
  const job = isFresh ? answer.job : null;
  const word = job !== null && standingOf(job.state) === 'over' ? endOf(job) : null;
  const over: JobState = { ...base, life: 'exited', scheduler: warned(seen, word) };
  if (base.exitCode === 0 || word !== null) return over;
  // Nobody can start it anew while Slurm is away, so nothing is lost by waiting for its word.
  if (outage !== null) return { ...behind, note: silence(outage) };
  if (!isFresh) return behind;
  if (job === null) return over;
  if (standingOf(job.state) === 'waits') return { ...behind, life: 'pending', note: waitingWords(job) };
  const waited = now - (seen.exited?.at ?? now);
  return job.state === 'COMPLETING' && waited >= WORD_MS ? over : behind;
}

/** A training that ends with an error after Slurm’s warning was ended by its time limit. */
function warned({ links, exited }: Looked, word: SchedulerEnd | null): SchedulerEnd | null {
  const signal = links.warned?.fields.signal;
  if (signal === undefined || (word !== null && word.ending !== null)) return word;
  const text = `it was sent ${signal} before Slurm’s time limit (execution.slurm.signal)`;
  const isBad = exited !== null && markNumber(exited.fields, 'rc') !== 0;
  return { ending: isBad ? 'timeout' : null, text };
}

function stateOf({ started, exited }: Looked): JobState {
  return {
    life: 'running',
    pid: started === null ? null : markNumber(started.fields, 'pid'),
    child: null,
    startedAt: started?.at ?? null,
    exitedAt: exited?.at ?? null,
    exitCode: exited === null ? null : markNumber(exited.fields, 'rc'),
    oomKills: exited === null ? 0 : (markNumber(exited.fields, 'oom') ?? 0),
    rebooted: false,
    note: null,
    scheduler: null,
  };
}

import type { KillReason } from '../../core/ending.js';
import type { JobHandle, JobState, Survivor } from '../../core/ports.js';
import type { RunRecord } from '../../core/run-record.js';
import { formatDuration } from '../../core/units.js';
import type { RunPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark, writeMark } from '../../store/records.js';
import type { Lab } from '../lab.js';
import { createEarlyLook, type EarlyLook } from './early.js';
import { handleOf } from './handle.js';
import { createPace } from './pace.js';
import type { Reading } from './reading.js';

/** A run that was started and is not yet settled, as the supervisor holds it in memory. */
export interface Active {
  record: RunRecord;
  handle: JobHandle;
  files: RunPaths;
  reading: Reading;
  pace: ReturnType<typeof createPace>;
  early: EarlyLook;
  /** Set once the supervisor has decided to end it. `at` in milliseconds. */
  kill: { why: KillReason; text: string; at: number } | null;
  /** The last signal that was sent to it. */
  signalled: { at: number; hard: boolean } | null;
  /** When its command ended well but left processes behind. */
  leftSince: number | null;
  /** Process of the training itself, for the kernel's log. */
  child: number | null;
  /** When it was last told to start; null after a change of supervisor. */
  spawnedAt: number | null;
  lastRead: number;
  lastSaved: number;
  /** Its record as it was last written down by the way. */
  saved: RunRecord | null;
  lastScan: number;
  /** What its machine said of it last: since when it is unreachable. */
  told: string | null;
  survivors: Survivor[];
}

/** What one look at a run gave: go on, or it is over. */
export type Step = { over: false } | { over: true; state: JobState; notes: string[] };

const READ_MS = 1000;
/** So many logs are read every `READ_MS`; of more runs, each a little less often. */
const CROWD = 50;
const SCAN_MS = 2000;
const RECORD_MS = 3000;
const KILL_EVERY_MS = 500;
const KILL_REASONS: readonly KillReason[] = ['stopped', 'timeout', 'stalled', 'diverged'];

export function activate(
  lab: Pick<Lab, 'clock' | 'random'>,
  record: RunRecord,
  files: RunPaths,
  reading: Reading,
): Active {
  const killed = readMark(files.record, 'kill');
  const why = KILL_REASONS.find((reason) => reason === killed?.fields.why);
  return {
    record,
    handle: {
      ...handleOf(record, files.record),
      ...(record.place === null ? {} : { cwd: record.cwd }),
    },
    files,
    reading,
    pace: createPace(lab.clock(), record.limits.stall_timeout),
    early: createEarlyLook(lab, record),
    kill:
      killed === null || why === undefined
        ? null
        : { why, text: record.note ?? `ended as ${why}`, at: killed.at },
    signalled: null,
    leftSince: null,
    child: null,
    spawnedAt: null,
    lastRead: Number.NEGATIVE_INFINITY,
    lastSaved: lab.clock(),
    saved: null,
    lastScan: Number.NEGATIVE_INFINITY,
    told: null,
    survivors: [],
  };
}

/** One look: reads what is new in the log, applies the limits and rules, drives the stop ladder, sees the end. */
export async function step(
  lab: Pick<Lab, 'jobs' | 'clock'>,
  project: Project,
  active: Active,
  state: JobState,
  runs: number,
): Promise<Step> {
  const now = lab.clock();
  const waits = state.life === 'pending';
  const alive = state.life === 'running' || state.life === 'suspended' || waits;
  // Nothing is printed in a queue.
  if (waits) active.pace.rest(now);
  if (!alive || now - active.lastRead >= READ_MS * Math.max(1, runs / CROWD)) {
    const { grew } = await active.reading.poll();
    active.pace.tick(now, grew);
    active.lastRead = now;
  }
  if (!alive && now - active.lastScan >= (active.kill === null ? SCAN_MS : 0)) {
    active.survivors = await lab.jobs.survivors(active.handle);
    active.lastScan = now;
  }
  decide(project, active, state, now);
  if (active.kill !== null) return end(lab, active, state, now, alive);
  if (alive) return { over: false };
  return left(active, state, now);
}

/** Looks for a reason to end a run that goes on. */
function decide(project: Project, active: Active, state: JobState, now: number): void {
  if (active.kill !== null || (state.life === 'exited' && active.survivors.length === 0)) return;
  const stop = readMark(active.files.record, 'stop');
  const begun = state.life === 'pending' ? now : (state.startedAt ?? now);
  const limit = active.record.limits.time_limit;
  const alarm = active.reading.alarm();
  const silent = active.pace.stalledFor(now);
  const behind = state.life === 'running' ? active.early.look(project) : null;
  if (stop !== null) kill(active, now, 'stopped', `stopped on request (${stop.fields.by ?? 'unknown'})`);
  else if (limit !== null && now - begun > limit * 1000)
    kill(active, now, 'timeout', `time limit of ${formatDuration(limit)} reached`);
  else if (alarm !== null) kill(active, now, 'diverged', alarm.why);
  else if (silent !== null) {
    const how = state.life === 'suspended' ? '; its process is suspended by a signal' : '';
    kill(active, now, 'stalled', `no new output and no new step for ${formatDuration(silent / 1000)}${how}`);
  } else if (behind !== null) kill(active, now, 'stopped', behind);
}

/** Decides to end a run. The mark is written first: whoever comes after a crash knows that we did it, and why. */
function kill(active: Active, now: number, why: KillReason, text: string): void {
  writeMark(active.files.record, 'kill', { why });
  // Its own time stamp, because the exit record is compared with it: the kernel stamps files by a coarser clock than ours.
  active.kill = { why, text, at: readMark(active.files.record, 'kill')?.at ?? now };
  active.record = { ...active.record, note: text };
  // Who waits is woken by the mark: why is written down at the next save, which is now.
  active.lastSaved = Number.NEGATIVE_INFINITY;
}

/** TERM, grace for a checkpoint, KILL, until nothing of the run is left. */
async function end(
  lab: Pick<Lab, 'jobs'>,
  active: Active,
  state: JobState,
  now: number,
  alive: boolean,
): Promise<Step> {
  if (active.kill === null) return { over: false };
  if (!alive && active.survivors.length === 0) return { over: true, state, notes: [] };
  const hard = now - active.kill.at >= active.record.limits.stop_grace * 1000;
  // SIGTERM once: a second one would meet the wrapper's own commands while they write the exit record. SIGKILL again
  // and again, with time for that in between.
  const { signalled } = active;
  if (signalled !== null && (hard ? signalled.hard && now - signalled.at < KILL_EVERY_MS : true))
    return { over: false };
  active.signalled = { at: now, hard };
  // For a moment the wrapper is left to write down how the training ended; then it goes as well.
  const spareWrapper = hard && now - active.kill.at < active.record.limits.stop_grace * 1000 + RECORD_MS;
  await lab.jobs.signal(active.handle, hard ? 'SIGKILL' : 'SIGTERM', { spareWrapper });
  return { over: false };
}

/** The wrapper is gone or done: what it left behind decides whether the run is over. */
function left(active: Active, state: JobState, now: number): Step {
  const who = active.survivors
    .slice(0, 4)
    .map(({ pid, name }) => `${pid} (${name})`)
    .join(', ');
  if (state.life === 'gone') {
    if (active.survivors.length === 0) return { over: true, state, notes: [] };
    active.record = {
      ...active.record,
      note: `its wrapper is gone, its processes are alive and are watched on: ${who}`,
    };
    return { over: false };
  }
  if (active.survivors.length === 0) return { over: true, state, notes: [] };
  if (state.exitCode === 0) {
    active.leftSince ??= now;
    const quiet = now - Math.max(active.leftSince, active.pace.lastGrowth());
    if (quiet < active.record.limits.survivor_grace * 1000) {
      active.record = {
        ...active.record,
        note: `its command ended well; processes it left behind are watched on: ${who}`,
      };
      return { over: false };
    }
  }
  return {
    over: true,
    state,
    notes: [`left processes behind, untouched: ${who}; a GPU of theirs stays leased until they end`],
  };
}

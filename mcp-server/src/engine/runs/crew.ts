import { statSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../core/config.js';
import { LabError } from '../../core/errors.js';
import type { JobState } from '../../core/ports.js';
import { isUndecided, type RunRecord } from '../../core/run-record.js';
import { readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark } from '../../store/records.js';
import { listRuns, readRun, writeRun } from '../../store/runs.js';
import type { createHeralding } from '../herald/heralding.js';
import { type Active, activate, type Step, step } from './active.js';
import { begun } from './begun.js';
import type { Bell } from './bell.js';
import { createEvidence } from './evidence.js';
import { guarded } from './guarded.js';
import { kernelLineOf } from './kernel-log.js';
import { recordLaunch } from './launch.js';
import { createLingering } from './lingering.js';
import { wroteWithin } from './pace.js';
import { openReading, type Reading } from './reading.js';
import { reopened } from './reopened.js';
import { createReplicating } from './replicating.js';
import { endedRecord, markEnded, settle } from './settle.js';
import { siteOf } from './site.js';
import { closedInQueue, startRun } from './start.js';
import type { SupervisorLab } from './supervisor-lab.js';
import { isForeign, tell } from './tell.js';
import { createWaiting } from './waiting.js';
import { type Rival, rivalOf, wasActive } from './whose.js';

const SAVE_MS = 5000;
/** Each save waits for the disk: not more than five a second, however many runs there are. */
const SAVE_EACH_MS = 200;
const SAVE_YOUNG_MS = 900;
const YOUNG_MS = 300_000;
const RETRY_START_MS = 10_000;
const RETRY_WRITE_MS = 3000;
const FRESH_MS = 600_000;
/** Runs started between two looks: each waits for the disk, and ends are noticed only in between. */
const STARTS = 4;

/** The runs that a supervisor holds, and what it does with them at each look. */
export function createCrew(
  lab: SupervisorLab,
  first: Project,
  log: (text: string) => void,
  bell: Bell,
  heralding: Pick<ReturnType<typeof createHeralding>, 'reach'>,
) {
  let project = first;
  const { paths } = first;
  const evidence = createEvidence(lab, log);
  const seen = new Set<string>();
  const queued = new Map<string, RunRecord>();
  const active = new Map<string, Active>();
  /** Ended, but not yet written down everywhere. */
  const unsettled = new Map<string, { record: RunRecord; reading: Reading | null }>();
  const lingering = createLingering(lab, paths.root);
  /** Ended runs: a file of their time may be theirs. */
  const past: Rival[] = [];
  const replicating = createReplicating(lab, log);
  let scanned = Number.NaN;
  const waiting = createWaiting(lab, paths.root);
  let flushAfter = Number.NEGATIVE_INFINITY;

  /** Takes in runs that are new since the last look; at the first look, those of a supervisor before this one. */
  function adopt(): void {
    const { mtimeMs } = statSync(paths.runs);
    if (mtimeMs === scanned) return;
    const { campaign } = readCampaign(paths.ledger);
    for (const id of listRuns(paths.runs)) {
      if (seen.has(id)) continue;
      let record: RunRecord;
      try {
        record = readRun(paths.runs, id);
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        log(`${id} is left alone: ${error.message}`);
        seen.add(id);
        continue;
      }
      recordLaunch(paths.ledger, record, campaign);
      const { record: folder } = runPaths(paths.runs, id);
      if (record.state === 'ended') {
        past.push(rivalOf(record));
        const known = campaign.runs.get(id);
        if (known?.verdict == null || isUndecided(record) || readMark(folder, 'ended') === null)
          unsettled.set(id, { record, reading: null });
      } else if (
        readMark(folder, 'started')?.fields.void === undefined &&
        (record.state === 'running' || readMark(folder, 'started') !== null)
      )
        hold(record);
      else queued.set(id, record);
      seen.add(id);
    }
    scanned = mtimeMs;
  }

  function hold(record: RunRecord): Active {
    const files = runPaths(paths.runs, record.id);
    const run = activate(
      lab,
      record,
      files,
      openReading(lab, record, files, () => rivals(record)),
    );
    active.set(record.id, run);
    bell.add(files.record);
    // What can be told of another machine is not told by looking at this one.
    if (record.place === null && record.slurm === null) evidence.started(project, record);
    log(`${record.id} is watched`);
    return run;
  }

  /** Runs that are or were active at the same time as this one. */
  function rivals(record: RunRecord): Rival[] {
    const begun = Date.parse(active.get(record.id)?.record.started_at ?? record.started_at ?? '');
    const others = [...active.values()].map((run) => run.record).filter(({ id }) => id !== record.id);
    return [...others, ...past.filter((run) => wasActive(run, begun))];
  }

  async function startQueued(): Promise<void> {
    if (queued.size === 0) return waiting.over();
    project = reopened(lab, project, log);
    let started = 0;
    waiting.begin();
    for (const record of [...queued.values()]) {
      const stopped = await closedInQueue(lab, paths, record);
      if (stopped === 'later') continue;
      if (stopped !== null) {
        queued.delete(record.id);
        waiting.served(record.id);
        unsettled.set(record.id, { record: stopped, reading: null });
        continue;
      }
      if (active.size >= project.config.experiment.max_parallel || started === STARTS) return;
      const turn = waiting.turn(record);
      if (turn === 'stop') return;
      if (turn === 'skip') continue;
      const result = await startRun(lab, project, record, waiting.maxAgeMs());
      if (result.kind === 'waiting') {
        waiting.refused(record, result.refused);
        // Always: the attempt may have called it running meanwhile.
        writeRun(paths.runs, result.record, { mayLose: 'newest' });
        queued.set(record.id, result.record);
        if (!result.refused.hopeless) return;
        continue;
      }
      queued.delete(record.id);
      waiting.served(record.id);
      started += 1;
      if (result.kind === 'started') hold(result.record).spawnedAt = lab.clock();
      else unsettled.set(record.id, { record: result.record, reading: null });
    }
  }

  /** Those that are over come first and are written down at once; the rest waits when meanwhile something happened. */
  async function look(): Promise<void> {
    const runs = [...active.values()].sort((a, b) => a.lastRead - b.lastRead);
    const states = await lab.jobs.poll(runs.map((run) => run.handle));
    const lookAll = async (over: boolean): Promise<void> => {
      for (const [index, run] of runs.entries()) {
        const state = states[index];
        if (state === undefined || isOver(state) !== over) continue;
        if (!over && bell.rung()) return;
        await guarded(log, run.record.id, () => lookAt(run, state));
      }
    };
    await lookAll(true);
    if (unsettled.size > 0) await guarded(log, 'settle', flush);
    await lookAll(false);
    await lingering.look();
  }

  async function lookAt(run: Active, state: JobState): Promise<void> {
    const now = lab.clock();
    if (tell(run, state.note ?? null)) writeRun(paths.runs, run.record, { mayLose: 'newest' });
    const away = state.life === 'unknown' ? (state.note ?? 'it does not answer') : null;
    await heralding.reach(project.config, run.record, away);
    if (away !== null) return;
    if (state.life === 'unstarted') {
      // Spawned and not yet claimed, or we were killed in between. Starting again is safe: only one can claim.
      if (run.spawnedAt !== null && now - run.spawnedAt < RETRY_START_MS) return;
      const result = await startRun(lab, project, run.record);
      run.spawnedAt = now;
      run.record = result.record;
      if (result.kind === 'failed') over(run, result.record);
      return;
    }
    if (state.rebooted && isForeign(run.record, lab.host) && wroteWithin(run.files.log, now, FRESH_MS)) {
      tell(run, `runs on ${run.record.host}, whose processes cannot be seen from ${lab.host}`);
      return;
    }
    if (state.child !== null) run.child = state.child;
    evidence.running(project, run.record);
    const known = run.record;
    run.record = begun(known, state);
    if (run.record !== known) run.lastSaved = Number.NEGATIVE_INFINITY;
    const result = await step(lab, project, run, state, active.size);
    if (result.over) return finish(run, result);
    // What somebody looks on at moves each second; a hundred runs, or one of many hours, need not.
    const young = active.size <= 4 && state.startedAt !== null && now - state.startedAt < YOUNG_MS;
    if (now - run.lastSaved < (young ? SAVE_YOUNG_MS : Math.max(SAVE_MS, SAVE_EACH_MS * active.size))) return;
    // Set first: a disk that refuses is asked again after the usual time, and the watching goes on meanwhile.
    run.lastSaved = now;
    run.record = { ...run.record, ...run.reading.facts() };
    if (!isDeepStrictEqual(run.record, run.saved)) writeRun(paths.runs, run.record, { mayLose: 'newest' });
    run.saved = run.record;
    run.reading.save();
    // File events are delivered when the event loop turns: somebody may have ended while the disk kept us waiting.
    await turn();
  }

  async function finish(run: Active, result: Extract<Step, { over: true }>): Promise<void> {
    const { state } = result;
    await run.reading.finish();
    await evidence.ended(project, run.record);
    const naturally = run.kill !== null && state.exitedAt !== null && state.exitedAt < run.kill.at;
    const ended = endedRecord(
      { ...run.record, ...run.reading.facts() },
      {
        life: state.life === 'exited' ? 'exited' : 'gone',
        exitCode: state.exitCode,
        oomKills: state.oomKills,
        rebooted: state.rebooted,
        kill: naturally ? null : run.kill,
        findings: run.reading.findings(),
        nonFinite: run.reading.nonFinite(),
        scheduler: state.scheduler ?? null,
        kernelLine:
          state.exitCode === 137
            ? await kernelLineOf((await siteOf(lab, run.record.place)).machine, run.child)
            : null,
      },
      state.exitedAt ?? lab.clock(),
      result.notes,
    );
    over(run, ended);
    await lingering.take(ended, run);
  }

  function over(run: Active, ended: RunRecord): void {
    active.delete(ended.id);
    past.push(rivalOf(ended));
    waiting.freed();
    unsettled.set(ended.id, { record: ended, reading: run.reading });
    log(`${ended.id} ended: ${ended.ending}; ${ended.evidence[0] ?? ''}`);
    bell.remove(run.files.record);
  }

  /**
   * Writes down what has ended, oldest end first, because each verdict rests on those before. On a full disk at least
   * the ending of each is marked, and the rest is tried again.
   */
  function flush(): void {
    if (lab.clock() < flushAfter) return;
    const when = ({ record }: { record: RunRecord }): number => Date.parse(record.ended_at ?? '');
    const waiting = [...unsettled.values()].sort((a, b) => when(a) - when(b));
    for (const [index, { record, reading }] of waiting.entries()) {
      try {
        reading?.flush();
        settle(project, record, lab.clock(), replicating.refusals);
        unsettled.delete(record.id);
        replicating.wake();
      } catch (error) {
        flushAfter = lab.clock() + RETRY_WRITE_MS;
        for (const later of waiting.slice(index))
          markEnded(runPaths(paths.runs, later.record.id).record, later.record);
        throw error;
      }
    }
  }

  return {
    adopt,
    startQueued,
    look,
    flush,
    replicate: () =>
      unsettled.size > 0
        ? undefined
        : replicating.step(project, project.config.experiment.max_parallel - queued.size - active.size),
    busy: () =>
      replicating.restless() ||
      queued.size + active.size + unsettled.size + lingering.size() > 0 ||
      evidence.busy(),
    names: () => [...active.keys()],
    /** When it wants to be asked again at the latest, in milliseconds from now. */
    patience: (most: number) =>
      active.size < project.config.experiment.max_parallel ? waiting.patience(most) : most,
    leave: () => waiting.over(),
    config: (): Config => project.config,
  };
}

const isOver = ({ life }: JobState): boolean => life === 'exited' || life === 'gone';

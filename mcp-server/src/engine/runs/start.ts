import type { KillReason } from '../../core/ending.js';
import { errorCode, errorText, LabError, LaterError } from '../../core/errors.js';
import { gpuKey } from '../../core/gpus/choose.js';
import type { CodeRef } from '../../core/ledger.js';
import type { Place } from '../../core/place.js';
import type { RunRecord } from '../../core/run-record.js';
import { seedEnv } from '../../core/seed.js';
import type { SlurmRequest } from '../../core/slurm/settings.js';
import { takeCensus } from '../../store/census.js';
import { placeCode } from '../../store/code-place.js';
import { appendLedger } from '../../store/ledger.js';
import { type ProjectPaths, runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark } from '../../store/records.js';
import { readRun, readRunEnv, writeRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { takeCensusThere } from '../there/census.js';
import { codeOfSnapshot } from '../there/code-source.js';
import { placeCodeThere } from '../there/place-code.js';
import { conditionsAtStart } from './conditions.js';
import { grantGpus, type Refused } from './grant.js';
import { handleOf } from './handle.js';
import { endedRecord } from './settle.js';
import { commandThere, type Site, siteOf } from './site.js';

type StartLab = Pick<Lab, 'jobs' | 'surveyGpus' | 'machine' | 'at' | 'clock' | 'env' | 'leases'>;

export type Started =
  | { kind: 'started' | 'failed'; record: RunRecord }
  | { kind: 'waiting'; record: RunRecord; refused: Refused };

/** A host that could not take the code is asked again after this long; others need not wait behind it. */
const ASK_HOST_MS = 5000;

/** A controller that was killed releases nothing: then it starts by itself after this long. */
const HELD_MS = 120_000;
const ASK_RELEASED_MS = 200;

function isHeld(record: RunRecord, folder: string, now: number): boolean {
  const age = now - Date.parse(record.created_at);
  return record.held && age >= 0 && age < HELD_MS && readMark(folder, 'released') === null;
}

/**
 * Starts a queued run: leases its GPUs, writes what is about to happen, then starts it. Calling it again for a run
 * that has started starts nothing. `waiting`: no GPU is free now; the record's note says why. `maxAgeMs`: how old the
 * survey of the GPUs may be.
 */
export async function startRun(
  lab: StartLab,
  project: Project,
  record: RunRecord,
  maxAgeMs?: number,
): Promise<Started> {
  const { paths } = project;
  const files = runPaths(paths.runs, record.id);
  if (isHeld(record, files.record, lab.clock())) {
    const why = 'waiting for the last word of the code agent that launched it';
    return {
      kind: 'waiting',
      record: { ...record, note: why },
      refused: { why, hopeless: true, own: true, until: lab.clock() + ASK_RELEASED_MS },
    };
  }
  const env = readRunEnv(paths.runs, record.id);
  const claimant = {
    id: record.id,
    recordDir: files.record,
    visible: env.CUDA_VISIBLE_DEVICES,
    allowed: record.gpus_allowed,
    line: paths.root,
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  };
  const later = (why: string): Started => {
    const refused: Refused = { why, hopeless: true, own: true, until: lab.clock() + ASK_HOST_MS };
    return { kind: 'waiting', record: { ...record, note: why }, refused };
  };
  let site: Site;
  try {
    site = await siteOf(lab, record.place);
  } catch (error) {
    // Nobody has agreed to how this host is reached: those behind it need not wait.
    if (!(error instanceof LabError)) throw error;
    return later(laterOn(record.host, error));
  }
  const granted =
    record.slurm === null
      ? await grantGpus({ ...lab, ...site }, project, record.gpus_wanted, claimant)
      : slurmGpus(record.slurm);
  if ('why' in granted) {
    const note = `waiting for a GPU: ${granted.why}`;
    return { kind: 'waiting', record: { ...record, note }, refused: granted };
  }
  const handle = handleOf(record, files.record);
  const shut = async (ready: RunRecord, error: unknown): Promise<Started> => {
    try {
      // The folder is closed so that no late start can follow.
      if (!(await lab.jobs.forbid(handle))) return { kind: 'started', record: ready };
    } catch (refusal) {
      if (!(refusal instanceof LabError)) throw refusal;
      // A host that is lost or whose disk is full takes neither: it is asked again, and starts it at most once.
      return later(laterOn(record.host, refusal));
    }
    const hint = error instanceof LabError ? `; ${error.hint}` : '';
    const why = `it could not be started: ${errorText(error)}${hint}`;
    return { kind: 'failed', record: notStarted(ready, lab.clock(), null, why) };
  };
  const gpus = 'keys' in granted ? granted.keys : granted.gpus.map(gpuKey);
  let placed: Placed | Later;
  try {
    placed = await placeOf(lab, project, record);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return shut({ ...record, gpus }, error);
  }
  if ('why' in placed) return later(placed.why);
  const running: RunRecord = { ...record, ...placed, state: 'running', gpus };
  const { cwd } = running;
  writeRun(paths.runs, running);
  try {
    conditionsAtStart(project, record.id, 'keys' in granted ? [] : granted.gpus);
    if (record.place === null) takeCensus(cwd, paths.workspace, files, lab.clock());
    else await takeCensusThere((await lab.at(record.place)).machine, cwd, files);
  } catch (error) {
    // A full disk. Without the census only files that are younger than the run are taken for its own.
    if (errorCode(error) === undefined) throw error;
  }
  const passed = Object.fromEntries(
    record.pass_env.flatMap((name) => (lab.env[name] === undefined ? [] : [[name, lab.env[name] ?? '']])),
  );
  try {
    await lab.jobs.start({
      ...handle,
      argv: commandThere(record.command, project.config, record.place),
      cwd,
      env: {
        ...env,
        ...passed,
        PYTHONUNBUFFERED: '1',
        ...granted.env,
        AUTO_EXPERIMENT_RUN_DIR: files.files,
        ...seedEnv(record.seed_env, record.seed),
      },
      log: files.log,
    });
  } catch (error) {
    if (error instanceof LaterError) return later(laterOn(record.host, error));
    // The system refused to start anything.
    return shut(running, error);
  }
  appendLedger(paths.ledger, {
    kind: 'start',
    at: new Date(lab.clock()).toISOString(),
    run: record.id,
    gpus: running.gpus,
  });
  const started: RunRecord = { ...running, note: null };
  if (record.note !== null) writeRun(paths.runs, started);
  return { kind: 'started', record: started };
}

/** Slurm gives GPUs itself: they have no names before the start, but they count. */
function slurmGpus({ gpus }: SlurmRequest): { keys: string[]; env: Record<string, string> } {
  return {
    keys: Array.from({ length: gpus }, (_, index) => `slurm:${index}`),
    env: gpus === 0 ? { CUDA_VISIBLE_DEVICES: '' } : {},
  };
}

/**
 * A run that will never start, as ended: somebody stopped it while it was queued, or its start failed. `later`: its host cannot be
 * told now, and its note says why. Null otherwise.
 */
export async function closedInQueue(
  lab: Pick<Lab, 'jobs' | 'clock'>,
  paths: ProjectPaths,
  record: RunRecord,
): Promise<RunRecord | 'later' | null> {
  const { record: folder } = runPaths(paths.runs, record.id);
  const stop = readMark(folder, 'stop');
  if (stop === null) {
    const shut = readMark(folder, 'started')?.fields.void !== undefined;
    return shut ? notStarted(record, lab.clock(), null, 'it could not be started') : null;
  }
  try {
    if (!(await lab.jobs.forbid(handleOf(record, folder)))) return null;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const note = `to be stopped; ${laterOn(record.host, error)}`;
    if (readRun(paths.runs, record.id).note !== note) writeRun(paths.runs, { ...record, note });
    return 'later';
  }
  return notStarted(
    record,
    lab.clock(),
    'stopped',
    `stopped on request (${stop.fields.by ?? 'unknown'}) before it started`,
  );
}

function notStarted(record: RunRecord, now: number, why: KillReason | null, text: string): RunRecord {
  const ended = endedRecord(
    record,
    {
      life: 'exited',
      exitCode: null,
      oomKills: 0,
      rebooted: false,
      kill: why === null ? null : { why, text },
      findings: [],
      nonFinite: [],
      kernelLine: null,
    },
    now,
    [],
  );
  return { ...ended, ending: why ?? 'failed', evidence: [text] };
}

type Placed = Pick<RunRecord, 'cwd'> & Partial<Pick<RunRecord, 'evidence'>>;
/** A host that is lost, or whose disk is full, may take it later. */
type Later = { why: string };

/**
 * Where a run's code lies as it was launched. Between its launch and its start somebody may have changed the project: then the
 * run starts in a copy of its snapshot, and its evidence says so. A replicate always does: nobody expects it to start.
 */
async function placeOf(
  lab: Pick<StartLab, 'at'>,
  project: Project,
  { id, replicate, code, place }: RunRecord,
): Promise<Placed | Later> {
  const { paths } = project;
  if (place !== null) return placeThere(lab, project, place, code, replicate !== null);
  const into = runPaths(paths.runs, replicate?.arm ?? id).code;
  const { folder, changed } = await placeCode({
    project: paths.root,
    workspace: paths.workspace,
    code,
    into,
    apart: replicate !== null,
  });
  return told(folder, changed, 'in the project folder');
}

async function placeThere(
  lab: Pick<StartLab, 'at'>,
  project: Project,
  place: Place,
  code: CodeRef | null,
  apart: boolean,
): Promise<Placed | Later> {
  if (code === null) return { cwd: place.workspace };
  const source = await codeOfSnapshot(project, code);
  try {
    const { machine } = await lab.at(place);
    const { folder, changed } = await placeCodeThere(machine, project, place, source, apart);
    return told(folder, changed, `on ${place.host}`);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { why: laterOn(place.host, error) };
  }
}

const laterOn = (host: string, { message, hint }: LabError): string =>
  `waiting for ${host}: ${message}; ${hint}`;

function told(folder: string, changed: readonly string[], where: string): Placed {
  const [first, ...others] = changed;
  if (first === undefined) return { cwd: folder };
  const what = `${first}${others.length > 0 ? ` and ${others.length} more` : ''} had changed since, ${where}`;
  return {
    cwd: folder,
    evidence: [`the code as it was launched ran, in a copy of it (${folder}): ${what}`],
  };
}

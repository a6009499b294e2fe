import { existsSync } from 'node:fs';
import {
  Conditions,
  namesOf,
  tenantOn,
  UNSEEN,
  type Unlike,
  unlike,
  withSample,
} from '../../core/conditions.js';
import { errorCode } from '../../core/errors.js';
import type { Gpu } from '../../core/gpu.js';
import { gpuKey } from '../../core/gpus/choose.js';
import { parseJson } from '../../core/parse-json.js';
import type { RunRecord } from '../../core/run-record.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

const FIRST_MS = 1000;
const EVERY_MS = 60_000;

/** When a run is looked at again: soon at first, because it may be short, later once a minute. */
export function nextLook(startedAt: number, now: number): number {
  return now + Math.min(EVERY_MS, Math.max(FIRST_MS, now - startedAt));
}

/** What is known of its GPUs before it starts. Throws the system's error of a full disk. */
export function conditionsAtStart(project: Project, run: string, gpus: readonly Gpu[]): void {
  if (gpus.length > 0) keep(project, run, { ...UNSEEN, gpus: namesOf(gpus) });
}

/** One look at the GPUs of a run. Writes nothing once `isOver`: its end has been written down meanwhile. */
export async function sampleConditions(
  lab: Pick<Lab, 'surveyGpus' | 'jobs'>,
  project: Project,
  record: RunRecord,
  isOver: () => boolean,
): Promise<void> {
  const { gpus } = await lab.surveyGpus();
  const leased = gpus.filter((gpu) => record.gpus.includes(gpuKey(gpu)));
  if (leased.length === 0) return;
  const { record: recordDir } = runPaths(project.paths.runs, record.id);
  const survivors = await lab.jobs.survivors({ recordDir, marker: record.marker });
  const own = new Set(survivors.map(({ pid }) => pid));
  const tenant = leased.map((gpu) => tenantOn(gpu, own, isAlive)).find((who) => who !== null) ?? null;
  if (isOver()) return;
  const known = readConditions(project, record.id) ?? { ...UNSEEN, gpus: namesOf(leased) };
  keep(project, record.id, withSample(known, tenant));
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

function readConditions(project: Project, run: string): Conditions | null {
  const text = readTextIfThere(runPaths(project.paths.runs, run).conditions);
  const parsed = Conditions.safeParse(text === null ? null : parseJson(text));
  return parsed.success ? parsed.data : null;
}

/** Completes what was seen of an ended run, without asking anybody: those who wait for it wait for this. */
function conditionsAtEnd(project: Project, ended: RunRecord): Conditions {
  const seen = readConditions(project, ended.id) ?? UNSEEN;
  if (ended.started_at === null || ended.ended_at === null) return seen;
  const seconds = (Date.parse(ended.ended_at) - Date.parse(ended.started_at)) / 1000;
  const step = ended.progress?.step ?? null;
  const pace = step === null || step <= 0 || seconds <= 0 ? null : step / seconds;
  const full: Conditions = { ...seen, work: ended.key, seconds, steps_per_s: pace };
  try {
    keep(project, ended.id, full);
  } catch (error) {
    // A full disk: what it says of this run is in the ledger all the same.
    if (errorCode(error) === undefined) throw error;
  }
  return full;
}

/** Why an ended run cannot be compared, at equal time, with the run that it repeats, or with the baseline. */
export function unlikeConditions(project: Project, ended: RunRecord, baseline: string | null): Unlike | null {
  const other = ended.replicate?.arm ?? baseline;
  const known = other === null || other === ended.id ? null : readConditions(project, other);
  const mine = conditionsAtEnd(project, ended);
  return unlike(mine, known === null || other === null ? null : { ...known, run: other });
}

function keep(project: Project, run: string, conditions: Conditions): void {
  const path = runPaths(project.paths.runs, run).conditions;
  writeAtomic(path, `${JSON.stringify(conditions, null, 1)}\n`, { mayLose: 'all' });
}

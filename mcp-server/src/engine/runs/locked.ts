import type { Campaign } from '../../core/campaign.js';
import { errorCode, LabError } from '../../core/errors.js';
import { type LockedRecord, lockedChanges } from '../../core/locked.js';
import type { RunRecord } from '../../core/run-record.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import { atOnce, idleGlobs, lockedMatcher, lockedPlaces } from '../../store/locked.js';
import { gently, type HashCache, hashLocked, readLocked } from '../../store/locked-hashes.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

/** A run may have started in a copy of its code: the files there are what measured it. */
type Where = Pick<RunRecord, 'id' | 'cwd'>;

type HashLab = Pick<Lab, 'clock' | 'hashes'>;

/**
 * Hashes the locked files as they are at a launch: files for the new run's folder. Notes tell of globs that mean
 * nothing, and of a difference to the baseline, which will make the run invalid. Throws LabError when they mean too much.
 */
export async function lockedAtLaunch(
  lab: HashLab,
  project: Project,
  campaign: Campaign,
  notes: string[],
): Promise<Record<string, string>> {
  const { locked } = project.config.experiment;
  if (locked.length === 0) return {};
  const record = await gently(hashLocked(lockedPlaces(project.paths, locked), lab.hashes, lab.clock()));
  const idle = idleGlobs(locked, Object.keys(record.files));
  if (idle.length > 0)
    notes.push(`experiment.locked: ${idle.slice(0, 3).join(', ')} means no file, so it protects nothing`);
  const { baseline } = campaign;
  const other = baseline === null ? null : againstBaseline(project, record, baseline);
  if (other !== null) notes.push(`this run will be invalid: ${other}`);
  return { 'locked.json': render(record) };
}

/** What a replicate is held to: what was locked, and how it was, when the run that it repeats was launched. */
export function lockedAsBefore(project: Project, run: string): Record<string, string> {
  const text = readTextIfThere(runPaths(project.paths.runs, run).locked);
  return text === null ? {} : { 'locked.json': text };
}

/** Hashes them again once a run is over, once, by its own globs. A full disk leaves it to whoever judges the run. */
export async function lockedAtEnd(lab: HashLab, project: Project, run: Where): Promise<void> {
  const files = runPaths(project.paths.runs, run.id);
  const before = readLocked(files.locked);
  if (before === null || readLocked(files.lockedEnd) !== null) return;
  const steps = hashAgain(project, run, before, lab.hashes, lab.clock());
  const after = await gently(steps);
  try {
    writeAtomic(files.lockedEnd, render(after));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

/** Words why what a run gave does not count: its locked files changed while it ran, or are not the baseline's. Else null. */
export function lockedVerdict(
  project: Project,
  run: Where,
  baselineRun: string | null,
  now: number,
): string | null {
  const files = runPaths(project.paths.runs, run.id);
  const before = readLocked(files.locked);
  if (before === null) return null;
  const after = readLocked(files.lockedEnd) ?? atOnce(hashAgain(project, run, before, new Map(), now));
  if (after.error !== null) return `what measures it cannot be checked: ${after.error}`;
  const during = lockedChanges(before.files, after.files);
  if (during !== null) return `what measures it was touched between its launch and its end: ${during}`;
  return baselineRun === null || baselineRun === run.id
    ? null
    : againstBaseline(project, before, baselineRun);
}

/** What the globs of a run mean at another time. When a training has added too much to be hashed, the record says so. */
function* hashAgain(
  project: Project,
  { cwd }: Where,
  { globs }: LockedRecord,
  cache: HashCache,
  now: number,
): Generator<void, LockedRecord> {
  try {
    return yield* hashLocked(lockedPlaces({ ...project.paths, root: cwd }, globs), cache, now);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { at: new Date(now).toISOString(), globs, files: {}, error: error.message };
  }
}

/** Only what both runs locked is compared: a person may lock more later. */
function againstBaseline(project: Project, record: LockedRecord, baseline: string): string | null {
  const first = readLocked(runPaths(project.paths.runs, baseline).locked);
  if (first === null) return null;
  const [here, there] = [lockedMatcher(record.globs), lockedMatcher(first.globs)];
  const common = (files: LockedRecord['files']) =>
    Object.fromEntries(Object.entries(files).filter(([path]) => here(path) && there(path)));
  const changes = lockedChanges(common(first.files), common(record.files));
  if (changes === null) return null;
  return `since the baseline ${baseline} was measured, ${changes}; put it back (auto-experiment restore ${baseline}), or, if a person meant it, start anew with another project.workspace and a new baseline`;
}

const render = (record: LockedRecord): string => `${JSON.stringify(record, null, 1)}\n`;

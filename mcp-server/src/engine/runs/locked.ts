import type { Campaign } from '../../core/campaign.js';
import { errorCode, LabError } from '../../core/errors.js';
import { type LockedRecord, lockedChanges } from '../../core/locked.js';
import type { RunRecord } from '../../core/run-record.js';
import { readTextIfThere, writeAtomic } from '../../store/files.js';
import { atOnce, idleGlobs, lockedMatcher, lockedPlaces } from '../../store/locked.js';
import { gently, hashLocked, readLocked } from '../../store/locked-hashes.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { notCode } from '../there/ask.js';
import { hashLockedThere } from '../there/locked.js';

/** A run may have started in a copy of its code: the files there are what measured it. */
type Where = Pick<RunRecord, 'id' | 'cwd' | 'place'>;

type HashLab = Pick<Lab, 'clock' | 'hashes' | 'at'>;

/**
 * Hashes the locked files as they are at a launch: files for the new run's folder. Notes tell of globs that mean
 * nothing, and of a difference to the baseline, which will make the run invalid. Throws LabError when they mean too much.
 */
export async function lockedAtLaunch(
  lab: HashLab,
  project: Project,
  campaign: Campaign,
  notes: string[],
  where: Pick<RunRecord, 'cwd' | 'place'>,
): Promise<Record<string, string>> {
  const { locked } = project.config.experiment;
  if (locked.length === 0) return {};
  const record = await hashNow(lab, project, where, locked);
  if (record.error !== null)
    throw new LabError(
      record.error,
      'lock the evaluation code and the lists of the data rather than the data, for instance [eval.py, "splits/*.txt"]',
    );
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
  const after = await hashNow(lab, project, run, before.globs);
  try {
    writeAtomic(files.lockedEnd, render(after));
  } catch (error) {
    // What lies on another machine cannot be looked at by whoever judges: this is tried again.
    if (errorCode(error) === undefined || run.place !== null) throw error;
  }
}

/** What globs mean now where a run is; that they mean too much stands in the record. Throws LabError when its machine cannot be asked. */
async function hashNow(
  lab: HashLab,
  project: Project,
  { cwd, place }: Pick<RunRecord, 'cwd' | 'place'>,
  globs: readonly string[],
): Promise<LockedRecord> {
  const now = lab.clock();
  if (place !== null)
    return hashLockedThere((await lab.at(place)).machine, cwd, globs, notCode(project), now);
  try {
    return await gently(hashLocked(lockedPlaces({ ...project.paths, root: cwd }, globs), lab.hashes, now));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return unknown(globs, now, error.message);
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
  const after = readLocked(files.lockedEnd) ?? lookHere(project, run, before, now);
  if (after.error !== null) return `what measures it cannot be checked: ${after.error}`;
  const during = lockedChanges(before.files, after.files);
  if (during !== null) return `what measures it was touched between its launch and its end: ${during}`;
  return baselineRun === null || baselineRun === run.id
    ? null
    : againstBaseline(project, before, baselineRun);
}

/** What the globs of a run mean after its end, for whoever judges it where that was not written down. */
function lookHere(
  project: Project,
  { cwd, place }: Where,
  { globs }: LockedRecord,
  now: number,
): LockedRecord {
  if (place !== null) return unknown(globs, now, `nobody looked at it on ${place.host} when the run ended`);
  const places = lockedPlaces({ ...project.paths, root: cwd }, globs);
  try {
    return atOnce(hashLocked(places, new Map(), now));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return unknown(globs, now, error.message);
  }
}

const unknown = (globs: readonly string[], now: number, error: string): LockedRecord => ({
  at: new Date(now).toISOString(),
  globs: [...globs],
  files: {},
  error,
});

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

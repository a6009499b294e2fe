import { createHash } from 'node:crypto';
import { LabError } from '../../core/errors.js';
import type { RunView } from '../../core/run.js';
import { pendingDirective } from '../../store/directive.js';
import { readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readMark } from '../../store/records.js';
import { listRuns, readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { createBell } from './bell.js';
import { isPending } from './decide.js';
import { CHECK_SUPERVISOR_MS, keepSupervised } from './supervised.js';
import { viewRun } from './view.js';

export interface WaitRequest {
  /** Runs to wait for; the first that ends ends the wait. */
  runs: readonly string[];
  /** Milliseconds; null = as long as it takes. */
  timeoutMs: number | null;
  /** Returns early when a directive is waiting that was not there at the start. */
  wakeOnDirective: boolean;
  /** Returns as soon as a rule has fired, before the run is gone. */
  wakeOnRule: boolean;
  signal: AbortSignal;
  /** Called at once and then every `progressMs`. */
  onProgress?: (runs: readonly RunView[]) => void;
  progressMs?: number;
}

export interface Waited {
  reason: 'ended' | 'rule' | 'directive' | 'timeout' | 'cancelled';
  /** The run that ended or whose rule fired. */
  run: RunView | null;
}

/** What was known when a wait began: only what is new since then ends it. */
export interface Watch {
  runs: readonly string[];
  /** Those of them whose rule had fired. */
  fired: readonly string[];
  /** A print of the directive that was waiting, 8 hexadecimal digits; null = none was. */
  directive: string | null;
}

/** How often the records are looked at when no file event comes: what a file system without events costs in delay. */
const LOOK_MS = 200;

/**
 * Blocks until a run has ended and was judged, a rule has fired, a new directive waits, or time is up. Costs no model
 * call and next to no CPU: it watches one tiny folder per run. Cancelling it does not touch the run. Keeps a
 * supervisor at work meanwhile. Throws LabError for an unknown run.
 */
export async function waitForRuns(
  lab: Pick<Lab, 'clock' | 'spawnSupervisor'>,
  project: Project,
  request: WaitRequest,
): Promise<Waited> {
  const { paths } = project;
  const watch = beginWatch(project, request.runs);
  const deadline = request.timeoutMs === null ? null : lab.clock() + request.timeoutMs;
  const bell = createBell(
    request.runs.map((id) => runPaths(paths.runs, id).record),
    request.signal,
  );
  let told = Number.NEGATIVE_INFINITY;
  let checked = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      const found = lookAt(lab, project, watch, request);
      if (found !== null) return found;
      if (request.signal.aborted) return { reason: 'cancelled', run: null };
      const now = lab.clock();
      if (deadline !== null && now >= deadline) return { reason: 'timeout', run: null };
      if (now - checked >= CHECK_SUPERVISOR_MS) {
        await keepSupervised(lab, paths.root);
        checked = now;
      }
      if (request.onProgress !== undefined && now - told >= (request.progressMs ?? 10_000)) {
        request.onProgress(viewRuns(lab, project, request.runs));
        told = now;
      }
      await bell.wait(deadline === null ? LOOK_MS : Math.min(LOOK_MS, Math.max(1, deadline - now)));
    }
  } finally {
    bell.close();
  }
}

/** Begins to wait for runs. Throws LabError for an unknown one. */
export function beginWatch({ paths }: Project, runs: readonly string[]): Watch {
  for (const id of runs) readRun(paths.runs, id);
  return {
    runs,
    fired: runs.filter((id) => readMark(runPaths(paths.runs, id).record, 'kill') !== null),
    directive: printOfDirective(paths.workspace),
  };
}

/** What has happened since `watch` began; null = nothing yet. */
export function lookAt(
  lab: Pick<Lab, 'clock'>,
  project: Project,
  watch: Watch,
  { wakeOnRule, wakeOnDirective }: Pick<WaitRequest, 'wakeOnRule' | 'wakeOnDirective'>,
): Waited | null {
  const { paths } = project;
  for (const id of watch.runs) {
    const { record } = runPaths(paths.runs, id);
    if (readMark(record, 'ended') !== null && !isPending(record))
      return { reason: 'ended', run: viewOf(lab, project, id) };
    if (!wakeOnRule || watch.fired.includes(id)) continue;
    const why = readMark(record, 'kill')?.fields.why;
    if (why !== 'diverged' && why !== 'stalled') continue;
    // The supervisor marks its decision first and then writes why, which is what somebody waits for.
    const run = viewOf(lab, project, id);
    if (run.note !== null) return { reason: 'rule', run };
  }
  if (!wakeOnDirective) return null;
  const now = printOfDirective(paths.workspace);
  return now !== null && now !== watch.directive ? { reason: 'directive', run: null } : null;
}

/** The runs that are waited for, as they stand. */
export const viewRuns = (lab: Pick<Lab, 'clock'>, project: Project, ids: readonly string[]): RunView[] =>
  ids.map((id) => viewOf(lab, project, id));

function viewOf(lab: Pick<Lab, 'clock'>, { paths }: Project, id: string): RunView {
  const known = readCampaign(paths.ledger).campaign.runs.get(id);
  return viewRun(paths, readRun(paths.runs, id), known, lab.clock());
}

function printOfDirective(workspace: string): string | null {
  const text = pendingDirective(workspace)?.text;
  return text === undefined ? null : createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** The run to wait for when none is named: the newest that is not decided, else the newest; never one that repeats another. Throws LabError when there is none. */
export function runToWaitFor(project: Project): string {
  const { runs } = project.paths;
  const ids = listRuns(runs).reverse();
  const isOwn = (id: string): boolean => readRun(runs, id).replicate === null;
  const isOpen = (id: string): boolean => {
    const { record } = runPaths(runs, id);
    return readMark(record, 'ended') === null || isPending(record);
  };
  const id = ids.find((one) => isOpen(one) && isOwn(one)) ?? ids.find(isOwn);
  if (id !== undefined) return id;
  throw new LabError(
    'this project has no runs yet',
    'start one with: auto-experiment launch -- python3 train.py',
  );
}

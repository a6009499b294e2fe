import { statSync } from 'node:fs';
import { errorText, LabError } from '../../core/errors.js';
import { noticesOf } from '../../core/notify/from-ledger.js';
import type { Target } from '../../core/notify/routes.js';
import { readLedger } from '../../store/ledger.js';
import { acquireLock } from '../../store/lock.js';
import { appendOutbox, readOutbox } from '../../store/outbox.js';
import { ensureWorkspace, type Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { createBell } from '../runs/bell.js';
import { writeCard } from '../runs/card.js';
import { writeNotes } from '../views/write-notes.js';
import { type DeliverLab, deliverDue } from './deliver.js';
import { heraldLock, targetsFor } from './wake.js';

export type HeraldLab = DeliverLab &
  Pick<Lab, 'open' | 'host' | 'surveyGpus' | 'leases' | 'jobs' | 'spawnSupervisor'>;

/** It stays a little after the last news: the next ones often come at once. */
const LINGER_MS = 5000;
const LOOK_MS = 30_000;
/** News from just before the first look count: a channel may be named while a run is under way. */
const GRACE_MS = 600_000;

/**
 * Tells people what happened and keeps their notes, in a process of its own: a service or a disk that hangs holds up
 * nobody else. One per project: where another is at work this returns false at once. Ends when nothing waits any more.
 */
export async function herald(lab: HeraldLab, signal: AbortSignal): Promise<boolean> {
  const project = lab.open();
  ensureWorkspace(project.paths);
  for (;;) {
    const lock = await acquireLock(heraldLock(project.paths.root), `herald of ${project.paths.root}`);
    if (!lock.held) return false;
    let seen: string;
    try {
      writeCard(project.paths.herald, lab);
      seen = await work(lab, project, signal);
    } finally {
      await lock.release();
    }
    // Who still saw our lock while we were leaving has started nobody: look once more without it.
    if (signal.aborted || seen === traceOf(project)) return true;
  }
}

/** Gives what the files looked like when they were last gone through. */
async function work(lab: HeraldLab, first: Project, signal: AbortSignal): Promise<string> {
  const bell = createBell([first.paths.workspace], signal);
  let seen = '';
  let noted = '';
  let quietSince = lab.clock();
  try {
    while (!signal.aborted) {
      const project = reopened(lab, first);
      const targets = targetsNow(lab, project);
      const trace = traceOf(project);
      if (trace !== seen) {
        if (targets.length > 0) collect(lab, project);
        const told = traceOf(project, false);
        if (project.config.obsidian.enabled && told !== noted)
          await writeNotes(lab, project, { asked: false });
        noted = told;
        seen = trace;
        quietSince = lab.clock();
      }
      const due = await deliverDue(lab, project, targets, signal);
      const now = lab.clock();
      if (due !== null) quietSince = now;
      else if (now - quietSince >= LINGER_MS) break;
      await bell.wait(Math.min(LOOK_MS, due === null ? LINGER_MS : Math.max(0, due - now)));
    }
  } finally {
    bell.close();
  }
  return seen;
}

/** Puts what the ledger tells into the outbox, each piece of news once. */
export function collect(lab: Pick<Lab, 'clock'>, { paths, config }: Pick<Project, 'paths' | 'config'>): void {
  const outbox = readOutbox(paths.notifications);
  const since = outbox.since ?? new Date(lab.clock() - GRACE_MS).toISOString();
  if (outbox.since === null) appendOutbox(paths.notifications, { kind: 'since', at: since });
  const { runs, gpu_hours } = config.budget;
  const budgets = {
    ...(runs === undefined ? {} : { runs }),
    ...(gpu_hours === undefined ? {} : { gpu_hours }),
  };
  for (const notice of noticesOf(readLedger(paths.ledger).records, budgets)) {
    if (notice.at < since || outbox.notices.has(notice.key)) continue;
    appendOutbox(paths.notifications, { kind: 'queued', notice });
  }
}

/** What files look like that hold anything to tell, or that say to whom. */
function traceOf({ paths }: Project, outbox = true): string {
  return [paths.ledger, paths.config, paths.directive, ...(outbox ? [paths.notifications] : [])]
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((stat) => `${stat?.size ?? 0} ${stat?.mtimeMs ?? 0}`)
    .join('; ');
}

function reopened(lab: HeraldLab, first: Project): Project {
  try {
    return lab.open();
  } catch (error) {
    // Somebody is just editing the config: the last good one stays.
    if (!(error instanceof LabError)) throw error;
    return first;
  }
}

function targetsNow(lab: HeraldLab, project: Project): Target[] {
  try {
    return targetsFor(lab, project).targets;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`${errorText(error)}\n`);
    return [];
  }
}

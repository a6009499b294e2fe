import { errorText } from '../../core/errors.js';
import { isUnderWay } from '../../core/run-record.js';
import { ensureLeases } from '../../store/leases.js';
import { removeLeftovers } from '../../store/leftovers.js';
import { acquireLock } from '../../store/lock.js';
import { appendLog } from '../../store/log-file.js';
import type { Project } from '../../store/project.js';
import { ensureWorkspace } from '../../store/project.js';
import { readRuns } from '../../store/runs.js';
import { createHeralding } from '../herald/heralding.js';
import { createBell } from './bell.js';
import { writeCard } from './card.js';
import { createCrew } from './crew.js';
import { guarded } from './guarded.js';
import { supervisorLock } from './supervised.js';
import type { SupervisorLab } from './supervisor-lab.js';

const TICK_MS = 1000;
const LINGER_MS = 2000;

/**
 * Owns the runs of one project until none is queued or running: starts them, sees them end, says how they ended.
 * One per project: where another is at work this returns false at once. However it is killed, the next one goes on
 * from the records. Returns true when no work is left, or when `signal` is aborted (the runs go on).
 */
export async function supervise(lab: SupervisorLab, signal: AbortSignal): Promise<boolean> {
  const project = lab.open();
  ensureWorkspace(project.paths);
  for (;;) {
    const lock = await acquireLock(supervisorLock(project.paths.root), `supervisor of ${project.paths.root}`);
    if (!lock.held) return false;
    try {
      await work(lab, project, signal);
    } finally {
      await lock.release();
    }
    // A launcher that still saw our lock while we were leaving has started nobody: look once more without it.
    const open = readRuns(project.paths.runs).records.some(isUnderWay);
    if (signal.aborted || !open) return true;
  }
}

async function work(lab: SupervisorLab, project: Project, signal: AbortSignal): Promise<void> {
  const { paths } = project;
  const log = (text: string): void => {
    try {
      appendLog(paths.supervisorLog, `${new Date(lab.clock()).toISOString()} ${text}\n`);
    } catch (error) {
      // Its own diary is the least of its duties: a full disk must not end the supervision.
      process.emitWarning(`supervisor.log: ${errorText(error)}`);
    }
  };
  log(`supervisor ${process.pid} begins`);
  const bell = createBell([paths.runs], signal);
  const heralding = createHeralding(lab, project);
  const crew = createCrew(lab, project, log, bell, heralding);
  const duties: [string, () => void | Promise<void>][] = [
    ['clean', () => removeLeftovers(paths)],
    ['card', () => writeCard(paths.supervisor, lab)],
    ['leases', () => ensureLeases(lab.leases)],
  ];
  for (const [name, duty] of duties) await guarded(log, name, duty);
  // A lease that is given back is a GPU that somebody may wait for.
  bell.add(lab.leases);
  let idleSince = lab.clock();
  let beat = lab.clock();
  while (!signal.aborted) {
    await guarded(log, 'adopt', () => crew.adopt());
    await guarded(log, 'start', () => crew.startQueued());
    await guarded(log, 'look', () => crew.look());
    await guarded(log, 'settle', () => crew.flush());
    await guarded(log, 'replicate', () => crew.replicate());
    await guarded(log, 'herald', () => heralding.step(crew.config()));
    const now = lab.clock();
    if (now - beat >= crew.config().monitor.poll_interval * 1000) {
      beat = now;
      log(`watching ${crew.names().join(', ') || 'nothing'}`);
    }
    if (crew.busy()) idleSince = now;
    else if (now - idleSince >= LINGER_MS) break;
    await bell.wait(crew.patience(TICK_MS));
  }
  bell.close();
  crew.leave();
  await guarded(log, 'herald', () => heralding.step(crew.config(), true));
  await guarded(log, 'clean', () => removeLeftovers(paths));
  log(`supervisor ${process.pid} ends${signal.aborted ? ' on request' : ': nothing is queued or running'}`);
}

import { LabError } from '../../core/errors.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { storageError } from '../../store/project.js';
import { readMark, writeMark } from '../../store/records.js';
import { readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { keepSupervised } from './supervised.js';

/**
 * Asks the supervisor to stop a run: TERM to its group, time for a checkpoint, KILL, survivors, verified gone.
 * Returns false when it has ended already. Throws LabError for an unknown run.
 */
export async function requestStop(
  lab: Pick<Lab, 'spawnSupervisor'>,
  project: Project,
  id: string,
  by: string,
): Promise<boolean> {
  const { runs } = project.paths;
  const record = readRun(runs, id);
  const folder = runPaths(runs, id).record;
  if (record.state === 'ended' || readMark(folder, 'ended') !== null) return false;
  try {
    writeMark(folder, 'stop', { by });
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw storageError(error, folder);
  }
  await keepSupervised(lab, project.paths.root);
  return true;
}

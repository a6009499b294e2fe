import { LabError } from '../../core/errors.js';
import type { CodeRef } from '../../core/ledger.js';
import type { Place } from '../../core/place.js';
import type { Project } from '../../store/project.js';
import { takeSnapshot } from '../../store/snapshots.js';
import { keepCodeThere } from '../there/keep-code.js';
import type { Site } from './site.js';

/**
 * Gives the code that a launched run will start from to that run, once its id is known. A run is not refused because its
 * code could not be kept; the person is told.
 */
export async function codeKeeper(
  site: Pick<Site, 'machine'>,
  project: Project,
  place: Place | null,
  notes: string[],
): Promise<(run: string) => Promise<CodeRef | null>> {
  const { root, workspace } = project.paths;
  // What it takes to fetch is done before the launch holds up others.
  const isHere = place === null || project.config.execution.sync !== 'off';
  const there =
    isHere || place === null
      ? null
      : await orTold(notes, () => keepCodeThere(site.machine, project, place.workspace));
  return (run) =>
    orTold(notes, async () => {
      if (!isHere && there === null) return null;
      const message = `auto-experiment ${run}`;
      const kept =
        there === null
          ? await takeSnapshot({ project: root, workspace, run, message })
          : { ...there.put(run), skipped: there.skipped };
      for (const skipped of kept.skipped.slice(0, 3))
        notes.push(`not in the snapshot of the code: ${skipped.path} (${skipped.why})`);
      return { kind: kept.kind, id: kept.id, tree: kept.tree };
    });
}

async function orTold<T>(notes: string[], act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    notes.push(`the code could not be kept: ${error.message}`);
    return null;
  }
}

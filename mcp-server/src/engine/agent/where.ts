import { relative } from 'node:path';
import type { Place } from '../../core/place.js';
import { splitRelative } from '../../store/beneath.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { placeFor } from '../runs/site.js';

/**
 * The host on which the code lies that agents work on; null = this computer, also where the code of here is brought to the
 * host before each launch. Throws LabError when the host cannot be reached.
 */
export async function codePlace(lab: Pick<Lab, 'at'>, project: Project): Promise<Place | null> {
  const { mode, sync } = project.config.execution;
  return mode === 'ssh' && sync === 'off' ? placeFor(lab, project.config) : null;
}

/** The same for one path: the brief, the config and the workspace are always here. */
export async function placeOfPath(
  lab: Pick<Lab, 'at'>,
  project: Project,
  path: string,
): Promise<Place | null> {
  const { root, brief, config, workspace } = project.paths;
  const asked = splitRelative(path).join('/');
  const isHere = [brief, config, workspace]
    .map((place) => relative(root, place))
    .some((own) => asked === own || asked.startsWith(`${own}/`));
  return isHere ? null : codePlace(lab, project);
}

import { errorText } from '../../core/errors.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

/** The project with its config as it is now; a config that somebody is just breaking does not count. */
export function reopened(lab: Pick<Lab, 'open'>, last: Project, log: (text: string) => void): Project {
  try {
    return lab.open();
  } catch (error) {
    log(`the last good config stays: ${errorText(error)}`);
    return last;
  }
}

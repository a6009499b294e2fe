import { LabError } from '../core/errors.js';
import { targetsFor } from '../engine/herald/wake.js';
import type { Lab } from '../engine/lab.js';
import { notePlace } from '../store/note-files.js';
import { noHistory, readOutbox } from '../store/outbox.js';
import type { Project } from '../store/project.js';
import type { Check } from './doctor.js';

/** Whether news reach the person, and notes their vault. */
export function telling(lab: Pick<Lab, 'env'>, project: Project): Check[] {
  return [channels(lab, project), ...notes(lab, project)];
}

function channels(lab: Pick<Lab, 'env'>, project: Project): Check {
  const name = 'notify';
  try {
    const { targets, unknown } = targetsFor(lab, project);
    if (unknown.length > 0)
      return {
        ...{
          name,
          state: 'note',
          text: `the project names ${unknown.join(', ')}; you have no channel of that name`,
        },
        hint: 'add it to your notify.yaml, or take it out of notify: in config.yaml',
      };
    if (targets.length === 0)
      return {
        name,
        state: 'note',
        text: 'nobody is told',
        hint: 'docs/notifications.md says how, from ntfy to e-mail',
      };
    const outbox = readOutbox(project.paths.notifications);
    const failed = targets.find(
      (target) => (outbox.channels.get(target.name) ?? noHistory()).failure !== null,
    );
    const names = targets.map((target) => target.name).join(', ');
    return failed === undefined
      ? { name, state: 'good', text: names, hint: null }
      : {
          ...{
            name,
            state: 'bad',
            text: `${failed.name}: ${outbox.channels.get(failed.name)?.failure ?? ''}`,
          },
          hint: `auto-experiment notify --test ${failed.name}`,
        };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { name, state: 'bad', text: error.message, hint: error.hint };
  }
}

function notes(lab: Pick<Lab, 'env'>, project: Project): Check[] {
  const { enabled, vault_path } = project.config.obsidian;
  if (!enabled || vault_path === undefined) return [];
  try {
    const { root } = notePlace(project, lab.env);
    return [{ name: 'notes', state: 'good', text: root, hint: null }];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return [{ name: 'notes', state: 'bad', text: error.message, hint: error.hint }];
  }
}

import { LabError } from '../../core/errors.js';
import { writeDirective } from '../../store/directive.js';
import type { Project } from '../../store/project.js';

/** Bytes of one directive: what its reader takes in. */
const MAX_BYTES = 16 * 1024;

/** Leaves an order of a person for the loop. `pause`, `resume` and `stop` are directives too. Throws LabError. */
export function leaveDirective({ paths }: Project, text: string): void {
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw new LabError(
      'the directive is longer than 16 KiB',
      'say it shorter, or put the details into a file of the project and name that file',
    );
  writeDirective(paths.workspace, text);
}

import { z } from 'zod';
import { LabError } from './errors.js';

/** Where a run goes when it is not a process of this computer. Kept with the run: a later config does not move it. */
export const Place = z.strictObject({
  host: z.string().describe('as ssh is told it'),
  workspace: z.string().describe('folder there that holds the project’s code'),
  args: z.array(z.string()).describe('further arguments of ssh'),
});
export type Place = z.output<typeof Place>;

/** A text that is equal for equal machines. */
export const machineKey = ({ host, args }: Pick<Place, 'host' | 'args'>): string =>
  JSON.stringify([host, args]);

/** Throws LabError for a folder that is neither absolute nor below the home. */
export function assertWorkspace(workspace: string | undefined): string {
  if (workspace !== undefined && /^(?:\/|~\/|~$)/.test(workspace) && !/[\0\r\n]/.test(workspace))
    return workspace;
  throw new LabError(
    workspace === undefined
      ? 'execution.mode: ssh needs execution.remote_workspace'
      : `execution.remote_workspace: ${JSON.stringify(workspace.slice(0, 80))} is no folder that can be found there`,
    'write the folder on the host that holds the project’s code, absolute or as ~/…',
  );
}

import { z } from 'zod';

/** Where a run goes when it is not a process of this computer. Kept with the run: a later config does not move it. */
export const Place = z.strictObject({
  jobs: z.enum(['process', 'slurm']),
  host: z.string().nullable().describe('as ssh is told it; null = this computer'),
  workspace: z
    .string()
    .describe('folder there that holds the project’s code; `~/` counts from the home there'),
  args: z.array(z.string()).describe('further arguments of ssh'),
});
export type Place = z.output<typeof Place>;

/** A text that is equal for equal machines. */
export const machineKey = ({ host, args }: Pick<Place, 'host' | 'args'>): string =>
  JSON.stringify([host, args]);

import { z } from 'zod';
import { ProcessIdentity } from '../process-identity.js';

/** A GPU held for a run, across all projects of one user. `leases/<uuid>.json`. */
export const GpuLease = z.strictObject({
  uuid: z.string().min(1),
  project: z.string().describe('absolute path of the project'),
  run: z.string(),
  recordDir: z.string().describe('folder of the run’s records, which tell whether it still has processes'),
  owner: ProcessIdentity.describe('the process that took it'),
  at: z.number().describe('milliseconds since 1970'),
});
export type GpuLease = z.output<typeof GpuLease>;

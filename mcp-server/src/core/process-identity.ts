import { z } from 'zod';

/**
 * Which process, across reuse of its number and across reboots. A bare pid is never an identity: the system gives it
 * to somebody else later.
 */
export const ProcessIdentity = z.strictObject({
  pid: z.number().int().positive(),
  start: z.string().describe('when it started, in the system’s own words: clock ticks since boot on Linux'),
  boot: z.string().describe('first 8 hex digits of the boot id'),
});
export type ProcessIdentity = z.output<typeof ProcessIdentity>;

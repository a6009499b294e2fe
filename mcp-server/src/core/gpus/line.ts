import { z } from 'zod';
import { ProcessIdentity } from '../process-identity.js';

/** A run that waits for GPUs. */
export const GpuWaiter = z.strictObject({
  machine: z.string(),
  project: z.string().describe('absolute path of the project'),
  run: z.string(),
  want: z.number().int().min(1).describe('GPUs that it needs at once'),
  could: z.array(z.string()).describe('keys of the GPUs that it may be given, now or later'),
  since: z.number().describe('milliseconds since 1970'),
  seen: z.number().describe('when it last asked; milliseconds since 1970'),
  owner: ProcessIdentity.describe('the process that asks for it'),
});
export type GpuWaiter = z.output<typeof GpuWaiter>;

/** Who asks often and was not heard of for this long (ms) waits no more: its computer sleeps, or it was stopped. */
const FORGOTTEN_MS = 60_000;

/** Those that wait for GPUs of this machine before somebody who waits since `since`, the longest first. */
export function before(
  waiters: readonly GpuWaiter[],
  me: Pick<GpuWaiter, 'machine' | 'project' | 'since'>,
  now: number,
): GpuWaiter[] {
  return waiters
    .filter(
      (one) => one.machine === me.machine && one.project !== me.project && now - one.seen < FORGOTTEN_MS,
    )
    .filter((one) => one.since < me.since || (one.since === me.since && one.project < me.project))
    .sort((a, b) => a.since - b.since || (a.project < b.project ? -1 : 1));
}

export interface SetAside {
  /** Free GPUs that those who have waited longer are to get. */
  keys: string[];
  /** GPUs that they still want in all, for the cap. */
  count: number;
  /** The first that holds something back. */
  first: GpuWaiter | null;
}

/**
 * What is kept for those who have waited longer. Each is set aside the free GPUs that it could use, even when they are not
 * yet enough: a run that wants two would otherwise wait for ever behind runs that want one. Who could not be helped even
 * if all our own runs ended waits for other people, and holds nothing back.
 */
export function setAside(
  earlier: readonly GpuWaiter[],
  free: readonly string[],
  leased: readonly string[],
): SetAside {
  const left = new Set(free);
  const keys: string[] = [];
  let count = 0;
  let first: GpuWaiter | null = null;
  for (const waiter of earlier) {
    const hopeful = waiter.could.filter((key) => left.has(key) || leased.includes(key));
    if (hopeful.length < waiter.want) continue;
    first ??= waiter;
    count += waiter.want;
    for (const key of waiter.could.filter((one) => left.has(one)).slice(0, waiter.want)) {
      left.delete(key);
      keys.push(key);
    }
  }
  return { keys, count, first };
}

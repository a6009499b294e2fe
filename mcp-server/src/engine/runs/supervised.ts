import { lockHolder } from '../../store/lock.js';
import type { Lab } from '../lab.js';

export const supervisorLock = (root: string): string => `supervisor:${root}`;
export const controllerLock = (root: string): string => `controller:${root}`;

/** How often those who wait look after the supervisor, in milliseconds: what its being killed costs in delay. */
export const CHECK_SUPERVISOR_MS = 1000;

/** Starts a supervisor where none is at work: runs are watched again after it was killed or the machine restarted. */
export async function keepSupervised(lab: Pick<Lab, 'spawnSupervisor'>, root: string): Promise<void> {
  if ((await lockHolder(supervisorLock(root))) === null) lab.spawnSupervisor();
}

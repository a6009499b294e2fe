import { lockHolder } from '../../store/lock.js';
import type { Lab } from '../lab.js';

export const supervisorLock = (root: string): string => `supervisor:${root}`;
export const controllerLock = (root: string): string => `controller:${root}`;

/** Starts a supervisor where none is at work: runs are watched again after it was killed or the machine restarted. */
export async function keepSupervised(lab: Pick<Lab, 'spawnSupervisor'>, root: string): Promise<void> {
  if ((await lockHolder(supervisorLock(root))) === null) lab.spawnSupervisor();
}

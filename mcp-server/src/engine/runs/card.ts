import { writeAtomic } from '../../store/files.js';
import type { Lab } from '../lab.js';

/** Says in a file who is at work, for people: the lock itself is held by the kernel and has no file. */
export function writeCard(path: string, lab: Pick<Lab, 'host' | 'clock'>): void {
  const card = { pid: process.pid, host: lab.host, since: new Date(lab.clock()).toISOString() };
  writeAtomic(path, `${JSON.stringify(card)}\n`);
}

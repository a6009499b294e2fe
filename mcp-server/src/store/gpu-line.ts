import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { GpuWaiter } from '../core/gpus/line.js';
import { parseJson } from '../core/parse-json.js';
import { readTextIfThere, writeAtomic } from './files.js';
import { isAlive } from './identity.js';

/** Beside the leases: those who wait for GPUs, one file for each run. */
const folderOf = (leases: string): string => join(dirname(leases), 'gpu-line');

type Who = Pick<GpuWaiter, 'project' | 'run'>;

const fileOf = ({ project, run }: Who): string =>
  `${createHash('sha256').update(`${project}\0${run}`).digest('hex').slice(0, 16)}.json`;

/** Everybody who waits and whose process is alive. */
export function readWaiters(leases: string): GpuWaiter[] {
  return namesIn(folderOf(leases)).flatMap((name) => {
    const waiter = read(join(folderOf(leases), name));
    return waiter !== null && isAlive(waiter.owner) ? [waiter] : [];
  });
}

/** What this run waits for; null where it does not. */
export function readWaiter(leases: string, who: Who): GpuWaiter | null {
  return read(join(folderOf(leases), fileOf(who)));
}

/** Takes a place in the line, or says that one still waits. Throws the system's error of a full disk. */
export function keepWaiting(leases: string, waiter: GpuWaiter): void {
  mkdirSync(folderOf(leases), { recursive: true, mode: 0o700 });
  writeAtomic(join(folderOf(leases), fileOf(waiter)), `${JSON.stringify(waiter)}\n`, { mode: 0o600 });
}

/** Leaves the line. */
export function stopWaiting(leases: string, who: Who): void {
  rmSync(join(folderOf(leases), fileOf(who)), { force: true });
}

function read(path: string): GpuWaiter | null {
  const text = readTextIfThere(path);
  return text === null ? null : (GpuWaiter.safeParse(parseJson(text)).data ?? null);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

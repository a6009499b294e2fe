import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { errorCode } from '../../core/errors.js';
import { MARKER } from '../../core/marker.js';

const EXPECTED = ['EACCES', 'EPERM', 'ENOENT', 'ESRCH', 'ENOTDIR'];

/**
 * Which files the processes of runs hold open now: path → markers of the runs. Runs are told by the marker in the
 * environment (proc(5)). Processes of others cannot be looked into and are left out; without /proc there are none.
 */
export function openFiles(): Map<string, Set<string>> {
  const files = new Map<string, Set<string>>();
  const needle = Buffer.from(`${MARKER}=`);
  for (const pid of attempt(() => readdirSync('/proc')) ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = attempt(() => readFileSync(`/proc/${pid}/environ`));
    if (environment === null || !environment.includes(needle)) continue;
    const marker = environment
      .toString('utf8')
      .split('\0')
      .find((entry) => entry.startsWith(`${MARKER}=`))
      ?.slice(MARKER.length + 1);
    if (marker === undefined) continue;
    for (const fd of attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const path = attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (path === null || !path.startsWith('/')) continue;
      const markers = files.get(path) ?? new Set<string>();
      files.set(path, markers.add(marker));
    }
  }
  return files;
}

/** Null when the process has ended meanwhile or is not ours. */
function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (EXPECTED.includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

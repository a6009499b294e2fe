import type { ExecOptions, Machine } from '../../core/ports.js';

/** More than any GPU host shows at once; keeps the command line short. */
const MAX_PIDS = 256;
const TIMEOUT_MS = 5000;

/**
 * Who owns these processes: pid → user name, or `uid 1234` where the system has no name for it. Processes that are gone,
 * and systems that cannot tell, are left out. One command for all, on this machine or another: the owner of `/proc/PID`,
 * resolved by the system itself, so that users of a directory service have their names too.
 */
export async function processUsers(
  machine: Pick<Machine, 'exec'>,
  pids: readonly number[],
  signal?: AbortSignal,
): Promise<Map<number, string>> {
  const users = new Map<number, string>();
  if (pids.length === 0) return users;
  const folders = [...new Set(pids)].slice(0, MAX_PIDS).map((pid) => `/proc/${pid}`);
  const options: ExecOptions = { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const { stdout } = await machine.exec(['stat', '-c', '%n %u %U', ...folders], options);
  for (const line of stdout.split('\n')) {
    const [, pid, uid, name] = /^\/proc\/(\d+) (\d+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) users.set(Number(pid), name === 'UNKNOWN' ? `uid ${uid}` : name);
  }
  return users;
}

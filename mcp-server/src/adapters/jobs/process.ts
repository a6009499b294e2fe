import { spawn } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import { formatMark, markNumber, parseMark } from '../../core/mark.js';
import { MARKER } from '../../core/marker.js';
import type { JobHandle, JobSpec, JobState, Jobs, Survivor } from '../../core/ports.js';
import { parseStat } from '../../core/proc-stat.js';
import { WRAPPER } from './wrapper.js';

/** Detached processes of this machine, each in a session of its own. */
export function processJobs(): Jobs {
  // A claim is written once and never changed; it is forgotten with the handle that it was asked with.
  const claims = new WeakMap<JobHandle, Link>();
  const claimOf = (handle: JobHandle): Link | null => {
    const claim = claims.get(handle) ?? readRecord(handle.recordDir, 'started');
    if (claim !== null) claims.set(handle, claim);
    return claim;
  };
  return {
    start: async (spec) => start(spec),
    poll: async (handles) => {
      const boot = bootId();
      return handles.map((handle) => stateOf(handle, claimOf, boot));
    },
    survivors: async (handle) => survivorsOf(handle),
    signal: async (handle, signal, options) => signalJob(handle, signal, options?.spareWrapper === true),
    forbid: async (handle) => forbid(handle),
  };
}

async function start(spec: JobSpec): Promise<JobHandle> {
  const handle = { recordDir: spec.recordDir, marker: spec.marker };
  const log = openSync(spec.log, 'a');
  try {
    const child = spawn('/bin/sh', ['-c', WRAPPER, 'auto-experiment', spec.recordDir, ...spec.argv], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: spec.cwd,
      env: { ...spec.env, [MARKER]: spec.marker },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
  } finally {
    closeSync(log);
  }
  return handle;
}

interface Link {
  fields: Record<string, string>;
  at: number;
}

function readRecord(folder: string, name: string): Link | null {
  const path = join(folder, name);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  return { fields: stat.isSymbolicLink() ? parseMark(readlinkSync(path)) : {}, at: stat.mtimeMs };
}

function stateOf(handle: JobHandle, claimOf: (handle: JobHandle) => Link | null, boot: string): JobState {
  const before = readRecord(handle.recordDir, 'exited');
  const started = claimOf(handle);
  const life = before === null ? lifeOf(started, boot) : 'exited';
  // Gone without a record may be the instant between our two looks: the record is the truth, so look again.
  const exited = life === 'gone' ? readRecord(handle.recordDir, 'exited') : before;
  const pid = started === null ? null : markNumber(started.fields, 'pid');
  const children = pid !== null && life === 'running' ? childrenOf(pid) : [];
  return {
    // A stop signal sent to the training alone leaves the wrapper waiting as usual.
    life: exited !== null ? 'exited' : isSuspended(children) ? 'suspended' : life,
    pid,
    child: children[0] ?? null,
    startedAt: started?.at ?? null,
    exitedAt: exited?.at ?? null,
    exitCode: exited === null ? null : markNumber(exited.fields, 'rc'),
    oomKills: exited === null ? 0 : (markNumber(exited.fields, 'oom') ?? 0),
    rebooted: started !== null && started.fields.boot !== undefined && started.fields.boot !== boot,
  };
}

function lifeOf(started: Link | null, boot: string): JobState['life'] {
  if (started === null) return 'unstarted';
  const pid = markNumber(started.fields, 'pid');
  if (pid === null || started.fields.boot !== boot) return 'gone';
  const stat = readStat(pid);
  if (stat === null || stat.start !== started.fields.start || stat.state === 'Z' || stat.state === 'X')
    return 'gone';
  return stat.state === 'T' || stat.state === 't' ? 'suspended' : 'running';
}

const isSuspended = (children: readonly number[]): boolean =>
  children.length > 0 && children.every((child) => readStat(child)?.state === 'T');

function childrenOf(pid: number): number[] {
  try {
    return readSmall(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  } catch (error) {
    // The process may end while we look, and some kernels do not tell.
    if (!['ENOENT', 'ESRCH', 'EACCES'].includes(errorCode(error) ?? '')) throw error;
    return [];
  }
}

function readStat(pid: number): { state: string; start: string; group: number } | null {
  try {
    return parseStat(readSmall(`/proc/${pid}/stat`));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return null;
    throw error;
  }
}

/** The first KiB of a file of /proc, in half the time of `readFileSync`: it is read for every run every second. */
function readSmall(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(1024);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, null));
  } finally {
    closeSync(fd);
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Processes whose environment carries the marker. Zombies do not count, nor does the wrapper, nor, once the end is on
 * record, a child of the wrapper: that is the very ln(1) that has just written it, for what a command leaves behind
 * has another parent.
 */
function survivorsOf(handle: JobHandle): Survivor[] {
  const needle = Buffer.from(`${MARKER}=${handle.marker}\0`);
  const wrapper = readRecord(handle.recordDir, 'started');
  const own = wrapper === null ? null : markNumber(wrapper.fields, 'pid');
  const exited = readRecord(handle.recordDir, 'exited') !== null;
  const found: Survivor[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === own) continue;
    try {
      const environment = readFileSync(`/proc/${name}/environ`);
      if (!environment.includes(needle)) continue;
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      const stat = parseStat(text);
      if (stat === null || stat.state === 'Z' || stat.state === 'X') continue;
      if (exited && stat.parent === own) continue;
      found.push({ pid: Number(name), name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')) });
    } catch (error) {
      // Processes of other users cannot be read, and any process may end while we look.
      if (!['EACCES', 'EPERM', 'ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) throw error;
    }
  }
  return found;
}

function signalJob(handle: JobHandle, signal: 'SIGTERM' | 'SIGKILL', spareWrapper: boolean): void {
  const started = readRecord(handle.recordDir, 'started');
  const pid = started === null ? null : markNumber(started.fields, 'pid');
  // The group may be signalled only while its leader is certainly ours: a number may have gone to somebody else.
  if (!spareWrapper && pid !== null && ['running', 'suspended'].includes(lifeOf(started, bootId()))) {
    send(-pid, signal);
    if (signal === 'SIGTERM') send(-pid, 'SIGCONT');
  }
  for (const survivor of survivorsOf(handle)) {
    if (readStat(survivor.pid)?.group === pid && pid !== null && signal === 'SIGTERM') continue;
    send(survivor.pid, signal);
    if (signal === 'SIGTERM') send(survivor.pid, 'SIGCONT');
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}

function forbid(handle: JobHandle): boolean {
  try {
    symlinkSync(formatMark({ void: 1 }), join(handle.recordDir, 'started'));
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return readRecord(handle.recordDir, 'started')?.fields.void === '1';
  }
}

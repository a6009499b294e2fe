import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errorCode, LabError } from '../core/errors.js';
import { parseStat } from '../core/proc-stat.js';
import type { ProcessIdentity } from '../core/process-identity.js';

/**
 * Who has this pid now; null when nobody has, or only a zombie, which is dead and merely not yet reaped. About 20 µs on
 * Linux. A process of another pid namespace (container), or one that `hidepid` hides, is nobody.
 */
export function processIdentity(pid: number): ProcessIdentity | null {
  const start = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return start === null ? null : { pid, start, boot: bootId() };
}

/** Whether that very process still lives: not another one with its pid, and not from before a reboot. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = processIdentity(identity.pid);
  return now !== null && now.start === identity.start && now.boot === identity.boot;
}

/** Whether any process has this pid now, zombies aside. Not an identity: pids are used again. */
export function isProcess(pid: number): boolean {
  return processIdentity(pid) !== null;
}

/** The identity of this process. Throws LabError where the system does not tell it. */
export function selfIdentity(): ProcessIdentity {
  const identity = processIdentity(process.pid);
  if (identity !== null) return identity;
  throw new LabError(
    'this system does not tell when a process started',
    'a readable /proc (or the program ps) is needed to tell processes apart',
  );
}

/** First 8 hex digits of the id that a boot draws; `unknown` where the system has none. */
export function bootId(): string {
  try {
    const text =
      process.platform === 'linux'
        ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')
        : output('sysctl', ['-n', 'kern.bootsessionuuid']);
    return text?.trim().slice(0, 8).toLowerCase() || 'unknown';
  } catch (error) {
    if (isAbsence(error)) return 'unknown';
    throw error;
  }
}

function startOnLinux(pid: number): string | null {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return stat === null || isDead(stat.state) ? null : stat.start;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** For systems without /proc: state and start in one line, for instance `Ss   Mon Nov 16 09:12:01 2026`. */
function startByPs(pid: number): string | null {
  const line = output('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])?.trim() ?? '';
  const gap = line.search(/\s/);
  if (gap < 0 || isDead(line)) return null;
  return line.slice(gap).trim();
}

function isDead(state: string): boolean {
  return /^[ZXx]/.test(state);
}

/** Standard output; null when the program failed, as `ps` does for a pid that nobody has. */
function output(program: string, args: readonly string[]): string | null {
  try {
    return execFileSync(program, [...args], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    if (error instanceof Error && 'status' in error) return null;
    throw error;
  }
}

/** ESRCH: the process ended between open and read. */
function isAbsence(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES';
}

import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { errorCode } from '../../core/errors.js';

export interface ChildTask {
  program: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** Given on standard input: arguments of a process can be read by every user of the machine. */
  input: string;
  timeoutMs: number;
  signal: AbortSignal;
  /** Each whole line of its output as it comes. */
  onLine?: (line: string) => void;
  /** Asked every second: a reason to end it now, or null. */
  enough?: () => string | null;
}

export interface Ended {
  code: number | null;
  stdout: string;
  /** The last part of it. */
  stderr: string;
  /** Why we ended it, where we did. */
  ended: 'timeout' | 'size' | 'enough' | null;
  /** What `enough` said. */
  reason: string | null;
}

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_ERRORS = 64 * 1024;
const GRACE_MS = 3000;

/**
 * Runs a program in a process group of its own until it ends. Whatever ends it early ends its group: SIGTERM, after three
 * seconds SIGKILL. Rejects with the signal's reason when the caller gave up, and with the system's error when it cannot start.
 */
export function runChild(task: ChildTask): Promise<Ended> {
  const { signal } = task;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(task.program, [...task.args], {
      cwd: task.cwd,
      env: task.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const out: Buffer[] = [];
    const letters = new StringDecoder('utf8');
    let [length, stderr, open] = [0, '', ''];
    let [ended, reason]: [Ended['ended'], string | null] = [null, null];
    let kill: NodeJS.Timeout | undefined;
    const stop = (why: Ended['ended']): void => {
      if (kill !== undefined) return;
      ended = why;
      signalGroup(child.pid, 'SIGTERM');
      kill = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
    };
    const abort = (): void => stop(null);
    const limit = setTimeout(() => stop('timeout'), Math.min(task.timeoutMs, 2 ** 31 - 1));
    const look = setInterval(() => {
      reason ??= task.enough?.() ?? null;
      if (reason !== null) stop('enough');
    }, 1000);
    signal.addEventListener('abort', abort, { once: true });
    const forget = (): void => {
      clearTimeout(limit);
      clearTimeout(kill);
      clearInterval(look);
      signal.removeEventListener('abort', abort);
    };
    child.stdout.on('data', (part: Buffer) => {
      length += part.length;
      if (length > MAX_BYTES) return stop('size');
      out.push(part);
      if (task.onLine === undefined) return;
      const lines = (open + letters.write(part)).split('\n');
      open = lines.pop() ?? '';
      for (const line of lines) task.onLine(line);
    });
    child.stderr.on('data', (part: Buffer) => {
      stderr = (stderr + part.toString('utf8')).slice(-MAX_ERRORS);
    });
    // It may end before it has read all of its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(task.input);
    child.on('error', (error) => {
      forget();
      reject(error);
    });
    child.on('exit', () => {
      // A process that it left behind may hold its output open.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 1000).unref();
    });
    child.on('close', (code) => {
      forget();
      if (signal.aborted) reject(signal.reason);
      else resolve({ code, stdout: Buffer.concat(out).toString('utf8'), stderr, ended, reason });
    });
  });
}

/** Ends our own child and what it has started in its group. */
function signalGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined || pid < 2) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../../core/errors.js';
import { appendLog } from '../../store/log-file.js';
import type { Job } from './job.js';

/** The first pause after a crash; it doubles to half an hour, and begins anew after an hour of work. */
const FIRST_MS = 30_000;
const LONGEST_MS = 30 * 60_000;
const GOOD_MS = 60 * 60_000;

/**
 * Runs the loop, keeps its output in a log that does not grow beyond bounds, and starts it again when it crashed. It is
 * not started again after a clean end, wrong usage, or a stop. Returns its exit code.
 */
export async function keepRunning(job: Job, signal: AbortSignal, clock: () => number): Promise<number> {
  mkdirSync(dirname(job.log), { recursive: true });
  for (let failures = 0; ; ) {
    const began = clock();
    const code = await once(job, signal);
    if (signal.aborted || code === 0 || code === 2) return code ?? 0;
    failures = clock() - began > GOOD_MS ? 1 : failures + 1;
    const pause = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
    note(job, `ended with ${code ?? 'a signal'}; started again in ${Math.round(pause / 1000)} s`);
    try {
      await delay(pause, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return 0;
      throw error;
    }
  }
}

function once(job: Job, signal: AbortSignal): Promise<number | null> {
  const [program = '', ...args] = job.argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: job.root, stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    const keep = (part: Buffer): void => write(job, part.toString('utf8'));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => note(job, errorText(error)));
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code);
    });
    if (signal.aborted) stop();
  });
}

const note = (job: Job, text: string): void => write(job, `${new Date().toISOString()} service: ${text}\n`);

/** A full disk stops no loop: what cannot be logged is not. */
function write({ log }: Job, text: string): void {
  try {
    appendLog(log, text);
  } catch (error) {
    process.emitWarning(`${log}: ${errorText(error)}`);
  }
}

import { statSync } from 'node:fs';
import { execa } from 'execa';
import { errorCode } from '../../core/errors.js';
import type { ExecOptions, ExecResult } from '../../core/ports.js';
import { type ExecAnswer, neverStarted, openAnswer } from './exec-answer.js';
import { watchEnd } from './local-end.js';

/** Timers beyond this fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Runs a program in a process group of its own, without a terminal and without input, on top of the environment `base`.
 * Resolves for every end; an abort of `signal` resolves too, with the signal that ended the command.
 */
export async function execLocal(
  argv: readonly string[],
  { cwd, env, onlyEnv = false, timeoutMs, maxBytes, signal }: ExecOptions,
  base: Env | undefined,
): Promise<ExecResult> {
  const answer = openAnswer(argv, maxBytes);
  if (signal?.aborted === true) return neverStarted(answer);
  const [program = '', ...args] = argv;
  const child = execa(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    buffer: false,
    reject: false,
    ...(cwd === undefined ? {} : { cwd }),
    env: onlyEnv ? (env ?? {}) : { ...base, ...env },
    extendEnv: base === undefined && !onlyEnv,
  });
  let reads = 0;
  const keep = (tail: ExecAnswer['out']) => (chunk: Uint8Array) => {
    tail.push(chunk);
    reads += 1;
  };
  child.stdout.on('data', keep(answer.out));
  child.stderr.on('data', keep(answer.err));
  const life = watchEnd(child, () => reads);
  const limit =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => {
            answer.late(!life.exited());
            life.end();
          },
          Math.min(timeoutMs, LONGEST_TIMER_MS),
        );
  signal?.addEventListener('abort', life.end, { once: true });
  try {
    const ended = await child;
    if (ended.exitCode === undefined && ended.signal === undefined) {
      const { code, text } = whyNotStarted(program, cwd, ended.cause);
      return answer.give(code, null, `${text}\n`);
    }
    return answer.give(ended.exitCode ?? null, ended.signal ?? null);
  } finally {
    clearTimeout(limit);
    life.forget();
    signal?.removeEventListener('abort', life.end);
  }
}

/** Exit codes and texts as a shell gives them. */
function whyNotStarted(
  program: string,
  cwd: string | undefined,
  cause: unknown,
): { code: number; text: string } {
  if (cwd !== undefined && statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return { code: 126, text: `${program}: cannot start in ${cwd}: no such folder` };
  }
  const code = errorCode(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return { code: 127, text: `${program}: not found` };
  if (code === 'EACCES' || code === 'EPERM') return { code: 126, text: `${program}: permission denied` };
  return { code: 126, text: `${program}: cannot be started: ${code ?? String(cause)}` };
}

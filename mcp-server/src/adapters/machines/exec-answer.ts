import { LabError } from '../../core/errors.js';
import type { ExecResult } from '../../core/ports.js';
import { tailBytes } from './tail-bytes.js';

const DEFAULT_MAX_BYTES = 1024 * 1024;

/** The answer of a command while it is made: the last bytes of both streams, and in the end how it ended. */
export interface ExecAnswer {
  out: ReturnType<typeof tailBytes>;
  err: ReturnType<typeof tailBytes>;
  /** From now on its end counts as that of the time limit. */
  late(isLate: boolean): void;
  /** `problem` is appended to standard error. */
  give(code: number | null, signal: string | null, problem?: string): ExecResult;
}

/** Of a command that was aborted before it began. */
export const neverStarted = (answer: ExecAnswer): ExecResult =>
  answer.give(null, 'SIGKILL', 'not started: aborted\n');

/** Throws LabError for what is no command. */
export function openAnswer(argv: readonly string[], maxBytes: number = DEFAULT_MAX_BYTES): ExecAnswer {
  const [program] = argv;
  if (program === undefined)
    throw new LabError('there is no command to run', 'give a program and its arguments');
  if (argv.some((word) => word.includes('\0')))
    throw new LabError('a command cannot hold a NUL character', 'no system can pass one to a program');
  const [out, err] = [tailBytes(maxBytes), tailBytes(maxBytes)];
  let timedOut = false;
  return {
    out,
    err,
    late(isLate) {
      timedOut = isLate;
    },
    give: (code, signal, problem = '') => ({
      code,
      signal,
      stdout: out.text(),
      stderr: err.text() + problem,
      timedOut,
      truncated: out.truncated() || err.truncated(),
    }),
  };
}

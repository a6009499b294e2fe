import { execa } from 'execa';
import { SendError } from '../../core/notify/notice.js';
import { oneLine } from '../../core/text.js';

/** Runs a program of the user's to its end, without a shell. Throws SendError for anything but exit code 0. */
export async function runProgram(
  argv: readonly string[],
  options: { env: Record<string, string | undefined>; input: string; seconds: number },
  signal: AbortSignal,
): Promise<void> {
  const [program = '', ...args] = argv;
  const result = await execa(program, args, {
    env: options.env,
    extendEnv: false,
    input: options.input,
    timeout: options.seconds * 1000,
    forceKillAfterDelay: 2000,
    cancelSignal: signal,
    maxBuffer: 64 * 1024,
    reject: false,
    stripFinalNewline: true,
  });
  signal.throwIfAborted();
  if (!result.failed) return;
  if (result.timedOut)
    throw new SendError(`${program} did not end within ${options.seconds} s`, { final: false });
  if (result.code === 'ENOENT' || result.code === 'EACCES')
    throw new SendError(`${program} is not there, or no program`, { final: true });
  // More output than anybody reads: the program itself went well or not, which is what counts.
  const said = oneLine(result.stderr).slice(0, 200);
  throw new SendError(
    `${program} ended with ${result.exitCode === undefined ? (result.signal ?? result.code ?? 'an error') : `exit code ${result.exitCode}`}${said === '' ? '' : `: ${said}`}`,
    { final: false },
  );
}

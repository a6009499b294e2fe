import type { Console } from './command.js';

/** The terminal of this process, with what of the program only its composition root knows. */
export function openConsole(
  signal: AbortSignal,
  known: Pick<Console, 'desk' | 'door' | 'packageRoot' | 'program' | 'version'>,
): Omit<Console, 'lab'> {
  const terminal = process.stdout.isTTY === true;
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal,
    errTerminal: process.stderr.isTTY === true,
    colour:
      (NO_COLOR === undefined || NO_COLOR === '') &&
      (terminal ? TERM !== 'dumb' : FORCE_COLOR !== undefined && FORCE_COLOR !== '0'),
    width: process.stdout.columns ?? process.stderr.columns ?? 100,
    height: process.stdout.rows ?? 24,
    cwd: process.cwd(),
    env: process.env,
    signal,
    node: process.execPath,
    ...known,
  };
}

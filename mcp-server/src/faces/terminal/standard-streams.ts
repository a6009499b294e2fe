import type { Console } from '../command.js';

/** Where data and words go, and what their terminal can show. NO_COLOR and FORCE_COLOR are heeded. */
export function standardStreams({
  stdout,
  stderr,
  env,
}: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>): Pick<
  Console,
  'out' | 'err' | 'terminal' | 'errTerminal' | 'colour' | 'width' | 'height'
> {
  const terminal = stdout.isTTY === true;
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    terminal,
    errTerminal: stderr.isTTY === true,
    colour:
      (NO_COLOR === undefined || NO_COLOR === '') &&
      (terminal ? TERM !== 'dumb' : FORCE_COLOR !== undefined && FORCE_COLOR !== '0'),
    width: stdout.columns ?? stderr.columns ?? 100,
    height: stdout.rows ?? 24,
  };
}

import { tailWithin } from '../../core/bounded.js';
import type { ExecResult } from '../../core/ports.js';
import { createRedactor } from '../../core/redact.js';
import { plain } from '../../core/text.js';

export interface ShellResult {
  exit_code: number | null;
  signal: string | null;
  timed_out: boolean;
  stdout: string;
  stderr: string;
  truncated: boolean;
  /** `bubblewrap`: protected files were read-only · `none`: they were only looked at afterwards. */
  sandbox: 'bubblewrap' | 'none';
  warnings: string[];
}

/** Characters of JSON of each stream that are returned, the last ones. */
const KEEP = 3500;

/** What a command gave, bounded, without secrets (`secrets` are known values) and without control characters. */
export function shellResult(
  result: ExecResult,
  walled: boolean,
  warnings: string[],
  secrets: readonly string[],
): ShellResult {
  const clean = createRedactor(secrets);
  const [stdout, stderr] = [clean(plain(result.stdout)), clean(plain(result.stderr))];
  const shown = { stdout: tailWithin(stdout, KEEP), stderr: tailWithin(stderr, KEEP) };
  return {
    exit_code: result.code,
    signal: result.signal,
    timed_out: result.timedOut,
    ...shown,
    truncated: result.truncated || shown.stdout !== stdout || shown.stderr !== stderr,
    sandbox: walled ? 'bubblewrap' : 'none',
    warnings,
  };
}

export const lockedWarning = (touched: string): string =>
  `during this command ${touched}: it measures the runs (locked), and they are invalid until it is put back`;

/** bubblewrap with all as it is, but for `shut`, which is read-only, and `open` within it, which is not. */
export function wallArgs(
  program: string,
  { shut, open, folder }: { shut: readonly string[]; open: readonly string[]; folder: string },
): string[] {
  return [
    program,
    ...['--dev-bind', '/', '/'],
    ...shut.flatMap((place) => ['--ro-bind', place, place]),
    ...open.flatMap((place) => ['--bind', place, place]),
    ...['--unshare-pid', '--proc', '/proc', '--die-with-parent', '--new-session', '--chdir', folder, '--'],
  ];
}

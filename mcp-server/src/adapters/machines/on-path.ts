import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecResult } from '../../core/ports.js';

/** False when a bare program name is in no folder of PATH. */
export function isOnPath(program: string, env: Readonly<Record<string, string | undefined>>): boolean {
  return (
    program.includes('/') ||
    (env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
  );
}

/** What a shell says of such a program. */
export const NOT_FOUND: ExecResult = {
  code: 127,
  signal: null,
  stdout: '',
  stderr: 'there is no such program',
  timedOut: false,
  truncated: false,
};

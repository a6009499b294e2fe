import { execFileSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { defineConfig } from 'vitest/config';

// Every run of a test starts Python at least once. The script that a version manager puts before it costs half a second
// of processor time each time.
process.env.PATH = [...interpreterFolder(), process.env.PATH].join(delimiter);

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    // Most of them wait for real processes.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', './tests/support/closing-line.ts'],
  },
});

/** Where the interpreter behind `python3` lies, if it is not what is found first already. */
function interpreterFolder(): string[] {
  const ask = [
    '-c',
    'import os, shutil, sys; print(os.path.dirname(sys.executable), shutil.which("python3"), sep="\\n")',
  ];
  const [folder = '', found = ''] = execFileSync('python3', ask, { encoding: 'utf8' }).split('\n');
  return found.startsWith(`${folder}/`) ? [] : [folder];
}

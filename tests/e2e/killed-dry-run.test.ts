import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kill, MAIN, makeProject, type TestProject, until } from '../support/project.js';

let project: TestProject;

// It prints nothing, so that no closed pipe ends it, and has a child of its own.
const SHORT = 'echo $$ > pid; sleep 600; true\n';

beforeEach(() => {
  project = makeProject({
    'config.yaml':
      'gpu: {auto_detect: false}\nexperiment: {command: sh train.sh, dry_run_command: sh short.sh}\nsweep: {parameters: {x: {uniform: [0, 1]}}}\n',
    'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nBetter.\n',
    'train.sh': 'echo "val_acc 0.5"\n',
    'short.sh': SHORT,
  });
});
afterEach(() => project.end());

const isAlive = (pid: number): boolean => {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/\) [ZX] /.test(readFileSync(path, 'latin1'));
};

describe('a dry run', () => {
  it('ends with the loop that started it, however that ends', async () => {
    const loop = spawn(process.execPath, [MAIN, 'run'], { cwd: project.root, stdio: 'ignore' });
    const pidFile = join(project.root, 'pid');
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    kill(loop.pid ?? 0);
    await until(() => !isAlive(pid));
  });
});

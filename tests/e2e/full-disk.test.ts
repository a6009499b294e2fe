import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insertJson, type Json, kill, MAIN, type Ran, runProcess, until } from '../support/project.js';

// A file system of a few MB that fills up while a run is under way.

let root: string;
let outside: string;

const cli = (...args: string[]): Promise<Ran> =>
  runProcess([process.execPath, MAIN, ...args], {
    cwd: root,
    env: { ...process.env, AUTO_EXPERIMENT_STATE_DIR: outside, NO_COLOR: '1' },
  });
const json = async (...args: string[]): Promise<Json> => {
  const { stdout, stderr, code } = await cli(...insertJson(args));
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

/** Mounting needs root and its rights; where they are missing these tests say that they were skipped. */
function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', root], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const canMount = ((): boolean => {
  root = mkdtempSync(join(tmpdir(), 'auto-experiment-full-'));
  const can = mount();
  if (can) execFileSync('umount', ['-l', root]);
  rmSync(root, { recursive: true, force: true });
  return can;
})();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'auto-experiment-full-'));
  outside = mkdtempSync(join(tmpdir(), 'auto-experiment-out-'));
});

afterEach(async () => {
  const card = join(root, 'workspace/supervisor.json');
  if (existsSync(card)) {
    const { pid } = JSON.parse(readFileSync(card, 'utf8'));
    if (existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(root)) kill(pid);
    await until(
      () => !existsSync(`/proc/${pid}`) || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(root),
    );
  }
  execFileSync('umount', ['-l', root]);
  rmSync(root, { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
});

function fill(): void {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const path = join(root, 'ballast');
  for (const size of [chunk.length, 4096, 512, 1]) {
    try {
      for (;;) appendFileSync(path, chunk.subarray(0, size));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  }
  expect(statfsSync(root).bavail).toBe(0);
}

describe.runIf(canMount)('a disk that is full when a run ends', () => {
  beforeEach(() => {
    expect(mount()).toBe(true);
    writeFileSync(join(root, 'config.yaml'), 'experiment: {metric: val_acc, direction: maximize}\n');
  });

  it('the ending is known, nothing old is damaged, and all is written once there is space', async () => {
    const first = await json('launch', '--', 'sh', '-c', 'echo epoch 1/1 val_acc=0.5');
    await json('wait', first.id);
    const before = readFileSync(join(root, 'workspace/ledger.jsonl'), 'utf8');
    const run = await json(
      'launch',
      '--',
      'sh',
      '-c',
      `echo epoch 1/2 val_acc=0.6; while [ ! -e ${outside}/go ]; do sleep 0.05; done; exit 3`,
    );
    await until(() => readFileSync(run.log, 'utf8').includes('0.6'));
    const launched = readFileSync(join(root, 'workspace/ledger.jsonl'), 'utf8');

    fill();
    writeFileSync(join(outside, 'go'), '');
    const ended = await json('wait', run.id);
    expect(ended).toMatchObject({ state: 'ended', ending: 'failed', exit_code: 3 });
    expect(ended.note).toContain('free some space');
    expect((await json('status')).runs.map((one: Json) => one.ending)).toEqual(['succeeded', 'failed']);
    expect(readFileSync(join(root, 'workspace/ledger.jsonl'), 'utf8').startsWith(before)).toBe(true);
    expect(JSON.parse(readFileSync(join(root, 'workspace/runs', first.id, 'run.json'), 'utf8')).ending).toBe(
      'succeeded',
    );
    expect(JSON.parse(readFileSync(join(root, 'workspace/runs', run.id, 'run.json'), 'utf8')).id).toBe(
      run.id,
    );

    const refused = await cli('launch', '--', 'sh', '-c', 'exit 0');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/error: .*\nhint: the disk is full: free some space/s);

    rmSync(join(root, 'ballast'));
    await until(
      () =>
        readFileSync(join(root, 'workspace/ledger.jsonl'), 'utf8').includes('"verdict"') &&
        settledCount() === 2,
    );
    const [, second] = (await json('status')).runs;
    expect(second).toMatchObject({ ending: 'failed', exit_code: 3, verdict: 'crash', note: null });
    expect(readFileSync(join(root, 'workspace/ledger.jsonl'), 'utf8').startsWith(launched)).toBe(true);
    const stored = JSON.parse(readFileSync(join(root, 'workspace/runs', run.id, 'run.json'), 'utf8'));
    expect(stored).toMatchObject({ state: 'ended', ending: 'failed' });
  });
});

function settledCount(): number {
  return readFileSync(join(root, 'workspace/ledger.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"kind":"verdict"')).length;
}

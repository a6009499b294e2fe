import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processJobs } from '../../mcp-server/src/adapters/jobs/process.js';
import { MARKER } from '../../mcp-server/src/core/marker.js';

let folder: string;
let group: number | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'auto-experiment-survivors-'));
});
afterEach(() => {
  if (group !== undefined) process.kill(-group, 'SIGKILL');
  group = undefined;
  rmSync(folder, { recursive: true, force: true });
});

it('a child of the wrapper is the training before the end is on record, and part of the wrapper afterwards', async () => {
  const marker = `exp001@survivors-${process.pid}-${Date.now()}`;
  // A wrapper with a child of its own and one that was left behind by somebody in between, all in one group.
  const script = `sleep 600 & echo $! > own.new; mv own.new own; sh -c 'sleep 600 & echo $! > left.new; mv left.new left'; wait`;
  const wrapper = spawn('/bin/sh', ['-c', script], {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [MARKER]: marker },
  });
  group = wrapper.pid;
  await expect
    .poll(() => existsSync(join(folder, 'left')) && existsSync(join(folder, 'own')), { timeout: 20_000 })
    .toBe(true);
  const [own, left] = ['own', 'left'].map((name) => Number(readFileSync(join(folder, name), 'utf8')));
  const handle = { recordDir: folder, marker };
  const pids = async () => (await processJobs().survivors(handle)).map(({ pid }) => pid).sort();
  // The pids are told before their programs have begun.
  symlinkSync(`pid=${wrapper.pid};start=0;boot=0;t=0`, join(folder, 'started'));
  await expect.poll(pids, { timeout: 20_000 }).toEqual([own, left].sort());
  symlinkSync('rc=0;oom=0;t=0', join(folder, 'exited'));
  await expect.poll(pids, { timeout: 20_000 }).toEqual([left]);
});

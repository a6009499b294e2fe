import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gpu } from '../../mcp-server/src/core/gpu.js';
import {
  type Granted,
  grantGpus,
  type LeaseLab,
  type Refused,
} from '../../mcp-server/src/engine/runs/grant.js';
import { releaseLeases } from '../../mcp-server/src/store/leases.js';
import { openProject } from '../../mcp-server/src/store/project.js';

// Real leases and a real line on a temporary folder; the driver and the processes are played.

let root: string;
let now: number;
let busy: number[];
let count: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'auto-experiment-line-'));
  now = Date.parse('2026-11-25T12:00:00Z');
  busy = [];
  count = 2;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const uuid = (index: number): string => `GPU-${index}`;
function gpuAt(index: number): Gpu {
  const other = busy.includes(index);
  return {
    index,
    uuid: uuid(index),
    vendor: 'nvidia',
    name: 'NVIDIA H100 80GB HBM3',
    memory_used_mb: other ? 40_000 : 4,
    memory_total_mb: 81_559,
    utilization_pct: 0,
    temperature_c: 30,
    power_w: 70,
    processes: other ? [{ pid: 7, name: 'python3', user: 'bob', memory_mb: 40_000 }] : [],
    state: other ? 'busy' : 'free',
  };
}
const nobody: LeaseLab['jobs'] = {
  start: () => Promise.reject(new Error('nothing is started here')),
  poll: async () => [],
  survivors: async () => [],
  signal: async () => undefined,
  forbid: async () => true,
};
const lab = (): LeaseLab => ({
  leases: join(root, 'state', 'leases'),
  clock: () => now,
  jobs: nobody,
  surveyGpus: async () => ({
    machine: 'box',
    gpus: Array.from({ length: count }, (_, at) => gpuAt(at)),
    error: null,
  }),
});

/** Asks for GPUs for a run of a project, a minute later than whoever asked before. */
async function ask(name: string, run: string, want: number, config = ''): Promise<Granted | Refused> {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'config.yaml'), config);
  const project = openProject(dir);
  now += 1000;
  const recordDir = join(project.paths.runs, run, 'record');
  return grantGpus(lab(), project, want, {
    id: run,
    recordDir,
    visible: undefined,
    line: project.paths.root,
  });
}
const given = (answer: Granted | Refused): number[] | string =>
  'why' in answer ? answer.why : answer.gpus.map((gpu) => gpu.index);
const end = (name: string, run: string): Promise<string[]> =>
  releaseLeases({ folder: lab().leases, project: openProject(join(root, name)).paths.root, run });

describe('the line for GPUs', () => {
  it('gives the next free GPU to the project that has waited longest', async () => {
    expect(given(await ask('a', 'exp001', 1))).toEqual([0]);
    expect(given(await ask('a', 'exp002', 1))).toEqual([1]);
    expect(given(await ask('b', 'exp001', 1))).toContain('is leased to a run');
    await end('a', 'exp001');
    expect(given(await ask('a', 'exp003', 1))).toContain(
      'GPU 0 is kept for exp001 of b, which has waited longer',
    );
    expect(given(await ask('b', 'exp001', 1))).toEqual([0]);
    await end('a', 'exp002');
    expect(given(await ask('b', 'exp002', 1))).toContain('is kept for exp003 of a');
    expect(given(await ask('a', 'exp003', 1))).toEqual([1]);
  });

  it('does not let a run that wants two GPUs wait for ever behind runs that want one', async () => {
    await ask('a', 'exp001', 1);
    await ask('a', 'exp002', 1);
    expect(given(await ask('b', 'exp001', 2))).toContain('2 GPUs wanted, 0 free');
    await end('a', 'exp001');
    expect(given(await ask('a', 'exp003', 1))).toContain('kept for exp001 of b');
    expect(given(await ask('b', 'exp001', 2))).toContain('2 GPUs wanted, 1 free');
    await end('a', 'exp002');
    expect(given(await ask('b', 'exp001', 2))).toEqual([0, 1]);
  });

  it('holds nothing back for a run that waits for somebody else', async () => {
    busy = [1];
    const two = await ask('b', 'exp001', 2);
    expect(two).toMatchObject({ hopeless: true });
    expect(given(two)).toContain('GPU 1 is used by bob’s python3');
    expect(given(await ask('a', 'exp001', 1))).toEqual([0]);
  });

  it('forgets who does not ask any more', async () => {
    await ask('a', 'exp001', 1);
    await ask('a', 'exp002', 1);
    await ask('b', 'exp001', 1);
    await end('a', 'exp001');
    now += 120_000;
    expect(given(await ask('a', 'exp003', 1))).toEqual([0]);
  });

  it('keeps to the cap over all projects, and to the turn within it', async () => {
    count = 4;
    const config = 'gpu: {max: 2}\n';
    expect(given(await ask('a', 'exp001', 1, config))).toEqual([0]);
    expect(given(await ask('a', 'exp002', 1, config))).toEqual([1]);
    expect(given(await ask('b', 'exp001', 1, config))).toBe(
      '1 GPU wanted, at most 2 at once (gpu.max): runs of yours hold 2',
    );
    await end('a', 'exp001');
    expect(given(await ask('a', 'exp003', 1, config))).toBe(
      '1 GPU wanted, at most 2 at once (gpu.max): runs of yours hold 1, and 1 goes to exp001 of b, which has waited longer',
    );
    expect(given(await ask('b', 'exp001', 1, config))).toEqual([0]);
    expect(given(await ask('b', 'exp002', 3, config))).toContain('this can never be started');
  });

  it('starts nothing new in quiet hours, and holds no place in the line meanwhile', async () => {
    const config = 'gpu: {quiet_hours: "11:00-14:00 UTC"}\n';
    const answer = await ask('b', 'exp001', 1, config);
    expect(given(answer)).toBe(
      'quiet hours (gpu.quiet_hours: 11:00-14:00 UTC): nothing new is started on a GPU until 14:00',
    );
    expect(answer).toMatchObject({ hopeless: true, until: Date.parse('2026-11-25T14:00:00Z') });
    expect(given(await ask('a', 'exp001', 2))).toEqual([0, 1]);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, makeProject, type TestProject, until } from '../support/project.js';

// Two GPUs by a stand-in for nvidia-smi, and a bystander who computes on one: what is kept, and what the verdict says.

let bin: string;
let project: TestProject;
let bystander: ChildProcess;
const uuid = (index: number): string => `GPU-0000000${index}-aaaa-bbbb-cccc-dddddddddddd`;
const gpuLine = (index: number, name: string): string =>
  `${index}, ${uuid(index)}, ${name}, 550.54.15, P0, 31, 0, 81559, 4, 68.2, 700.00, Disabled`;
const file = (name: string, text: string): void => writeFileSync(join(bin, name), text);

/** With `shared`, it shows itself and the bystander to the driver, and ends when it is told to. */
const TRAIN = `if [ "$2" = shared ]; then
  printf '%s\\n' "${uuid(0)}, $$, python3, 40000" "${uuid(0)}, $3, python3, 20000" > "$BIN/apps"
  while [ ! -e go ]; do sleep 0.05; done
fi
echo "step 40 val_acc=$1"
`;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'auto-experiment-bin-'));
  bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
  const script = `#!/bin/sh
case "$*" in
  *--query-compute-apps*) cat ${bin}/apps ;;
  *--query-gpu*) printf '%s\\n' '${gpuLine(0, 'NVIDIA H100 80GB HBM3')}' '${gpuLine(1, 'NVIDIA A100-SXM4-80GB')}' ;;
esac
`;
  file('nvidia-smi', script);
  chmodSync(join(bin, 'nvidia-smi'), 0o755);
  file('apps', '');
});
afterEach(async () => {
  bystander.kill('SIGKILL');
  await project.end();
  rmSync(bin, { recursive: true, force: true });
});

const config = (fixedTime: boolean, gpu = 0): string =>
  `experiment: {mandatory_dry_run: false, fixed_time: ${fixedTime}}\ngpu: {use: [${gpu}]}\n`;
const make = (fixedTime: boolean): void => {
  project = makeProject(
    {
      'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\nMore accuracy.\n',
      'config.yaml': config(fixedTime),
      'train.sh': TRAIN,
    },
    {
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      BIN: bin,
      AUTO_EXPERIMENT_STATE_DIR: join(bin, 'state'),
    },
  );
};
const train = (value: number): Promise<Json> =>
  project.json('launch', '--wait', '--', 'sh', 'train.sh', String(value));
const conditionsOf = (run: Json): Json => {
  const path = join(project.root, 'workspace/runs', run.id, 'conditions.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
};
async function trainShared(value: number): Promise<Json> {
  const pid = String(bystander.pid);
  const run = await project.json('launch', '--', 'sh', 'train.sh', String(value), 'shared', pid);
  await until(() => conditionsOf(run)?.shared > 0);
  writeFileSync(join(project.root, 'go'), '');
  const ended = await project.json('wait', run.id);
  file('apps', '');
  rmSync(join(project.root, 'go'));
  return ended;
}

describe('the conditions of a run', () => {
  it('are kept: GPU, who else was on it, pace; where time is not fixed they are told, and decide nothing', async () => {
    make(false);
    const first = await train(0.5);
    expect(first).toMatchObject({ role: 'baseline', verdict: null, flags: [] });
    const kept = conditionsOf(first);
    expect(kept).toMatchObject({ shared: 0, tenant: null, work: expect.any(String) });
    expect(kept.steps_per_s).toBeCloseTo(40 / kept.seconds, 6);

    const shared = await trainShared(0.6);
    expect(shared).toMatchObject({ verdict: 'unconfirmed' });
    expect(shared.flags).toEqual([
      expect.stringMatching(
        new RegExp(`^its GPU was shared with .*python3 \\(pid ${bystander.pid}, 19\\.5 GiB\\) on GPU 0$`),
      ),
    ]);
    expect(conditionsOf(shared).gpus).toEqual(['NVIDIA H100 80GB HBM3']);
    expect((await train(0.7)).flags.join()).not.toContain('GPU');
  });

  it('where runs train for a fixed time, a shared GPU and another model make a run invalid', async () => {
    make(true);
    const first = await trainShared(0.5);
    expect(first.verdict).toBe('invalid');
    expect(first.verdict_reason).toMatch(/^not comparable after a fixed time: its GPU was shared with /);
    const base = await train(0.5);
    expect(base).toMatchObject({ role: 'baseline', verdict: null });
    const shared = await trainShared(0.9);
    expect(shared.verdict).toBe('invalid');
    expect((await project.json('status')).best).toMatchObject({ run: base.id });

    const clean = await train(0.6);
    expect(clean.verdict).toBe('unconfirmed');
    expect(clean.flags.join()).not.toContain('GPU');
    writeFileSync(join(project.root, 'config.yaml'), config(true, 1));
    const other = await train(0.9);
    expect(other.verdict).toBe('invalid');
    expect(other.verdict_reason).toBe(
      `not comparable after a fixed time: it ran on NVIDIA A100-SXM4-80GB, ${base.id} on NVIDIA H100 80GB HBM3`,
    );
  });
});

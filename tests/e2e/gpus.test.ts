import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Json, makeProject, type TestProject, until } from '../support/project.js';

// Two GPUs by a stand-in for nvidia-smi; real runs, real leases, several projects of one user.

let bin: string;
let state: string;
let projects: TestProject[];

const uuid = (index: number): string => `GPU-0000000${index}-aaaa-bbbb-cccc-dddddddddddd`;
const gpuLine = (index: number): string =>
  `${index}, ${uuid(index)}, NVIDIA H100 80GB HBM3, 550.54.15, P0, 31, 0, 81559, 4, 68.2, 700.00, Disabled`;
/** What the next survey shows as running on the GPUs. */
const others = (lines: readonly string[]): void =>
  writeFileSync(join(bin, 'apps'), lines.map((line) => `${line}\n`).join(''));

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'auto-experiment-bin-'));
  state = join(bin, 'state');
  projects = [];
  const script = `#!/bin/sh
case "$*" in
  *--query-compute-apps*) cat ${bin}/apps ;;
  *--query-gpu*) printf '%s\\n' '${gpuLine(0)}' '${gpuLine(1)}' ;;
esac
`;
  writeFileSync(join(bin, 'nvidia-smi'), script);
  chmodSync(join(bin, 'nvidia-smi'), 0o755);
  others([]);
});

afterEach(async () => {
  for (const project of projects) await project.end();
  rmSync(bin, { recursive: true, force: true });
});

const project = (
  config = 'experiment: {max_parallel: 4, stop_grace: 1}\n',
  env: Record<string, string> = {},
): TestProject => {
  const made = makeProject(
    { 'config.yaml': config },
    { PATH: `${bin}${delimiter}${process.env.PATH}`, AUTO_EXPERIMENT_STATE_DIR: state, ...env },
  );
  projects.push(made);
  return made;
};
const leases = (): string[] => {
  try {
    return readdirSync(join(state, 'leases')).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
};
/** Prints what it was given and ends when the file `go` appears in its folder. */
const HOLD = [
  'sh',
  '-c',
  'echo "CVD=$CUDA_VISIBLE_DEVICES ORDER=$CUDA_DEVICE_ORDER"; while [ ! -e go ]; do sleep 0.05; done',
];
const launch = (on: TestProject, ...flags: string[]): Promise<Json> =>
  on.json('launch', ...flags, '--', ...HOLD);
const logOf = (run: Json): string => readFileSync(run.log, 'utf8');
const viewOf = async (on: TestProject, run: Json): Promise<Json> =>
  (await on.json('status')).runs.find((one: Json) => one.id === run.id);

describe('GPU leases', () => {
  it('give each run a GPU of its own, across projects; the next waits in words and starts when one is free', async () => {
    const [a, b] = [project(), project()];
    const first = await launch(a);
    const second = await launch(b);
    await until(() => logOf(first).includes('CVD') && logOf(second).includes('CVD'));
    expect([logOf(first), logOf(second)].sort()).toEqual([
      'CVD=0 ORDER=PCI_BUS_ID\n',
      'CVD=1 ORDER=PCI_BUS_ID\n',
    ]);
    expect(leases()).toHaveLength(2);

    const third = await launch(b);
    await eventually(async () => (await viewOf(b, third)).note !== null);
    expect(await viewOf(b, third)).toMatchObject({ state: 'queued' });
    expect((await viewOf(b, third)).note).toMatch(/waiting for a GPU: .*leased to a run/);
    const shown = await b.run('gpu');
    expect(shown.stdout).toContain(first.id);

    writeFileSync(join(a.root, 'go'), '');
    expect((await a.json('wait', first.id)).ending).toBe('succeeded');
    await until(() => logOf(third).includes('CVD'));
    expect(logOf(third)).toBe(logOf(first));
    writeFileSync(join(b.root, 'go'), '');
    for (const run of [second, third]) expect((await b.json('wait', run.id)).gpus).toHaveLength(1);
    await until(() => leases().length === 0);
  });

  it('a GPU that somebody else computes on is not free; two GPUs for one run', async () => {
    others([`${uuid(0)}, 999999, python3, 40000`]);
    const on = project();
    const run = await launch(on);
    await until(() => logOf(run).includes('CVD=1 '));
    const both = await launch(on, '--gpus', '2');
    await eventually(async () => (await viewOf(on, both)).note !== null);
    writeFileSync(join(on.root, 'go'), '');
    await on.json('wait', run.id);
    others([]);
    await until(() => logOf(both).includes('CVD=0,1 '));
    expect((await on.json('wait', both.id)).gpus).toEqual([uuid(0), uuid(1)]);
  });

  it('keep to the person’s own CUDA_VISIBLE_DEVICES, and to gpu.use', async () => {
    const own = project(undefined, { CUDA_VISIBLE_DEVICES: '1' });
    const run = await launch(own);
    await until(() => logOf(run).includes('CVD=1 '));
    const named = project('gpu: {use: [0]}\nexperiment: {stop_grace: 1}\n');
    const other = await launch(named);
    await until(() => logOf(other).includes('CVD=0 '));
    for (const on of [own, named]) writeFileSync(join(on.root, 'go'), '');
    await own.json('wait', run.id);
    await named.json('wait', other.id);
  });

  it('stay with what a run leaves behind, until that has ended', async () => {
    const on = project('experiment: {max_parallel: 2, survivor_grace: 0.1, stop_grace: 1}\n');
    mkdirSync(join(on.root, 'x'));
    const run = await on.json(
      'launch',
      '--',
      'sh',
      '-c',
      'setsid sh -c "while [ ! -e go ]; do sleep 0.05; done" & exit 0',
    );
    const ended = await on.json('wait', run.id);
    expect(ended.evidence.join()).toContain('stays leased');
    expect(leases()).toHaveLength(1);
    writeFileSync(join(on.root, 'go'), '');
    await until(() => leases().length === 0);
  });

  it('a dry run of changed code never shares a GPU with a training', async () => {
    const config = 'gpu: {use: [0]}\nexperiment: {max_parallel: 2, dry_run_command: "true", stop_grace: 1}\n';
    const on = project(config);
    const run = await launch(on);
    await until(() => logOf(run).includes('CVD'));
    writeFileSync(join(on.root, 'changed.py'), 'print(1)\n');
    const refused = await on.run('launch', '--', ...HOLD);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/no GPU is free for the dry run.*\nhint: wait for a run to end/s);
    writeFileSync(join(on.root, 'go'), '');
    await on.json('wait', run.id);
  });

  it('a slice of a divided GPU is leased by its own UUID', async () => {
    const slices = [1, 2].map((n) => `MIG-0000000${n}-aaaa-bbbb-cccc-dddddddddddd`);
    const list = slices.map((id, at) => `  MIG 1g.10gb     Device  ${at}: (UUID: ${id})`).join('\n');
    const devices = [0, 1]
      .map(
        (at) =>
          `<mig_device><index>${at}</index><gpu_instance_id>${at + 7}</gpu_instance_id><compute_instance_id>0</compute_instance_id><fb_memory_usage><total>9728 MiB</total><used>12 MiB</used></fb_memory_usage></mig_device>`,
      )
      .join('');
    writeFileSync(join(bin, 'list'), `GPU 0: NVIDIA H100 80GB HBM3 (UUID: ${uuid(0)})\n${list}\n`);
    writeFileSync(
      join(bin, 'xml'),
      `<nvidia_smi_log><gpu id="0"><uuid>${uuid(0)}</uuid><mig_devices>${devices}</mig_devices></gpu></nvidia_smi_log>`,
    );
    writeFileSync(join(bin, 'rows'), `${gpuLine(0).replace('Disabled', 'Enabled')}\n`);
    writeFileSync(
      join(bin, 'nvidia-smi'),
      `#!/bin/sh\ncase "$*" in\n  *--query-gpu=index,uuid*) cat ${bin}/rows ;;\n  -L) cat ${bin}/list ;;\n  "-q -x") cat ${bin}/xml ;;\nesac\n`,
    );
    const on = project();
    const runs = [await launch(on), await launch(on)];
    await until(() => runs.every((run) => logOf(run).includes('CVD')));
    expect(runs.map(logOf).sort()).toEqual(slices.map((id) => `CVD=${id} ORDER=PCI_BUS_ID\n`));
    writeFileSync(join(on.root, 'go'), '');
    for (const run of runs) await on.json('wait', run.id);
  });

  it('nothing new is started in quiet hours, and nothing beyond the cap; status says why', async () => {
    const quiet = project('gpu: {quiet_hours: "00:00-24:00"}\n');
    const run = await launch(quiet);
    await eventually(async () => (await viewOf(quiet, run)).note !== null);
    expect((await viewOf(quiet, run)).note).toMatch(
      /waiting for a GPU: quiet hours \(gpu\.quiet_hours: 00:00-24:00\)/,
    );
    await quiet.run('stop', run.id);

    const capped = project('gpu: {max: 1}\nexperiment: {max_parallel: 4, stop_grace: 1}\n');
    const first = await launch(capped);
    const second = await launch(capped);
    await eventually(async () => (await viewOf(capped, second)).note !== null);
    expect((await viewOf(capped, second)).note).toContain(
      'at most 1 at once (gpu.max): runs of yours hold 1',
    );
    const refused = await capped.run('launch', '--gpus', '2', '--', ...HOLD);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/at most 1 may be held at once \(gpu\.max\)\nhint: raise gpu\.max/);
    writeFileSync(join(capped.root, 'go'), '');
    for (const one of [first, second]) expect((await capped.json('wait', one.id)).ending).toBe('succeeded');
  });

  it('one screen tells who holds what, and a machine that cannot be reached hides no other', async () => {
    others([`${uuid(1)}, ${process.pid}, node, 40000`]);
    const on = project();
    const run = await launch(on);
    await until(() => logOf(run).includes('CVD=0 '));
    const waits = await launch(on);
    await eventually(async () => (await viewOf(on, waits)).note !== null);
    const { stdout, code } = await on.run('gpu', '--server', 'local', '--server', 'no.such.host.invalid');
    expect(code).toBe(1);
    expect(stdout).toMatch(/2 GPUs, 0 free, 1 busy, 1 reserved/);
    expect(stdout).toMatch(new RegExp(`${run.id} of \\S+ .*sh -c`));
    expect(stdout).toMatch(new RegExp(`pid ${process.pid} .*39\\.1 GiB  .*node`));
    expect(stdout).toMatch(new RegExp(`waiting: ${waits.id} of .* for 1 GPU`));
    expect(stdout).toContain('no.such.host.invalid: nothing is told');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const both = await on.run('gpu', '--server', 'local,no.such.host.invalid', '--json');
    expect(JSON.parse(both.stdout)).toMatchObject([
      { gpus: [{ state: 'reserved' }, { state: 'busy' }], error: null },
      { machine: 'no.such.host.invalid', gpus: [] },
    ]);
    others([]);
    writeFileSync(join(on.root, 'go'), '');
    for (const one of [run, waits]) await on.json('wait', one.id);
  });

  it('a driver that breaks overnight does not send the next run to the processor', async () => {
    const on = project();
    const first = await launch(on);
    await until(() => logOf(first).includes('CVD=0 '));
    writeFileSync(join(on.root, 'go'), '');
    await on.json('wait', first.id);
    // The night passes: its supervisor has gone, and with it what it knew of the driver.
    const diary = join(on.root, 'workspace/supervisor.log');
    await until(() => readFileSync(diary, 'utf8').includes('ends: nothing is queued'));
    const words = 'Failed to initialize NVML: Driver/library version mismatch';
    writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\necho '${words}'\nexit 18\n`);
    const second = await launch(on);
    await eventually(async () => (await viewOf(on, second)).note !== null);
    expect(await viewOf(on, second)).toMatchObject({ state: 'queued' });
    expect((await viewOf(on, second)).note).toMatch(
      /waiting for a GPU: The NVIDIA driver was updated.*Reboot/,
    );
    await on.run('stop', second.id);
  });
});

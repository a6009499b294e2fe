import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  insertJson,
  type Json,
  MAIN,
  makeProject,
  runProcess,
  type TestProject,
  until,
} from '../support/project.js';

// What people and scripts see of the commands.

const COMMANDS = [
  'init',
  'demo',
  'run',
  'status',
  'dashboard',
  'report',
  'launch',
  'wait',
  'stop',
  'logs',
  'compare',
  'restore',
  'bundle',
  'finalize',
  'export',
  'notes',
  'notify',
  'metrics',
  'gpu',
  'directive',
  'install',
  'papers',
  'trust',
  'service',
  'doctor',
  'mcp',
];
const RUN_FIELDS = [
  'id',
  'state',
  'ending',
  'exit_code',
  'signal',
  'evidence',
  'command',
  'gpus',
  'started_at',
  'ended_at',
  'duration_s',
  'metrics',
  'primary',
  'verdict',
  'log',
];
const STATUS_FIELDS = [
  'project',
  'goal',
  'cycle',
  'status',
  'baseline',
  'best',
  'runs',
  'running',
  'decisions',
  'directive',
  'budgets',
  'gpus',
];

/** nvidia-smi of a machine with two GPUs, the second busy. */
const NVIDIA_SMI = `#!/bin/sh
case "$*" in
*query-gpu*)
  echo "0, GPU-aaaaaaaa-1111-2222-3333-444444444444, NVIDIA A100, 550.54.14, P0, 29, 0, 40960, 4, 52.10, 400.00, Disabled"
  echo "1, GPU-bbbbbbbb-1111-2222-3333-444444444444, NVIDIA A100, 550.54.14, P0, 71, 97, 40960, 30000, 351.00, 400.00, Disabled" ;;
*query-compute-apps*) echo "GPU-bbbbbbbb-1111-2222-3333-444444444444, 8123, python, 29000" ;;
esac
`;

let project: TestProject;
beforeEach(() => {
  project = makeProject({
    'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\nImprove it.\n',
    'config.yaml': 'experiment: {stop_grace: 1}\ngpu: {auto_detect: false}\n',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell reads it
    'train.sh': 'echo epoch 1/1 val_acc=${1:-0.5} grad_norm=nan\n',
  });
});
afterEach(() => project.end());

const at = (...parts: string[]): string => join(project.root, ...parts);
const finish = async (...args: string[]): Promise<Json> =>
  project.json('wait', (await project.json('launch', '--', 'sh', 'train.sh', ...args)).id);

describe('help and version', () => {
  it('the program and every command say what they do, with exit code 0', async () => {
    const { stdout, code } = await project.run('--help');
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^ {2}(\w+) +\S/gm)].map((match) => match[1])).toEqual(COMMANDS);
    for (const name of COMMANDS) {
      const help = await project.run(name, '--help');
      expect(help, name).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout, name).toMatch(new RegExp(`^auto-experiment ${name}\\b[^]+\\n  --help +\\S`));
    }
    expect(await project.run()).toMatchObject({ code: 2, stdout });
    expect(await project.run('--version')).toEqual({
      code: 0,
      stderr: '',
      stdout: `${JSON.parse(readFileSync('package.json', 'utf8')).version}\n`,
    });
    expect(existsSync(at('workspace'))).toBe(false);
  });
});

describe('runs by hand', () => {
  it('launch, wait and status answer with one JSON document of known form', async () => {
    const launched = await project.json('launch', '--title', 'first', '--', 'sh', 'train.sh');
    expect(launched).toMatchObject({
      id: 'exp001',
      state: 'queued',
      title: 'first',
      ending: null,
      command: ['sh', 'train.sh'],
    });
    const ended = await project.json('wait', 'exp001');
    expect(ended).toMatchObject({
      state: 'ended',
      ending: 'succeeded',
      exit_code: 0,
      signal: null,
      gpus: [],
      log: at('workspace/runs/exp001/log'),
    });
    expect(ended.primary).toEqual({ name: 'val_acc', direction: 'maximize', value: 0.5 });
    expect(ended.metrics).toMatchObject({ val_acc: { last: 0.5, best: 0.5 }, grad_norm: { last: 'NaN' } });
    expect(Date.parse(ended.ended_at)).toBeGreaterThanOrEqual(Date.parse(ended.started_at));
    const status = await project.json('status');
    for (const run of [launched, ended, ...status.runs])
      expect(Object.keys(run)).toEqual(expect.arrayContaining(RUN_FIELDS));
    expect(Object.keys(status)).toEqual(expect.arrayContaining(STATUS_FIELDS));
    expect(status).toMatchObject({
      goal: 'Improve it.',
      running: [],
      baseline: { run: 'exp001', value: 0.5 },
      directive: null,
    });
  });

  it('wait has exit code 0 whatever the ending, and 1 when the wait itself failed', async () => {
    writeFileSync(at('train.sh'), 'while [ ! -e go ]; do sleep 0.05; done; exit 3\n');
    await project.json('launch', '--', 'sh', 'train.sh');
    expect(await project.run('wait', '--timeout', '0s', '--json')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('hint: it goes on'),
    });
    writeFileSync(at('go'), '');
    expect(await project.json('wait')).toMatchObject({ ending: 'failed', exit_code: 3 });
  });

  it('logs shows the end, and with --follow all of it until the run ends', async () => {
    writeFileSync(
      at('train.sh'),
      'i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done; while [ ! -e go ]; do sleep 0.05; done; printf "\\033[31mlast\\033[0m\\n"\n',
    );
    const { id, log } = await project.json('launch', '--', 'sh', 'train.sh');
    await until(() => readFileSync(log, 'utf8').includes('line 99'));
    expect((await project.run('logs', id, '--lines', '2')).stdout).toBe('line 98\nline 99\n');
    expect(await project.json('logs', id, '--lines', '1')).toEqual({
      run: id,
      log,
      lines: ['line 99'],
      size: readFileSync(log).length,
    });
    const followed = project.run('logs', '--follow', '--lines', '1');
    writeFileSync(at('go'), '');
    expect(await followed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^line 99\nlast\n$|^last\n$/),
      stderr: '',
    });
  });

  it('compare shows metrics and the change of the code; restore puts the code of a run into a new folder', async () => {
    const old = readFileSync(at('train.sh'), 'utf8');
    await finish();
    writeFileSync(at('train.sh'), `${old}# changed\n`);
    await finish('0.75');
    const compared = await project.json('compare', 'exp001', 'exp002');
    expect(compared.runs.map((run: Json) => run.primary.value)).toEqual([0.5, 0.75]);
    expect(compared.code).toEqual([
      { from: 'exp001', to: 'exp002', diff: expect.stringContaining('+# changed') },
    ]);
    const { stdout } = await project.run('compare', 'exp001', 'exp002');
    for (const part of ['exp001', 'exp002', '0.5', '0.75', '+# changed']) expect(stdout).toContain(part);
    const restored = await project.json('restore', 'exp001', '--into', 'old');
    expect(restored).toMatchObject({ run: 'exp001', into: at('old'), command: ['sh', 'train.sh'] });
    expect(readFileSync(at('old/train.sh'), 'utf8')).toBe(old);
    expect(readFileSync(at('train.sh'), 'utf8')).toContain('# changed');
  });

  it('stop ends a run, and says of an ended one how it ended', async () => {
    writeFileSync(at('train.sh'), 'while :; do sleep 0.05; done\n');
    const { id } = await project.json('launch', '--', 'sh', 'train.sh');
    expect(await project.json('stop', id)).toMatchObject({ id, ending: 'stopped' });
    expect(await project.run('stop', id)).toMatchObject({
      code: 0,
      stdout: `${id} has ended already: stopped\n`,
    });
  });
});

describe('the other commands', () => {
  it('metrics: JSON Lines with the words for what is not finite, and a table', async () => {
    writeFileSync(
      at('a.log'),
      'hello\nepoch 1 step 100 train_loss=0.51\nepoch 2 train_loss=nan val_acc=inf\ntrain_loss=-inf\n',
    );
    const { stdout, code } = await project.run('metrics', 'a.log', '--json');
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { line: 2, step: 100, epoch: 1, metrics: { train_loss: 0.51 } },
      { line: 3, step: null, epoch: 2, metrics: { train_loss: 'NaN', val_acc: 'Infinity' } },
      { line: 4, step: null, epoch: null, metrics: { train_loss: '-Infinity' } },
    ]);
    expect((await project.run('metrics', 'a.log')).stdout).toMatch(/metric +values[\s\S]+train_loss +3/);
    writeFileSync(at('empty.log'), '');
    writeFileSync(at('pace.log'), 'step 10, tokens/s: 5120.5, fps: 31\nstep 20, loss: 0.5, tokens/s: 5130\n');
    const pace = (await project.run('metrics', 'pace.log', '--json')).stdout.trim().split('\n');
    expect(pace.map((line) => JSON.parse(line))).toEqual([
      { line: 1, step: 10, epoch: null, metrics: {}, progress: { 'tokens/s': 5120.5, fps: 31 } },
      { line: 2, step: 20, epoch: null, metrics: { loss: 0.5, 'tokens/s': 5130 } },
    ]);
    expect((await project.run('metrics', 'pace.log')).stdout).toMatch(
      /metric +values[\s\S]+loss +1[\s\S]+\n\nprogress +values[\s\S]+fps +1/,
    );
    expect(await project.run('metrics', 'empty.log')).toMatchObject({ code: 0, stdout: 'no metrics seen\n' });
  });

  it('directive leaves a file that the status shows', async () => {
    expect(await project.run('directive', 'stop at 0.9')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(at('workspace/HUMAN_DIRECTIVE.md'), 'utf8')).toBe('stop at 0.9\n');
    expect((await project.json('status')).directive).toBe('stop at 0.9');
  });

  it('report writes HTML and Markdown', async () => {
    await finish();
    const written = await project.json('report');
    expect(readFileSync(written.html, 'utf8')).toMatch(/^<!doctype html>[\s\S]*exp001/i);
    expect(readFileSync(written.markdown, 'utf8')).toContain('exp001');
  });

  it('gpu tells what the driver tells, in the form that scripts read', async () => {
    mkdirSync(at('bin'));
    writeFileSync(at('bin/nvidia-smi'), NVIDIA_SMI, { mode: 0o755 });
    const env = {
      ...process.env,
      PATH: `${at('bin')}:${process.env.PATH}`,
      AUTO_EXPERIMENT_STATE_DIR: at('state'),
    };
    const { stdout, code } = await runProcess([process.execPath, MAIN, 'gpu', '--json'], {
      cwd: project.root,
      env,
    });
    const { gpus, error, machine } = JSON.parse(stdout);
    expect({ code, error, machine: typeof machine }).toEqual({ code: 0, error: null, machine: 'string' });
    expect(gpus[0]).toEqual({
      index: 0,
      uuid: 'GPU-aaaaaaaa-1111-2222-3333-444444444444',
      vendor: 'nvidia',
      name: 'NVIDIA A100',
      memory_used_mb: 4,
      memory_total_mb: 40960,
      utilization_pct: 0,
      temperature_c: 29,
      power_w: 52.1,
      processes: [],
      state: 'free',
    });
    expect(gpus[1]).toMatchObject({
      state: 'busy',
      processes: [{ pid: 8123, name: 'python', memory_mb: 29000 }],
    });
  });

  it('init writes a brief and a config that open, and nothing over what is there', async () => {
    const made = await project.json('init', 'new');
    expect(made.written).toEqual(['PROJECT_BRIEF.md', 'config.yaml']);
    expect((await project.json('status', '--project', 'new')).runs).toEqual([]);
    expect((await project.json('init', 'new')).written).toEqual([]);
    expect((await project.json('init')).kept).toEqual(['PROJECT_BRIEF.md', 'config.yaml']);
  });

  it('init drafts a campaign that runs as it is: the seed of the script is set, its usual options vary', async () => {
    writeFileSync(
      at('train.py'),
      [
        'import argparse',
        "p = argparse.ArgumentParser(); p.add_argument('--lr', type=float, default=0.01)",
        "p.add_argument('--epochs', type=int, default=3); p.add_argument('--seed', type=int, default=0)",
        'a = p.parse_args()',
        "for e in range(a.epochs): print(f'epoch {e + 1}/{a.epochs} val_acc={0.5 + a.lr + a.seed % 7 / 1000}')",
      ].join('\n'),
    );
    renameSync(at('config.yaml'), at('other.yaml'));
    const { detected } = await project.json('init');
    expect(detected).toEqual(
      expect.arrayContaining([expect.stringMatching(/^seed: --seed/), 'search space: lr']),
    );
    const done = await project.run('run', '--max-cycles', '2', '--json');
    expect(done.code, done.stderr).toBe(0);
    const { runs } = await project.json('status');
    expect(runs[0].command.slice(0, 3)).toEqual(['python3', 'train.py', '--seed']);
    expect(runs.map((run: Json) => run.ending)).toContain('succeeded');
  });

  it('colour only where it is wanted', async () => {
    await finish();
    const status = async (env: Record<string, string>): Promise<string> => {
      const { NO_COLOR: _, FORCE_COLOR: __, ...rest } = process.env;
      return (
        await runProcess([process.execPath, MAIN, 'status'], { cwd: project.root, env: { ...rest, ...env } })
      ).stdout;
    };
    expect(await status({ FORCE_COLOR: '1' })).toContain('\u001b[');
    for (const env of [{}, { NO_COLOR: '1' }, { NO_COLOR: '1', FORCE_COLOR: '1' }, { FORCE_COLOR: '0' }])
      expect(await status(env)).not.toContain('\u001b');
  });

  it('standard output under --json is JSON and nothing else, notes go to standard error', async () => {
    const launched = await runProcess(
      [process.execPath, MAIN, ...insertJson(['launch', '--wait', '--', 'sh', 'train.sh'])],
      { cwd: project.root, env: { ...process.env, SOME_API_KEY: 'k-0123456789' } },
    );
    expect(JSON.parse(launched.stdout)).toMatchObject({ ending: 'succeeded' });
    expect(launched.stderr).toContain('note: not handed to the training: ');
    expect(launched.stderr).toContain('SOME_API_KEY');
    expect(JSON.parse((await project.run('doctor', '--json')).stdout)).toMatchObject({ ok: true });
  });
});

// How much of eight GPUs a sweep of short runs uses: the wall clock beside the ideal, which is the sum of the runs by the
// slots. The GPUs are pretended by a stand-in for nvidia-smi; runs, leases, supervisor and loop are real.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { collect, ended, figure, run, until } from './measure.mjs';

const GPUS = 8;
const RUNS = 64;
const SECONDS = 5;

const smi = (bin) => {
  const rows = Array.from(
    { length: GPUS },
    (_, index) =>
      `${index}, GPU-0000000${index}-aaaa-bbbb-cccc-dddddddddddd, NVIDIA H100 80GB HBM3, 550.54.15, P0, 31, 0, 81559, 4, 68.2, 700.00, Disabled`,
  );
  writeFileSync(join(bin, 'rows'), `${rows.join('\n')}\n`);
  writeFileSync(
    join(bin, 'nvidia-smi'),
    `#!/bin/sh\ncase "$*" in *--query-gpu=index,uuid*) exec cat ${bin}/rows ;; esac\n`,
  );
  chmodSync(join(bin, 'nvidia-smi'), 0o755);
};

export async function sweepBench({ program, quick }) {
  const seconds = quick ? 2 : SECONDS;
  const runs = quick ? 32 : RUNS;
  const figures = [];
  for (const how of ['queued before', 'by the sweep planner']) {
    const root = mkdtempSync(join(tmpdir(), 'auto-experiment-bench-sweep-'));
    try {
      figures.push(...(await measured(root, program, how, runs, seconds)));
    } finally {
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  return figures;
}

async function measured(root, program, how, runs, seconds) {
  const [bin, project] = [join(root, 'bin'), join(root, 'project')];
  for (const folder of [bin, project]) mkdirSync(folder);
  smi(bin);
  writeFileSync(join(project, 'train.sh'), `sleep ${seconds}\necho "val_acc=0.$1"\n`);
  const parameters = { x: { int: [100, 999] } };
  const experiment = {
    command: ['sh', 'train.sh', '500'],
    metric: 'val_acc',
    direction: 'maximize',
    max_parallel: GPUS,
    mandatory_dry_run: false,
    verdict: 'cheap',
    seeds: 1,
  };
  const sweep = { command: 'sh train.sh {x}', parameters, max_runs: runs + 1, patience: 10 * runs };
  // JSON is YAML.
  writeFileSync(join(project, 'config.yaml'), JSON.stringify({ experiment, sweep }));
  writeFileSync(join(project, 'PROJECT_BRIEF.md'), 'Find the best x.\n');
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    AUTO_EXPERIMENT_STATE_DIR: join(root, 'state'),
    NO_COLOR: '1',
  };
  const call = (...args) => run([process.execPath, program, ...args], { env, cwd: project });
  let began = null;
  if (how === 'queued before') began = await queued(root, call, env, program, runs);
  else {
    const child = spawn(process.execPath, [program, 'run', '--planner', 'sweep', '--json'], {
      env,
      cwd: project,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [out, { code }] = await Promise.all([collect(child.stdout), ended(child)]);
    if (code !== 0) throw new Error(`the sweep ended with ${code}: ${out.slice(-500)}`);
  }
  const look = async () => JSON.parse((await call('status', '--json')).out);
  let status = await look();
  while (status.runs.some((one) => one.state !== 'ended')) {
    await call('wait');
    status = await look();
  }
  // Its supervisor still writes until it has gone.
  const diary = join(project, 'workspace', 'supervisor.log');
  await until('the supervisor has gone', () =>
    readFileSync(diary, 'utf8').trimEnd().endsWith('nothing is queued or running'),
  );
  // The baseline comes first, alone: what follows is the sweep.
  const done = status.runs.filter((one) => how === 'queued before' || one.role !== 'baseline');
  began ??= Math.min(...done.map((one) => Date.parse(one.started_at)));
  const over = Math.max(...done.map((one) => Date.parse(one.ended_at)));
  const sum = done.reduce((all, one) => all + one.duration_s, 0);
  const ideal = sum / GPUS;
  const wall = (over - began) / 1000;
  return [
    figure(`${done.length} runs of ${seconds} s on ${GPUS} GPUs, ${how}: wall clock`, wall, 's', {
      reference: ideal,
      against: 'the sum of the runs, by the slots',
      samples: done.length,
      note: `goal: ×1.15`,
    }),
  ];
}

/** Queues all runs while one of another project holds every GPU; resolves with when that one was told to end. */
async function queued(root, call, env, program, runs) {
  const other = join(root, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'config.yaml'), 'experiment: {mandatory_dry_run: false}\n');
  const hold = ['sh', '-c', 'echo ready; while [ ! -e go ]; do sleep 0.02; done'];
  const launched = await run(
    [process.execPath, program, 'launch', '--gpus', String(GPUS), '--json', '--', ...hold],
    { env, cwd: other },
  );
  const { log } = JSON.parse(launched.out);
  await until('the GPUs are held', () => existsSync(log) && readFileSync(log, 'utf8').includes('ready'));
  for (let index = 0; index < runs; index += 1)
    await call('launch', '--', 'sh', 'train.sh', String(100 + index));
  writeFileSync(join(other, 'go'), '');
  return Date.now();
}

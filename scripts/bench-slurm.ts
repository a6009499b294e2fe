// A sweep on a real cluster of two nodes with four pretended GPUs each: the wall clock beside the ideal, and what it costs to submit
// one job for each run beside one array. npm run bench:slurm [-- --runs 64 --seconds 10]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Json, makeProject } from '../tests/support/project.js';
import { type Slurm, startSlurm } from '../tests/support/slurm.js';

const GPUS = 4;
const NODES = 2;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '64' }, seconds: { type: 'string', default: '10' } },
});
const [runs, seconds] = [Number(values.runs), Number(values.seconds)];
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Milliseconds to submit so many jobs that wait, one by one and as one array. */
function submissions(slurm: Slurm, count: number): { single: number; array: number } {
  const folder = mkdtempSync(join(tmpdir(), 'ae-submit-'));
  const script = join(folder, 'job.sh');
  writeFileSync(script, '#!/bin/sh\ntrue\n');
  const options = ['--parsable', '--hold', '--mem=100M', '--output=/dev/null'];
  const time = (act: () => void): number => {
    const began = performance.now();
    act();
    return performance.now() - began;
  };
  const single = time(() => {
    for (let index = 0; index < count; index += 1) slurm.ask('sbatch', ...options, script);
  });
  const array = time(() => slurm.ask('sbatch', ...options, `--array=0-${count - 1}`, script));
  slurm.ask('scancel', '--state=PENDING');
  rmSync(folder, { recursive: true });
  return { single, array };
}

const slurm = await startSlurm({ gpus: GPUS });
const slots = GPUS * NODES;
const project = makeProject(
  {
    'PROJECT_BRIEF.md': 'Find the best x.\n',
    'train.sh': `sleep ${seconds}\necho "val_acc=0.$1"\n`,
    // JSON is YAML.
    'config.yaml': JSON.stringify({
      execution: { mode: 'slurm', slurm: { mem: '100M' } },
      experiment: {
        command: ['sh', 'train.sh', '500'],
        metric: 'val_acc',
        direction: 'maximize',
        // Some wait in the queue, so that Slurm fills a slot by itself.
        max_parallel: 2 * slots,
        mandatory_dry_run: false,
        verdict: 'cheap',
        seeds: 1,
      },
      sweep: {
        command: 'sh train.sh {x}',
        parameters: { x: { int: [100, 999] } },
        max_runs: runs + 1,
        patience: 10 * runs,
      },
    }),
  },
  slurm.env,
);
try {
  const { single, array } = submissions(slurm, runs);
  say(
    `submitting ${runs} jobs: one by one ${(single / runs).toFixed(0)} ms each, ${(single / 1000).toFixed(2)} s in all; as one array ${array.toFixed(0)} ms`,
  );
  const { code, stderr } = await project.run('run', '--planner', 'sweep', '--json');
  if (code !== 0) throw new Error(`the sweep ended with ${code}: ${stderr.slice(-500)}`);
  const all: Json[] = (await project.json('status')).runs;
  const done = all.filter(({ role }) => role !== 'baseline');
  const began = Math.min(...done.map((one) => Date.parse(one.started_at)));
  const over = Math.max(...done.map((one) => Date.parse(one.ended_at)));
  const ideal = done.reduce((sum, one) => sum + one.duration_s, 0) / slots;
  const wall = (over - began) / 1000;
  const endings = new Set(done.map(({ ending }) => ending));
  say(
    `${done.length} runs of ${seconds} s on ${slots} GPUs of ${NODES} nodes (${[...endings].join(', ')}): ${wall.toFixed(1)} s, ideal ${ideal.toFixed(1)} s, ×${(wall / ideal).toFixed(3)} (goal ×1.15); load ${loadavg()[0]?.toFixed(1)}`,
  );
} finally {
  await project.end();
  await slurm.end();
}

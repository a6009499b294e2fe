import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectMcp, type McpSession } from '../support/mcp-client.js';
import { makeProject, type TestProject } from '../support/project.js';

// What an agent reads of an ended run: its curve beside the best run so far, its cost, what is left, all in little room.

let project: TestProject;
let mcp: McpSession;
const TRAIN = `i=0
while [ $i -lt 40 ]; do i=$((i+1)); echo "step $i train_loss=$((100-i)).5 val_acc=0.$((100+i*$1))"; done
`;

beforeEach(async () => {
  project = makeProject({
    'PROJECT_BRIEF.md':
      '---\nmetric: val_acc\ndirection: maximize\nbudgets: {runs: 8, wall_clock: 1d}\n---\nImprove it.\n',
    'config.yaml': 'experiment: {mandatory_dry_run: false}\ngpu: {auto_detect: false}\n',
    'train.sh': TRAIN,
  });
  mcp = await connectMcp(project.root);
});
afterEach(async () => {
  await mcp.close();
  await project.end();
});

const finish = async (...command: string[]) => {
  const { data } = await mcp.call('launch_experiment', { command, title: 'a run' });
  return mcp.call('wait_for_experiment', { run: data.run.id });
};

it('tells the curve, the cost and the budgets of an ended run', async () => {
  await finish('sh', 'train.sh', '5');
  const { data, text } = await finish('sh', 'train.sh', '6');
  expect(data.run).toMatchObject({
    curve: {
      unit: 'step',
      points: 40,
      best: { value: 0.34, at: 40 },
      matched: { run: 'exp001', at: 40, value: 0.34, theirs: 0.3 },
      plateau_since: null,
      spikes: { count: 0 },
    },
    cost: { gpu_hours: 0, seconds: expect.any(Number) },
    budgets: ['runs 2 of 8', expect.stringMatching(/^wall clock .* of 24h00m$/)],
  });
  expect(data.run.curve.slope).toBeGreaterThan(0);
  expect(text).toMatch(
    /curve: best 0\.34 at step 40; at 40 0\.34 against 0\.3 of exp001; last quarter \+0\.0/,
  );
  expect(text).toContain('used: runs 2 of 8');
  const status = await mcp.call('experiment_status', { run: 'exp002' });
  expect(status.data.run.curve).toEqual(data.run.curve);
});

it('a run that printed no metric has no curve', async () => {
  expect((await finish('sh', '-c', 'echo nothing')).data.run.curve).toBeNull();
});

it('stays under 1,000 tokens however much there is to tell, and a long curve is read in part', async () => {
  await finish('sh', 'train.sh', '5');
  const script = `i=0; while [ $i -lt 300 ]; do i=$((i+1)); printf 'step %d' $i; for n in a b c d e f g h i j k l m; do printf ' metric_of_a_long_name_%s=0.%04d' $n $i; done; echo " train_loss=0.5 val_acc=0.5$i"; done; yes 'a line of the log, "quoted" and \\long, of a training that says 0.123456 and more of it' | head -30; exit 3`;
  const { data, size } = await finish('sh', '-c', script);
  expect(data.run.log_tail.length).toBeGreaterThan(3);
  // Of such JSON, 3.1 characters are one token of o200k.
  expect(size).toBeLessThan(3000);

  const dir = join(project.root, 'workspace/runs/exp001');
  const [first] = readFileSync(join(dir, 'metrics.jsonl'), 'utf8').split('\n');
  const record = JSON.parse(first ?? '');
  mkdirSync(join(dir, 'files'), { recursive: true });
  const lines: string[] = [];
  for (let step = 1; step <= 60_000; step++)
    lines.push(
      JSON.stringify({ ...record, step, at: step, metrics: { val_acc: step / 60_000, train_loss: 1 } }),
    );
  writeFileSync(join(dir, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  const { curve } = (await mcp.call('experiment_status', { run: 'exp001' })).data.run;
  expect(curve).toMatchObject({ unit: 'step', best: { value: 1, at: 60_000 } });
  expect(curve.points).toBeLessThan(30_000);
});

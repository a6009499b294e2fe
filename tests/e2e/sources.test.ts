import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { event, eventHead } from '../support/encode-sources.js';
import { type Json, makeProject, type TestProject } from '../support/project.js';

// Trainings that print nothing: what is known of them stands in the files that they write.

let project: TestProject;

const TRAIN = `
import os, sys, time
name = sys.argv[1]
def wait(path):
    while not os.path.exists(path): time.sleep(0.02)
def table(rows):
    with open(name + '.csv', 'w') as f:
        f.write('epoch,val_acc\\n' + ''.join('%d,%s\\n' % (i + 1, v) for i, v in enumerate(rows)))
events = open('events.bin', 'rb').read()
os.makedirs('runs/' + name)
out = open('runs/%s/events.out.tfevents.17.host' % name, 'wb')
out.write(events[:len(events) // 2]); out.flush()
table([0.5])
wait('go')
table([0.5, 0.8, 0.75])
out.write(events[len(events) // 2:]); out.close()
`;

beforeEach(() => {
  project = makeProject({
    'config.yaml': 'experiment: {metric: val_acc, direction: maximize, max_parallel: 2}\n',
    'train.py': TRAIN,
  });
  const events = [1, 2, 3, 4].map((step) => event(step, { 'train/loss': 1 / step }));
  writeFileSync(join(project.root, 'events.bin'), Buffer.concat([eventHead(), ...events]));
});
afterEach(() => project.end());

const recordOf = (run: Json): Json =>
  JSON.parse(readFileSync(join(project.root, 'workspace/runs', run.id, 'run.json'), 'utf8'));
const live = async (run: Json, holds: (record: Json) => boolean): Promise<void> => {
  while (!holds(recordOf(run))) await new Promise((next) => setTimeout(next, 50));
};

it('the metrics of a silent run are known, live and at the end', { timeout: 60_000 }, async () => {
  const run = await project.json('launch', '--', 'python3', 'train.py', 'a');
  await live(run, (record) => record.value === 0.5 && record.metrics['train/loss'] !== undefined);
  writeFileSync(join(project.root, 'go'), '');
  const ended = await project.json('wait', run.id);
  expect(ended).toMatchObject({
    ending: 'succeeded',
    primary: { value: 0.8 },
    metrics: { val_acc: { last: 0.75, best: 0.8, step: 2 }, 'train/loss': { last: 0.25, step: 4 } },
  });
  expect(recordOf(run).sources).toEqual(['a.csv', 'runs/a']);
  const { stdout } = await project.run('metrics', '--json', 'runs');
  expect(stdout.split('\n')[1]).toBe(
    '{"line":2,"step":2,"epoch":null,"metrics":{"train/loss":0.5},"source":"a/events.out.tfevents.17.host"}',
  );
  expect((await project.run('metrics', '--json', 'a.csv')).stdout.split('\n')[0]).toBe(
    '{"line":1,"step":null,"epoch":1,"metrics":{"val_acc":0.5}}',
  );
});

it('of two at once, each has what its own processes hold open, and nothing is guessed', {
  timeout: 60_000,
}, async () => {
  const [one, two] = [
    await project.json('launch', '--', 'python3', 'train.py', 'a'),
    await project.json('launch', '--', 'python3', 'train.py', 'b'),
  ];
  // Once both are there, a file that is closed after each write is nobody's.
  for (const [run, name] of [
    [one, 'a'],
    [two, 'b'],
  ])
    await live(run, (record) => record.sources.join() === `runs/${name}`);
  writeFileSync(join(project.root, 'go'), '');
  for (const [run, name] of [
    [one, 'a'],
    [two, 'b'],
  ]) {
    const ended = await project.json('wait', run.id);
    expect(ended.primary.value).toBeNull();
    expect(ended.metrics['train/loss']).toMatchObject({ last: 0.25, step: 4 });
    expect(recordOf(run).sources).toEqual([`runs/${name}`]);
  }
});

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { event, eventHead } from '../support/encode-sources.js';
import { eventually, type Json } from '../support/project.js';
import { makeSshProject, type SshProject } from '../support/ssh-project.js';

// Metrics that a training on a host writes into files of its own, and never prints.

let project: SshProject;
afterEach(() => project?.end());
const there = (...parts: string[]): string => join(project.there, ...parts);
const open = async (): Promise<void> => {
  project = await makeSshProject({
    'config.yaml':
      'experiment: {mandatory_dry_run: false, metric: val_acc, direction: maximize, metric_mode: last, max_parallel: 2}\n',
  });
  mkdirSync(there('logs'));
};
const launch = async (script: string): Promise<Json> => {
  writeFileSync(there('train.sh'), script);
  return project.json('launch', '--', 'sh', 'train.sh');
};
const viewOf = async (id: string): Promise<Json> =>
  (await project.json('status')).runs.find((one: Json) => one.id === id);
const WAIT = 'while [ -d "$PWD" ] && [ ! -e go ]; do sleep 0.05; done';

describe('files of a training on a host', () => {
  it('are read while they grow; of a table that was there before only what is added counts', async () => {
    await open();
    writeFileSync(there('logs/metrics.csv'), 'step,val_acc\n1,0.91\n2,0.92\n');
    const run = await launch(
      `echo begun; echo 3,0.3 >> logs/metrics.csv; ${WAIT}; echo 4,0.4 >> logs/metrics.csv; echo 5,0.5 >> logs/metrics.csv\n`,
    );
    await eventually(async () => (await viewOf(run.id)).primary?.value === 0.3);
    writeFileSync(there('go'), '');
    const ended = await project.json('wait', run.id);
    expect(ended).toMatchObject({ ending: 'succeeded', primary: { value: 0.5 } });
    expect(ended.metrics.val_acc).toMatchObject({ best: 0.5, step: 5 });
    const record = JSON.parse(readFileSync(join(project.root, 'workspace/runs', run.id, 'run.json'), 'utf8'));
    expect(record.sources).toEqual(['logs/metrics.csv']);
  });

  it('are read to the last byte of a run that ends at once: event files, tables written anew, a state of a trainer', async () => {
    await open();
    writeFileSync(
      there('logs/prepared'),
      Buffer.concat([eventHead(), event(1, { val_acc: 0.25 }), event(2, { val_acc: 0.75 })]),
    );
    const state = JSON.stringify({
      log_history: [
        { step: 7, eval_f1: 0.5 },
        { step: 9, eval_f1: 0.625 },
      ],
    });
    writeFileSync(there('logs/state'), state);
    const run = await launch(
      'mkdir "$AUTO_EXPERIMENT_RUN_DIR/tb"; cp logs/prepared "$AUTO_EXPERIMENT_RUN_DIR/tb/events.out.tfevents.1.host"; mkdir -p out/checkpoint-9; cp logs/state out/checkpoint-9/trainer_state.json; echo "epoch,loss" > out/results.csv; seq 1 40000 | sed "s/$/,0.125/" >> out/results.csv\n',
    );
    const ended = await project.json('wait', run.id);
    expect(ended).toMatchObject({ ending: 'succeeded', primary: { value: 0.75 } });
    expect(ended.metrics.eval_f1).toMatchObject({ last: 0.625, step: 9 });
    expect(ended.metrics.loss).toMatchObject({ last: 0.125 });
    expect(existsSync(join(project.root, 'workspace/runs', run.id, 'there/index.json'))).toBe(true);
  });

  it('of two runs at once count where nobody else can have written them', async () => {
    await open();
    const script = (value: number): string =>
      `echo step,val_acc > "$AUTO_EXPERIMENT_RUN_DIR/metrics.csv"; echo 1,${value} >> "$AUTO_EXPERIMENT_RUN_DIR/metrics.csv"; echo step,shared > results.csv; echo 1,${value} >> results.csv; ${WAIT}\n`;
    const first = await launch(script(0.1));
    await eventually(
      async () => (await viewOf(first.id)).state === 'running' && existsSync(there('results.csv')),
    );
    const second = await launch(script(0.2));
    await eventually(async () => (await viewOf(second.id)).primary?.value === 0.2);
    writeFileSync(there('go'), '');
    const [one, two] = [await project.json('wait', first.id), await project.json('wait', second.id)];
    expect([one.primary.value, two.primary.value]).toEqual([0.1, 0.2]);
    expect(two.metrics.shared).toBeUndefined();
  });
});

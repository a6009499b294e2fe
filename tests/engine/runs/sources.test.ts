import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localMachine } from '../../../mcp-server/src/adapters/machines/local.js';
import { RunRecord } from '../../../mcp-server/src/core/run-record.js';
import { openReading } from '../../../mcp-server/src/engine/runs/reading.js';
import type { Rival } from '../../../mcp-server/src/engine/runs/whose.js';
import { takeCensus } from '../../../mcp-server/src/store/census.js';
import { readCurves } from '../../../mcp-server/src/store/curves.js';
import { type RunPaths, runPaths } from '../../../mcp-server/src/store/paths.js';
import { event, eventHead, wandbFile, wandbHistory } from '../../support/encode-sources.js';

let root: string;
let files: RunPaths;
let now: number;
let rivals: Rival[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ae-sources-'));
  files = runPaths(join(root, 'workspace/runs'), 'exp001');
  mkdirSync(files.record, { recursive: true });
  writeFileSync(files.log, '');
  now = Date.now();
  rivals = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (path: string, data: string | Uint8Array): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), data);
};
const add = (path: string, data: string | Uint8Array): void => appendFileSync(join(root, path), data);
const begin = (): void => takeCensus(root, join(root, 'workspace'), files, now);

function recordOf(over: Partial<RunRecord> = {}): RunRecord {
  return RunRecord.parse({
    id: 'exp001',
    state: 'running',
    title: '',
    role: 'candidate',
    plan: null,
    command: ['python3', 'train.py'],
    cwd: root,
    host: 'here',
    marker: 'exp001@test',
    gpus_wanted: 0,
    pass_env: [],
    withheld: [],
    code: null,
    limits: {
      time_limit: null,
      stall_timeout: 'auto',
      stop_grace: 1,
      survivor_grace: 1,
      stop_rules: ['no improvement of val_acc for 3 evaluations'],
      tracked_metrics: [],
    },
    primary: { name: 'val_acc', direction: 'maximize', mode: 'last' },
    created_at: new Date(now).toISOString(),
    started_at: new Date(now).toISOString(),
    ended_at: null,
    gpus: [],
    ending: null,
    exit_code: null,
    signal: null,
    evidence: [],
    metrics: {},
    value: null,
    progress: null,
    note: null,
    verdict: null,
    verdict_reason: null,
    ...over,
  });
}
const open = (over: Partial<RunRecord> = {}) => {
  const reading = openReading(
    { machine: localMachine(), clock: () => now, env: {} },
    recordOf(over),
    files,
    () => rivals,
  );
  return {
    ...reading,
    /** A look, long enough after the last one. */
    async look() {
      now += 3_600_000;
      const polled = await reading.poll();
      return { ...reading.facts(), ...polled };
    },
  };
};
/** Source, number and values of what is in metrics.jsonl. */
const stored = (): unknown[] =>
  readFileSync(files.metrics, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ source, at, metrics }) => [source ?? 'log', at, metrics]);

describe('structured files of a run', () => {
  it('are found, read as they grow, and never twice, however often the supervisor changes', async () => {
    begin();
    let reading = open();
    expect((await reading.look()).sources).toEqual([]);
    put('out/metrics.csv', 'epoch,val_acc\n1,0.5\n');
    put('runs/a/events.out.tfevents.17.host', Buffer.concat([eventHead(), event(1, { 'train/loss': 2 })]));
    expect(await reading.look()).toMatchObject({
      value: 0.5,
      grew: true,
      sources: ['out/metrics.csv', 'runs/a'],
      progress: { epoch: 1 },
    });
    reading.flush();
    // Killed before it could save how far it had read.
    reading = open();
    add('out/metrics.csv', '2,0.75\n');
    expect((await reading.look()).value).toBe(0.75);
    reading.save();
    reading = open();
    add('runs/a/events.out.tfevents.17.host', event(2, { 'train/loss': 1 }));
    expect((await reading.look()).metrics['train/loss']).toMatchObject({ last: 1, step: 2 });
    expect((await reading.look()).grew).toBe(false);
    reading.save();
    expect(stored()).toEqual([
      ['out/metrics.csv', 1, { val_acc: 0.5 }],
      ['runs/a/events.out.tfevents.17.host', 1, { 'train/loss': 2 }],
      ['out/metrics.csv', 2, { val_acc: 0.75 }],
      ['runs/a/events.out.tfevents.17.host', 2, { 'train/loss': 1 }],
    ]);
    expect(readCurves(files.metrics, 10).val_acc).toEqual([
      [1, 0.5],
      [2, 0.75],
    ]);
  });

  it('are read again from a header that grew, without a row twice', async () => {
    begin();
    const reading = open();
    put('metrics.csv', 'step,loss\n1,0.5\n2,0.4\n');
    await reading.look();
    put('metrics.csv', 'step,loss,val_acc\n1,0.5,\n2,0.4,\n3,0.3,0.9\n');
    expect(await reading.look()).toMatchObject({ value: 0.9 });
    reading.flush();
    expect(stored()).toHaveLength(3);
  });

  it('that were there before count as far as the run wrote them', async () => {
    put('old/metrics.csv', 'step,val_acc\n1,0.99\n');
    put('metrics.csv', 'step,val_acc\n1,0.98\n');
    put('results.csv', 'epoch,val_loss\n1,9\n2,8\n');
    put('log.jsonl', '{"step":1,"val_f1":0.97}\n');
    begin();
    const reading = open();
    expect((await reading.look()).metrics).toEqual({});
    add('metrics.csv', '2,0.5\n');
    put('results.csv', 'epoch,val_loss\n1,3\n');
    add('log.jsonl', '{"step":2,"val_f1":0.1}\n');
    const { metrics } = await reading.look();
    expect(metrics).toEqual({
      val_acc: { last: 0.5, best: 0.5, step: 2 },
      val_loss: { last: 3, best: 3, step: 1 },
      val_f1: { last: 0.1, best: 0.1, step: 2 },
    });
  });

  it('are not those of other runs, of the workspace, of data, or our own', async () => {
    begin();
    const reading = open();
    for (const path of [
      'workspace/runs/exp002/metrics.csv',
      'workspace/x.csv',
      'data/metrics.csv',
      '.venv/metrics.csv',
    ])
      put(path, 'step,val_acc\n1,0.9\n');
    put('workspace/runs/exp001/metrics.jsonl', '');
    put('labels.csv', 'id,label\n1,2\n');
    expect((await reading.look()).metrics).toEqual({});
    put('workspace/runs/exp001/out/metrics.csv', 'step,val_acc\n1,0.9\n');
    expect((await reading.look()).value).toBe(0.9);
  });

  it('go on from checkpoint to checkpoint', async () => {
    begin();
    const reading = open();
    const state = (steps: number): string =>
      JSON.stringify({
        log_history: Array.from({ length: steps }, (_, i) => ({ step: i + 1, eval_val_acc: i / 10 })),
      });
    put('out/checkpoint-2/trainer_state.json', state(2));
    await reading.look();
    put('out/checkpoint-4/trainer_state.json', state(4));
    expect(await reading.look()).toMatchObject({
      sources: ['out'],
      metrics: { eval_val_acc: { last: 0.3, step: 4 } },
    });
    reading.flush();
    expect(stored()).toHaveLength(4);
  });

  it('of a resumed training give what it has added to its checkpoints', async () => {
    const state = (values: readonly number[]): string =>
      JSON.stringify({ log_history: values.map((value, i) => ({ step: i + 1, eval_acc: value })) });
    put('out/checkpoint-2/trainer_state.json', state([0.1, 0.2]));
    put('out/checkpoint-4/trainer_state.json', state([0.1, 0.2, 0.3, 0.4]));
    begin();
    const reading = open();
    expect((await reading.look()).metrics).toEqual({});
    // It went on from the older one.
    put('out/checkpoint-3/trainer_state.json', state([0.1, 0.2, 0.9]));
    put('out/checkpoint-5/trainer_state.json', state([0.1, 0.2, 0.9, 0.8, 0.7]));
    expect((await reading.look()).metrics).toEqual({ eval_acc: { last: 0.7, best: 0.9, step: 3 } });
    reading.flush();
    expect(stored()).toHaveLength(3);
  });

  it('of a training that began afresh beside old checkpoints give all', async () => {
    const state = (values: readonly number[]): string =>
      JSON.stringify({ log_history: values.map((value, i) => ({ step: i + 1, eval_acc: value })) });
    put('out/checkpoint-2/trainer_state.json', state([0.1, 0.2]));
    begin();
    const reading = open();
    put('out/checkpoint-1/trainer_state.json', state([0.5]));
    put('out/checkpoint-2/trainer_state.json', state([0.5, 0.6, 0.4]));
    expect((await reading.look()).metrics).toEqual({ eval_acc: { last: 0.4, best: 0.6, step: 2 } });
  });

  it('of W&B that were there before give what was added', async () => {
    const old = [1, 2].map((step) => wandbHistory(step, { val_acc: `0.${step}` }));
    const fresh = [3, 4].map((step) => wandbHistory(step, { val_acc: `0.${step}` }));
    const before = wandbFile(old);
    put('wandb/offline-run-1/run-a.wandb', before);
    begin();
    const reading = open();
    expect((await reading.look()).metrics).toEqual({});
    add('wandb/offline-run-1/run-a.wandb', wandbFile([...old, ...fresh]).subarray(before.length));
    expect((await reading.look()).metrics).toEqual({ val_acc: { last: 0.4, best: 0.4, step: 4 } });
    reading.flush();
    expect(stored()).toHaveLength(2);
  });

  it('count before the log while they are not behind it, and raise no alarm twice', async () => {
    begin();
    const reading = open();
    for (let epoch = 1; epoch <= 3; epoch += 1)
      appendFileSync(files.log, `epoch ${epoch} val_acc: 0.${epoch} extra_acc: 0.${epoch}\n`);
    expect((await reading.look()).value).toBe(0.3);
    put('metrics.csv', 'epoch,val_acc\n1,0.123\n2,0.234\n');
    expect((await reading.look()).value).toBe(0.3);
    add('metrics.csv', '3,0.345\n');
    const facts = await reading.look();
    expect(facts.value).toBe(0.345);
    expect(facts.metrics.extra_acc?.last).toBe(0.3);
    expect(reading.alarm()).toBeNull();
    add('metrics.csv', '4,0.1\n5,0.1\n6,0.1\n');
    await reading.look();
    expect(reading.alarm()?.why).toContain('did not beat 0.345');
  });

  it('are watched for NaN', async () => {
    begin();
    const reading = open();
    put('metrics.csv', 'step,loss\n1,nan\n2,nan\n');
    await reading.look();
    expect(reading.alarm()?.why).toContain('loss is NaN twice in a row');
    expect(reading.facts().metrics.loss?.last).toBe('NaN');
  });
});

it('a file that cannot be read does not keep the run from being watched', async () => {
  begin();
  const local = localMachine();
  const machine = {
    readFrom: (path: string, offset: number, most: number) =>
      path.endsWith('secret.csv')
        ? Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }))
        : local.readFrom(path, offset, most),
  };
  put('secret.csv', 'step,loss\n1,2\n');
  put('metrics.csv', 'step,val_acc\n1,0.5\n');
  const reading = openReading({ machine, clock: () => now, env: {} }, recordOf(), files);
  await reading.finish();
  expect(reading.facts()).toMatchObject({ value: 0.5, sources: ['metrics.csv'] });
});

describe('with another run at the same time', () => {
  const rival = (over: Partial<Rival> = {}): Rival => ({
    id: 'exp002',
    command: ['python3', 'train.py', '--out', 'shared'],
    cwd: root,
    marker: 'exp002@test',
    started_at: new Date(now).toISOString(),
    ended_at: null,
    ...over,
  });

  it('only what cannot be the other’s counts', async () => {
    for (const folder of ['mine', 'shared']) mkdirSync(join(root, folder));
    begin();
    rivals = [rival()];
    const reading = open({ command: ['python3', 'train.py', '--out=mine', 'shared'] });
    put('metrics.csv', 'step,val_acc\n1,0.9\n');
    put('shared/metrics.csv', 'step,val_acc\n1,0.8\n');
    put('mine/metrics.csv', 'step,loss\n1,0.7\n');
    put('workspace/runs/exp001/metrics.csv', 'step,val_f1\n1,0.6\n');
    const facts = await reading.look();
    expect(Object.keys(facts.metrics).sort()).toEqual(['loss', 'val_f1']);
    expect(facts.value).toBeNull();
  });

  it('what was read before is not believed any more when it may be the other’s by now', async () => {
    begin();
    const reading = open();
    put('metrics.csv', 'step,val_acc\n1,0.9\n');
    expect((await reading.look()).value).toBe(0.9);
    rivals = [rival()];
    expect(await reading.look()).toMatchObject({ value: null, sources: [] });
    // The other has ended; what was there by then stays out.
    rivals = [rival({ ended_at: new Date(now).toISOString() })];
    add('metrics.csv', '2,0.95\n');
    expect(await reading.look()).toMatchObject({ value: null, sources: [] });
    reading.save();
    expect(await open().look()).toMatchObject({ value: null, sources: [] });
  });
});

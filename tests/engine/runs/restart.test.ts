import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localMachine } from '../../../mcp-server/src/adapters/machines/local.js';
import { RunRecord } from '../../../mcp-server/src/core/run-record.js';
import { openReading, type Reading } from '../../../mcp-server/src/engine/runs/reading.js';
import { takeCensus } from '../../../mcp-server/src/store/census.js';
import { type RunPaths, runPaths } from '../../../mcp-server/src/store/paths.js';

/** A supervisor that is started again goes on from what the last one saved: it knows the same, and reads nothing twice. */
let root: string;
let now: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ae-restart-'));
  now = Date.now();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Stage {
  files: RunPaths;
  open(): Reading;
  folder: string;
}

function stage(name: string): Stage {
  const folder = join(root, name);
  const files = runPaths(join(folder, 'workspace/runs'), 'exp001');
  mkdirSync(files.record, { recursive: true });
  writeFileSync(files.log, '');
  const record = RunRecord.parse({
    id: 'exp001',
    state: 'running',
    title: '',
    role: 'candidate',
    plan: null,
    command: ['python3', 'train.py'],
    cwd: folder,
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
      stop_rules: ['no improvement of val_acc for 6 evaluations', 'loss above 90'],
      tracked_metrics: ['kl'],
    },
    primary: { name: 'val_acc', direction: 'maximize', mode: 'best' },
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
  });
  takeCensus(folder, join(folder, 'workspace'), files, now);
  return {
    files,
    folder,
    open: () => openReading({ machine: localMachine(), clock: () => now, env: {} }, record, files),
  };
}

const told = (reading: Reading): unknown => ({
  ...reading.facts(),
  alarm: reading.alarm(),
  findings: reading.findings(),
  nonFinite: reading.nonFinite(),
});

const value = fc.oneof(
  fc.integer({ min: 0, max: 1000 }).map((n) => (n / 1000).toFixed(3)),
  fc.constantFrom('nan', 'inf', '1e-05', '99.5'),
);
const piece = fc.oneof(
  fc.tuple(fc.nat(99), value, value).map(([step, a, b]) => `step ${step} loss ${a} val_acc ${b}\n`),
  fc.tuple(fc.nat(9), value).map(([epoch, a]) => `Epoch ${epoch}/10\nkl: ${a}\n`),
  fc.constantFrom(
    'half a li',
    'ne: 0.5\n',
    'epoch,loss,acc\n',
    '1,0.5,0.6\n',
    '\rloss: 0.4',
    'Batch sizes: 3\n',
  ),
);
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ log: piece }) },
  { weight: 2, arbitrary: fc.record({ row: value }) },
  { weight: 2, arbitrary: fc.constantFrom({ again: 'saved' as const }, { again: 'killed' as const }) },
);

describe('a reading that is opened again', () => {
  it('knows what one knows that went on', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
        round += 1;
        const [steady, broken] = [stage(`a${round}`), stage(`b${round}`)];
        const steadyReading = steady.open();
        let reading = broken.open();
        let rows = 0;
        for (const one of acts) {
          for (const { files, folder } of [steady, broken]) {
            if ('log' in one) appendFileSync(files.log, one.log);
            if ('row' in one)
              appendFileSync(
                join(folder, 'metrics.csv'),
                `${rows === 0 ? 'step,train_loss,val_acc\n' : ''}${rows},0.5,${one.row}\n`,
              );
          }
          if ('row' in one) rows += 1;
          now += 3_600_000;
          await steadyReading.poll();
          await reading.poll();
          if (!('again' in one)) continue;
          if (one.again === 'saved') reading.save();
          else reading.flush();
          reading = broken.open();
          // A kill costs at most the look that comes next.
          now += 3_600_000;
          await steadyReading.poll();
          await reading.poll();
          expect(told(reading)).toEqual(told(steadyReading));
        }
        await steadyReading.finish();
        await reading.finish();
        expect(told(reading)).toEqual(told(steadyReading));
        steadyReading.save();
        reading.save();
        const stored = ({ files }: Stage) => readFileSync(files.metrics, 'utf8').replace(/"t":\d+/g, '');
        if (statSync(steady.files.metrics, { throwIfNoEntry: false }) !== undefined)
          expect(stored(broken).split('\n').sort()).toEqual(stored(steady).split('\n').sort());
      }),
      { numRuns: 60 },
    );
  });

  it('reads none of the records that were stored before the saved place', async () => {
    const { files, open } = stage('large');
    const lines = Array.from(
      { length: 200 },
      (_, step) => `step ${step} loss ${step / 7} val_acc 0.${step}\n`,
    );
    appendFileSync(files.log, lines.join(''));
    const first = open();
    await first.poll();
    first.save();
    const before = told(first);
    // Nobody looks at them any more: whatever stands there, the state is the same.
    writeFileSync(files.metrics, 'x'.repeat(statSync(files.metrics).size - 1).concat('\n'));
    expect(told(open())).toEqual(before);
  });

  it('starts over when records that it counts on are gone', async () => {
    const { files, open } = stage('lost');
    appendFileSync(files.log, 'step 1 loss 0.5\nstep 2 loss 0.4\n');
    const first = open();
    await first.poll();
    first.save();
    const [kept] = readFileSync(files.metrics, 'utf8').split('\n');
    writeFileSync(files.metrics, `${kept}\n`);
    const second = open();
    await second.poll();
    second.save();
    expect(told(second)).toEqual(told(first));
    expect(readFileSync(files.metrics, 'utf8').trim().split('\n')).toHaveLength(2);
  });
});

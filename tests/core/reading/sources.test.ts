import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricRecord } from '../../../mcp-server/src/core/metric.js';
import { crc32c } from '../../../mcp-server/src/core/reading/sources/crc32c.js';
import {
  createSourceParser,
  isOfKind,
  kindByName,
  type SourceKind,
} from '../../../mcp-server/src/core/reading/sources/kinds.js';
import { nameIn, type Owners } from '../../../mcp-server/src/core/reading/sources/naming.js';
import {
  readTrainerState,
  readWandbSummary,
} from '../../../mcp-server/src/core/reading/sources/whole-json.js';
import {
  event,
  eventHead,
  tfRecord,
  wandbFile,
  wandbHistory,
  wandbOther,
} from '../../support/encode-sources.js';

const MLFLOW = `mlruns/0/${'a'.repeat(32)}/metrics/val/acc`;
const PATHS = {
  events: 'runs/events.out.tfevents.1700000000.host.1.0',
  wandb: 'wandb/run-x/run-x.wandb',
  csv: 'logs/metrics.csv',
  'json-lines': 'metrics.jsonl',
  mlflow: MLFLOW,
} satisfies Partial<Record<SourceKind, string>>;
type Growing = keyof typeof PATHS;

/** Gives a file to its parser in pieces as a caller does: what was not used is given again. `ends` says where pieces end. */
function readAll(
  kind: Growing,
  data: Uint8Array,
  { ends = [], resume = false, last = true }: { ends?: number[]; resume?: boolean; last?: boolean } = {},
) {
  let parser = createSourceParser(kind, PATHS[kind]);
  const records: MetricRecord[] = [];
  let at = 0;
  for (const end of [...ends.filter((one) => one < data.length).sort((a, b) => a - b), data.length]) {
    const parsed = parser?.push(data.subarray(Math.min(at, end), end), last && end === data.length);
    records.push(...(parsed?.records ?? []));
    at += parsed?.used ?? 0;
    if (resume)
      parser = createSourceParser(kind, PATHS[kind], JSON.parse(JSON.stringify(parser?.snapshot())));
  }
  return { records, damaged: parser?.damaged() ?? 0 };
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const line = (
  number: number,
  step: number | null,
  metrics: Record<string, number>,
  epoch: number | null = null,
) => ({
  line: number,
  step,
  epoch,
  metrics,
});

describe('event files', () => {
  it('knows its checksum', () => {
    expect(crc32c(text('123456789'), 0, 9)).toBe(0xe3069283);
  });

  it('reads plain and tensor scalars, and nothing that is no scalar', () => {
    const data = Buffer.concat([
      eventHead(),
      event(0, { 'Loss/train': 0.95 }),
      event(5, { acc: { tensor: 'float', value: 0.1 }, auc: { tensor: 'double', value: 0.1 + 0.2 } }),
      event(6, { f1: { tensor: 'content', value: 0.25, dims: [1] } }),
      event(7, { 'acc/hist': { tensor: 'content', value: 1, dims: [3] }, 'loss/picture': { image: 20 } }),
      event(-3, { loss: 2 }),
    ]);
    expect(readAll('events', data)).toEqual({
      records: [
        line(1, 0, { 'Loss/train': 0.95 }),
        line(2, 5, { acc: 0.1, auc: 0.1 + 0.2 }),
        line(3, 6, { f1: 0.25 }),
        line(4, -3, { loss: 2 }),
      ],
      damaged: 0,
    });
  });

  it('gives NaN and infinity as what they are', () => {
    const { records } = readAll(
      'events',
      Buffer.concat([event(1, { loss: Number.NaN }), event(2, { loss: -Infinity })]),
    );
    expect(records.map(({ metrics }) => metrics.loss)).toEqual([Number.NaN, -Infinity]);
  });

  it('waits for a torn tail, and goes on behind damage', () => {
    const [a, b, c] = [event(1, { loss: 3 }), event(2, { loss: 2 }), event(3, { loss: 1 })];
    expect(readAll('events', Buffer.concat([a, b.subarray(0, -7)]))).toEqual({
      records: [line(1, 1, { loss: 3 })],
      damaged: 0,
    });
    const broken = Buffer.from(b);
    broken[20] = (broken[20] ?? 0) ^ 255;
    const lost = Buffer.from(b);
    lost[1] = 99;
    for (const middle of [broken, lost, Buffer.alloc(500)])
      expect(readAll('events', Buffer.concat([a, middle, c]))).toEqual({
        records: [line(1, 1, { loss: 3 }), line(2, 3, { loss: 1 })],
        damaged: 1,
      });
  });

  it('passes over a record of megabytes without needing it', () => {
    const data = Buffer.concat([tfRecord(Buffer.alloc(3 << 20)), event(2, { loss: 2 })]);
    const ends = Array.from({ length: 40 }, (_, index) => index * 100_000);
    expect(readAll('events', data, { ends }).records).toEqual([line(1, 2, { loss: 2 })]);
  });
});

describe('.wandb', () => {
  it('reads history over blocks, by its own step, without its bookkeeping', () => {
    const data = wandbFile([
      wandbOther(100),
      wandbHistory(0, { val_loss: '0.5', epoch: '1', _runtime: '3.2', 'trainer/global_step': '40' }),
      wandbOther(70_000),
      wandbHistory(1, { val_loss: 'NaN', picture: '{"_type":"image","width":3}', 'a.acc': '0.5' }),
      wandbHistory(2, { eval: '{"loss": 0.25, "top": {"acc": "Infinity"}}' }),
    ]);
    expect(readAll('wandb', data).records).toEqual([
      line(1, 40, { val_loss: 0.5 }, 1),
      line(2, 1, { val_loss: Number.NaN, 'a.acc': 0.5 }),
      line(3, 2, { 'eval.loss': 0.25, 'eval.top.acc': Infinity }),
    ]);
  });

  it('waits for a torn tail, and goes on at the next block behind damage', () => {
    const records = Array.from({ length: 900 }, (_, step) =>
      wandbHistory(step, { loss: String(1 / (step + 1)) }),
    );
    const data = wandbFile(records);
    expect(readAll('wandb', data).records).toHaveLength(900);
    expect(readAll('wandb', data.subarray(0, -5))).toMatchObject({ damaged: 0, records: { length: 899 } });
    const broken = Buffer.from(data);
    broken[5000] = (broken[5000] ?? 0) ^ 1;
    const read = readAll('wandb', broken);
    expect(read.damaged).toBeGreaterThan(0);
    expect(read.records.length).toBeGreaterThan(200);
    expect(read.records.at(-1)?.metrics.loss).toBe(1 / 900);
  });
});

describe('tables', () => {
  it('Lightning: several rows for a step, empty cells', () => {
    const csv = 'epoch,step,train_loss,val_loss\n0,49,0.7,\n0,49,,0.6\n1,99,nan,\n';
    expect(readAll('csv', text(csv)).records).toEqual([
      line(1, 49, { train_loss: 0.7 }, 0),
      line(2, 49, { val_loss: 0.6 }, 0),
      line(3, 99, { train_loss: Number.NaN }, 1),
    ]);
  });

  it('ultralytics: padded names; words and times are no metrics; quotes', () => {
    const csv =
      '\uFEFF                  epoch,      train/box_loss,   metrics/mAP50(B), time, "odd, acc"\r\n' +
      '                      1,              1.2150,             0.41, 12.5, "0.5"\r\n';
    expect(readAll('csv', text(csv)).records).toEqual([
      line(1, null, { 'train/box_loss': 1.215, 'metrics/mAP50(B)': 0.41, 'odd, acc': 0.5 }, 1),
    ]);
  });

  it('a header that grows as the file is written anew gives no row twice', () => {
    const parser = createSourceParser('csv', 'metrics.csv');
    const give = (csv: string) =>
      parser?.push(text(csv), false).records.map((one) => [one.line, one.metrics]);
    expect(give('step,loss\n1,0.5\n2,0.4\n')).toEqual([
      [1, { loss: 0.5 }],
      [2, { loss: 0.4 }],
    ]);
    parser?.restart();
    expect(give('acc,loss,step\n,0.5,1\n,0.4,2\n0.9,0.3,3\n')).toEqual([[3, { acc: 0.9, loss: 0.3 }]]);
    // Another training in the same file: other rows.
    parser?.restart();
    expect(give('step,loss\n1,0.8\n')).toEqual([[4, { loss: 0.8 }]]);
  });

  it('does not take half a number for one', () => {
    const row = '1,0.123456\n';
    const csv = `step,loss\n${row.repeat(400)}`.slice(0, 4096);
    expect(readAll('csv', text(csv)).records.every(({ metrics }) => metrics.loss === 0.123456)).toBe(true);
    expect(readAll('csv', text('step,loss\n1,0.5\n2,0.25')).records).toHaveLength(2);
    expect(readAll('csv', text('step,loss\n1,0.5\n2')).records).toHaveLength(1);
    expect(readAll('csv', text('step,loss\n1,0.5\n2,0.25'), { last: false }).records).toHaveLength(1);
  });

  it.each([
    ['epoch,val_acc', true],
    ['time/iterations,rollout/ep_rew_mean,train/loss', true],
    ['id,label,text', false],
    ['1,2,3', false],
    ['step', false],
  ])('the header %s heads a table of training: %s', (header, expected) => {
    expect(isOfKind('csv', 'out/table.csv', text(`${header}\n`))).toBe(expected);
  });
});

describe('the others', () => {
  it('JSON lines, with what Python writes', () => {
    const data =
      '{"step": 1, "loss": NaN, "time": 3}\n\nnoise\n{"step": 2, "val": {"acc": 0.5}, "lr": -Infinity}';
    expect(readAll('json-lines', text(data))).toEqual({
      records: [line(1, 1, { loss: Number.NaN }), line(3, 2, { 'val.acc': 0.5, lr: -Infinity })],
      damaged: 1,
    });
    expect(readAll('json-lines', text('{"step": 1, "loss": 0.1')).records).toEqual([]);
    expect(isOfKind('json-lines', 'a.jsonl', text('{"id": 1, "text": "x"}\n'))).toBe(false);
  });

  it('MLflow: name from the path, torn last line left', () => {
    const data = '1700000000000 0.5 0\n1700000000001 nan 1 data abc\n1700000000002 0.75\n1700000000003 0.8 1';
    expect(readAll('mlflow', text(data)).records).toEqual([
      line(1, 0, { 'val/acc': 0.5 }),
      line(2, 1, { 'val/acc': Number.NaN }),
      line(3, null, { 'val/acc': 0.75 }),
    ]);
  });

  it('trainer_state.json: each entry once; torn JSON is nothing', () => {
    const state = (...history: unknown[]) => JSON.stringify({ epoch: 1, log_history: history });
    const first = readTrainerState(state({ loss: 0.5, epoch: 0.5, step: 10, learning_rate: 1e-5 }), 0);
    expect(first).toEqual({ given: 1, records: [line(1, 10, { loss: 0.5, learning_rate: 1e-5 }, 0.5)] });
    const torn = state({ loss: 0.5, step: 10 }, { eval_loss: 0.4, step: 20 });
    expect(readTrainerState(torn.slice(0, -4), 1)).toEqual({ given: 1, records: [] });
    expect(readTrainerState(torn, 1)).toEqual({ given: 2, records: [line(2, 20, { eval_loss: 0.4 })] });
  });

  it('wandb-summary.json', () => {
    expect(
      readWandbSummary('{"val_loss": 0.05, "epoch": 19, "_step": 19, "_wandb": {"runtime": 13}}', 0),
    ).toEqual({
      given: 1,
      records: [line(1, 19, { val_loss: 0.05 }, 19)],
    });
  });

  it('names files', () => {
    for (const [kind, path] of Object.entries(PATHS)) expect(kindByName(path)).toBe(kind);
    for (const path of ['train.py', 'data.json', 'metrics/acc', 'model.csv.gz'])
      expect(kindByName(path)).toBeNull();
  });
});

describe('names', () => {
  it('keeps splits, curves and folds apart, and one kind of file per metric', () => {
    const owners: Owners = {};
    expect(nameIn(owners, 'events', 'logs/train', 'epoch_loss')).toBe('epoch_loss');
    expect(nameIn(owners, 'events', 'logs/validation', 'epoch_loss')).toBe('val/epoch_loss');
    expect(nameIn(owners, 'events', 'runs/x/Loss_b', 'Loss')).toBe('Loss/b');
    expect(nameIn(owners, 'csv', 'v0/metrics.csv', 'acc')).toBe('acc');
    expect(nameIn(owners, 'csv', 'v1/metrics.csv', 'acc')).toBe('v1/acc');
    expect(nameIn(owners, 'csv', 'v0/metrics.csv', 'acc')).toBe('acc');
    expect(nameIn(owners, 'events', 'runs', 'acc')).toBeNull();
    expect(nameIn(owners, 'events', 'runs', '__proto__')).toBe('__proto__');
  });
});

const VALID: Record<Growing, Buffer> = {
  events: Buffer.concat([
    eventHead(),
    ...Array.from({ length: 30 }, (_, i) => event(i, { loss: 1 / (i + 1), acc: i })),
  ]),
  wandb: wandbFile(Array.from({ length: 40 }, (_, i) => wandbHistory(i, { loss: `${1 / (i + 1)}` }))),
  csv: Buffer.from(
    `epoch,step,loss,acc\n${Array.from({ length: 30 }, (_, i) => `0,${i},${1 / (i + 1)},\n`).join('')}`,
  ),
  'json-lines': Buffer.from(
    Array.from({ length: 30 }, (_, i) => `{"step":${i},"loss":${1 / (i + 1)}}\n`).join(''),
  ),
  mlflow: Buffer.from(Array.from({ length: 30 }, (_, i) => `${1.7e12 + i} ${1 / (i + 1)} ${i}\n`).join('')),
};
const KINDS = Object.keys(VALID).filter((kind): kind is Growing => kind in VALID);

describe.each(KINDS)('any %s', (kind) => {
  const mutated = fc
    .array(fc.tuple(fc.nat(VALID[kind].length - 1), fc.nat(255), fc.constantFrom('set', 'cut', 'insert')), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) => {
      let data = Buffer.from(VALID[kind]);
      for (const [at, byte, how] of changes) {
        if (how === 'set' && at < data.length) data[at] = byte;
        else if (how === 'cut') data = Buffer.concat([data.subarray(0, at), data.subarray(at + (byte % 40))]);
        else data = Buffer.concat([data.subarray(0, at), Buffer.alloc(byte % 40, byte), data.subarray(at)]);
      }
      return data;
    });
  const bytes = fc.oneof(mutated, fc.uint8Array({ maxLength: 2000 }));

  it('is read the same however it is cut, and from its saved state', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(VALID[kind]), bytes),
        fc.array(fc.nat(3000), { maxLength: 12 }),
        (data, ends) => {
          const whole = readAll(kind, data);
          expect(readAll(kind, data, { ends })).toEqual(whole);
          expect(readAll(kind, data, { ends, resume: true })).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never throws, counts up, and says what is no number', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const { records } = readAll(kind, data);
        expect(records.map((one) => one.line)).toEqual(
          [...new Set(records.map((one) => one.line))].sort((a, b) => a - b),
        );
        for (const { step, epoch, metrics } of records) {
          for (const place of [step, epoch]) expect(place === null || Number.isFinite(place)).toBe(true);
          expect(Object.keys(metrics).length).toBeGreaterThan(0);
          for (const value of Object.values(metrics)) expect(typeof value).toBe('number');
        }
      }),
      { numRuns: 300 },
    );
  });
});

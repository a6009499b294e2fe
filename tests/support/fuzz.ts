import { nvidia } from '../../mcp-server/src/adapters/gpus/nvidia.js';
import { stripAnsi } from '../../mcp-server/src/core/reading/ansi.js';
import { LineSplitter } from '../../mcp-server/src/core/reading/lines.js';
import { createLogReader } from '../../mcp-server/src/core/reading/log.js';
import {
  createSourceParser,
  type SourceKind,
  wholeReaderOf,
} from '../../mcp-server/src/core/reading/sources/kinds.js';
import { event, eventHead, wandbFile, wandbHistory } from './encode-sources.js';
import { inquire } from './inquire.js';

/** What a target found wrong with one input; null when nothing. */
type Check = (input: Uint8Array) => string | null;

export interface Target {
  name: string;
  seeds: readonly Uint8Array[];
  check: Check;
}

export interface FuzzReport {
  name: string;
  inputs: number;
  bytes: number;
  values: number;
  slowestMs: number;
  slowestSeed: number;
  problems: Array<{ seed: number; what: string; input: string }>;
}

/** Numbers from 0 to 1, the same ones for the same seed (Mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const TOKENS =
  `nan|inf|-inf|NaN|1e999|-|--|::|{|}|[|]|(|)|'|"|=|: |, | | |\t|\r|\n|\r\n|\x1b[|\x1b[31m|[0m|%\\||/|0|-0|1e-400|.5|5.|1_000|1,234|
${'9'.repeat(40)}|${'['.repeat(60)}|${'{"a":'.repeat(40)}|${' '.repeat(300)}|${'a'.repeat(300)}|${'1 '.repeat(80)}|epoch|step|loss|METRIC a=|wandb: |\u2501|\u0000|\ufeff|#|__proto__|null|N/A|[N/A]`
    .split('|')
    .map(encode);

/** A seed, or two joined, with up to six changes; one in sixteen inputs is noise. */
function mutate(seeds: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = (): Uint8Array => seeds[below(seeds.length)] ?? new Uint8Array(0);
  if (below(16) === 0) return Uint8Array.from({ length: below(200) }, () => below(256));
  let bytes = pick();
  if (below(4) === 0) bytes = join(bytes.subarray(0, below(bytes.length + 1)), pick());
  for (let changes = below(7); changes > 0; changes -= 1) {
    const from = below(bytes.length + 1);
    const to = Math.min(bytes.length, from + below(12));
    const insert = [
      () => Uint8Array.of(below(256)),
      () => TOKENS[below(TOKENS.length)] ?? new Uint8Array(0),
      () => new Uint8Array(0),
      () => join(bytes.subarray(from, to), bytes.subarray(from, to)),
      () => encode(String(random() * 10 ** below(20))),
    ][below(5)];
    const gone = below(2) === 0 ? from : to;
    bytes = join(bytes.subarray(0, from), insert?.() ?? new Uint8Array(0), bytes.subarray(gone));
  }
  return bytes;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Runs a target on mutated inputs. `values` counts the numbers that were checked. */
export function fuzz(target: Target, inputs: number, seed: number): FuzzReport {
  const report: FuzzReport = {
    name: target.name,
    inputs,
    bytes: 0,
    values: 0,
    slowestMs: 0,
    slowestSeed: seed,
    problems: [],
  };
  for (let index = 0; index < inputs; index += 1) {
    const own = (seed + index) >>> 0;
    const input = mutate(target.seeds, randomFrom(own));
    const began = performance.now();
    let what: string | null;
    try {
      what = target.check(input);
    } catch (error) {
      what = `threw ${error instanceof Error ? (error.stack ?? error.message).slice(0, 400) : String(error)}`;
    }
    const took = performance.now() - began;
    if (took > report.slowestMs) Object.assign(report, { slowestMs: took, slowestSeed: own });
    report.bytes += input.length;
    if (what?.startsWith('ok ')) report.values += Number(what.slice(3));
    else if (what !== null && report.problems.length < 20)
      report.problems.push({ seed: own, what, input: Buffer.from(input).toString('latin1').slice(0, 600) });
  }
  return report;
}

const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/g;
/** `45.e1` may as well be read as 45 and what follows it. */
const WHOLE = /[+-]?\d+(?:\.\d+(?:[eE][+-]?\d+)?)?/g;

/** Whether a value is printed in a text: its digits as they stand, with or without thousands commas; a word when not finite. */
export function isPrinted(value: number, text: string): boolean {
  if (Number.isNaN(value)) return /nan/i.test(text);
  const said = (part: string): boolean =>
    [NUMBER, WHOLE].some((form) => part.match(form)?.some((found) => Number(found) === value));
  if (!Number.isFinite(value) && /inf/i.test(text)) return true;
  // `1.7M`, and `1e-4k` of a mutation
  const large = text.replace(
    /(?:[eE]([+-]?\d+))?(?<=\d)([kKMB])/g,
    (_, exponent: string | undefined, mark: string) =>
      `e${Number(exponent ?? 0) + (mark === 'M' ? 6 : mark === 'B' ? 9 : 3)} `,
  );
  if (large !== text && said(large)) return true;
  return said(text) || said(text.replace(/(?<=\d),(?=\d)/g, '')) || said(text.replace(/[+-]/g, ' $&'));
}

/** Bytes to splitter, reader and endings, cut into two pieces. */
function logTarget(samples: readonly string[]): Target {
  let reader = createLogReader();
  let age = 0;
  const check: Check = (input) => {
    // A reader that has seen other lines knows their templates.
    age += 1;
    if (age % 64 === 0) reader = createLogReader();
    const splitter = new LineSplitter();
    const cut = input.length >> 1;
    const lines = [
      ...splitter.push(input.subarray(0, cut)),
      ...splitter.push(input.subarray(cut)),
      ...splitter.end(),
    ];
    let values = 0;
    for (const line of lines) {
      const text = stripAnsi(line.text);
      for (const record of reader.read([line])) {
        for (const [name, value] of Object.entries(record.metrics)) {
          values += 1;
          if (!isPrinted(value, text)) return `${name} = ${value} is not printed in ${JSON.stringify(text)}`;
        }
        for (const place of [record.step, record.epoch])
          if (place !== null && !Number.isFinite(place)) return `step or epoch ${place}`;
      }
    }
    for (const finding of reader.findings()) if (finding.text.length > 300) return 'evidence is too long';
    JSON.stringify(reader.snapshot());
    return `ok ${values}`;
  };
  return { name: 'log: splitter, reader, endings', seeds: samples.map(encode), check };
}

function gpuTarget(): Target {
  const gpus =
    '0, GPU-1a2b3c4d-0000-1111-2222-333344445555, NVIDIA H100 80GB HBM3, 550.54.15, P0, 34, 97, 81559, 7746, 113.21, 700.00, Disabled\n1, GPU-1a2b3c4d-0000-1111-2222-333344445556, NVIDIA A100, 550.54.15, P0, [N/A], [Not Supported], 40536, 12, [Unknown Error], 400.00, Enabled\n';
  const processes = 'GPU-1a2b3c4d-0000-1111-2222-333344445555, 4711, python, train.py, 7000\n';
  const failed = 'Failed to initialize NVML: Driver/library version mismatch\n';
  const check: Check = (input) => {
    const text = new TextDecoder().decode(input);
    const half = text.length >> 1;
    const answer = (stdout: string) => ({
      code: text.length % 3 ? 0 : 18,
      stdout,
      stderr: '',
      timedOut: false,
    });
    let values = 0;
    for (const answers of [
      [answer(text)],
      [answer(gpus), answer(text)],
      [answer(text), answer(text.slice(half))],
    ]) {
      // The same answers to whatever follows: readers must not take one for the other.
      let turn = -1;
      const next = () => {
        turn += 1;
        return answers[Math.min(turn, answers.length - 1)];
      };
      for (const gpu of inquire(nvidia, next).report.gpus) {
        const { memory_used_mb, memory_total_mb, utilization_pct, temperature_c, power_w, index } = gpu;
        for (const value of [
          memory_used_mb,
          memory_total_mb,
          utilization_pct,
          temperature_c,
          power_w,
          index,
        ]) {
          if (value === null) continue;
          values += 1;
          if (!Number.isFinite(value)) return `a GPU has ${value}`;
          if (!isPrinted(value, answers.map(({ stdout }) => stdout).join('\n')))
            return `${value} is not printed`;
        }
      }
    }
    return `ok ${values}`;
  };
  return { name: 'gpu: nvidia-smi CSV', seeds: [gpus, processes, failed, gpus + failed].map(encode), check };
}

function sourceTarget(kind: SourceKind, path: string, seeds: readonly Uint8Array[]): Target {
  const whole = wholeReaderOf(kind);
  const check: Check = (input) => {
    let values = 0;
    const records = [];
    if (whole !== null) records.push(...whole(new TextDecoder().decode(input), 0).records);
    else {
      const parser = createSourceParser(kind, path);
      if (parser === null) return `no parser for ${kind}`;
      const first = parser.push(input.subarray(0, input.length >> 1), false);
      if (!Number.isSafeInteger(first.used) || first.used < 0) return `used ${first.used}`;
      records.push(...first.records, ...parser.push(input.subarray(first.used), true).records);
      JSON.stringify(parser.snapshot());
    }
    // A quote inside a cell is no part of its number.
    const text = new TextDecoder().decode(input).replaceAll('"', '');
    const binary = kind === 'events' || kind === 'wandb';
    for (const record of records) {
      for (const [name, value] of Object.entries(record.metrics)) {
        values += 1;
        if (typeof value !== 'number') return `${name} is ${typeof value}`;
        if (!binary && !isPrinted(value, text)) return `${name} = ${value} is not printed`;
      }
    }
    return `ok ${values}`;
  };
  return { name: `source: ${kind}`, seeds, check };
}

/** All of the parsers of text and bytes that others write. `samples` are pieces of logs. */
export function targets(samples: readonly string[]): Target[] {
  const scalars = [1, 2, 3].map((step) => event(step, { loss: 0.5 / step, 'val/acc': Number.NaN }));
  const history = [1, 2].map((step) => wandbHistory(step, { loss: String(0.5 / step), acc: 'NaN' }));
  return [
    logTarget(samples),
    gpuTarget(),
    sourceTarget('csv', 'metrics.csv', [
      encode('epoch,step,train_loss,val_acc\n0,10,0.5,\n0,20,nan,0.91\n1,30,1e-3,0.92\n'),
      encode('time/iterations,rollout/ep_rew_mean\n1,21.5\n2,"22.5"\n'),
    ]),
    sourceTarget('json-lines', 'metrics.jsonl', [
      encode('{"step": 1, "loss": 0.5, "val": {"acc": NaN}}\n{"step": 2, "loss": Infinity, "lr": 1e-5}\n'),
    ]),
    sourceTarget('mlflow', `mlruns/0/${'a'.repeat(32)}/metrics/loss`, [
      encode('1700000000000 0.5 1\n1700000000001 nan 2\n1700000000002 1e-3 3\n'),
    ]),
    sourceTarget('trainer-state', 'trainer_state.json', [
      encode(
        '{"epoch": 1.0, "log_history": [{"loss": 0.5, "step": 10, "epoch": 0.5}, {"eval_loss": NaN, "step": 20}]}',
      ),
    ]),
    sourceTarget('wandb-summary', 'wandb-summary.json', [
      encode('{"_step": 12, "_runtime": 3.2, "loss": 0.5, "val": {"acc": {"max": 0.9}}, "x": "NaN"}'),
    ]),
    sourceTarget('events', 'events.out.tfevents.1', [join(eventHead(), ...scalars)]),
    sourceTarget('wandb', 'run-x.wandb', [new Uint8Array(wandbFile(history))]),
  ];
}

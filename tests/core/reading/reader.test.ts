import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReadRecord, RecordBatch } from '../../../mcp-server/src/core/reading/batch.js';
import { lexNumbers } from '../../../mcp-server/src/core/reading/lex.js';
import { Line, LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';
import { createLogReader, LogState } from '../../../mcp-server/src/core/reading/log.js';
import { createMetricReader, qualified } from '../../../mcp-server/src/core/reading/reader.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function readAll(text: string): ReadRecord[] {
  const splitter = new LineSplitter();
  return createLogReader().read([...splitter.push(encode(text)), ...splitter.end()]);
}

/** Lines of many kinds; `#` becomes a number of the same form each time. */
const KINDS = [
  'step # | loss #.#### | lr #.###e-05 | tok/s ####',
  "{'loss': #.####, 'grad_norm': #.###############, 'learning_rate': #.################e-0#, 'epoch': #.##}",
  '{"train_loss": #.##, "val": {"acc": #.##}, "step": ##}',
  'Epoch #/##:  ##%|████▎     | ##/### [00:##<##:##, #.##it/s, loss=#.####]',
  'Epoch: [#][##/###]\tTime #.### (#.###)\tLoss #.#### (#.####)\tAcc@1 ##.## (##.##)',
  '[VAL] loss: -#.###, mae: #.#####',
  '| loss | #.### |',
  '| eval/ | |',
  'Epoch    GPU_mem   box_loss   cls_loss',
  '  #/##      #.##G      #.###     #.####',
  'Epoch #/##',
  '##/## [======>.......] - ETA: #s - loss: #.### - acc: #.##',
  '202#-0#-1# 1#:##:##,### [INFO] loader: shard ## of ### took #.#s',
  'iter ###: loss nan, time ##.##ms, mfu -#.##%',
  'val_loss improved from inf to #.####, saving model to m-##.keras',
  '\u001b[32mloss\u001b[0m=#.##',
  'Top-# accuracy: ##.#, Acc@#: ##.##, mAP@0.#: 0.##',
  '{"acc@#": #.##, "#": #.#, "name-#": ##}',
  'shard-## of ### gave loss #.##',
  ' Average Precision  (AP) @[ IoU=0.#0      | area=   all | maxDets=100 ] = 0.###',
  'loss $ lr $',
  'found: $ of them, gave acc $ (0.5)',
  '{"a": $, "step": $}',
  'note $: $ | gain $ | x $',
  'plain words and nothing else',
  'wandb: Run summary:',
  'wandb: my value #.###',
  'wandb: ',
  '',
];
const line = fc
  .tuple(
    fc.constantFrom(...KINDS),
    fc.array(fc.nat(9), { minLength: 48, maxLength: 48 }),
    fc.array(fc.constantFrom('7', '12', '0.5', '-3', '1e-4', '2.5E+3', 'nan', '1.', '3x', '+4', '1,234'), {
      minLength: 4,
      maxLength: 4,
    }),
  )
  .map(([kind, digits, numbers]) => {
    let next = 0;
    return kind
      .replace(/#/g, () => String(digits[next++ % digits.length]))
      .replace(/\$/g, () => String(numbers[next++ % 4]));
  });

describe('MetricReader', () => {
  it('reads a familiar line exactly as a fresh reader with the same context would', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const warm = createMetricReader();
        for (const [index, text] of lines.entries()) {
          const cold = createMetricReader(JSON.parse(JSON.stringify(warm.snapshot())));
          expect(warm.read(text, index + 1)).toEqual(cold.read(text, index + 1));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('knows lines again by their words', () => {
    const reader = createMetricReader();
    reader.read('step 1 | loss 0.5', 1);
    expect(reader.familiar).toBe(false);
    expect(reader.read('step 200 | loss -1.25e-3', 2)).toMatchObject([
      { step: 200, metrics: { loss: -0.00125 } },
    ]);
    expect(reader.familiar).toBe(true);
    // Other words, other kinds of number: a different line.
    reader.read('step 3 | cost 0.5', 3);
    expect(reader.familiar).toBe(false);
  });

  it('tells whole numbers from fractions: they are not read alike', () => {
    const reader = createMetricReader();
    expect(reader.read('found: 12 of them, loss 0.5', 1)[0]?.metrics).toEqual({ loss: 0.5 });
    expect(reader.read('found: 0.25 of them, loss 0.5', 2)[0]?.metrics).toEqual({ found: 0.25, loss: 0.5 });
    expect(reader.read('found: 3 of them, loss 0.5', 3)[0]?.metrics).toEqual({ loss: 0.5 });
  });

  it('reads a line that nothing ends', () => {
    const reader = createMetricReader();
    const bytes = encode('loss: 0.25');
    for (let i = 0; i < 3; i += 1) {
      const out = new RecordBatch();
      reader.readLine(new Line(bytes, 0, bytes.length, 1, 10), out);
      expect(out.records()).toMatchObject([{ line: 1, at: 10, metrics: { loss: 0.25 } }]);
    }
  });

  it('gives exactly the double that the printed digits mean', () => {
    const printed = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc
        .tuple(
          fc.nat(999_999_999),
          fc.bigInt({ min: 0n, max: 10n ** 17n }),
          fc.integer({ min: -30, max: 30 }),
        )
        .map(([a, b, e]) => `${a}.${b}e${e}`),
      fc
        .tuple(fc.nat(9), fc.bigInt({ min: 0n, max: 10n ** 17n }))
        .map(([zeros, b]) => `-0.${'0'.repeat(zeros)}${b}`),
      fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.nat(99_999)).map(([a, b]) => `${a}.${b}`),
    );
    fc.assert(
      fc.property(fc.array(printed, { minLength: 2, maxLength: 30 }), (numbers) => {
        const reader = createMetricReader();
        for (const [index, number] of numbers.entries()) {
          expect(reader.read(`loss: ${number}`, index + 1)[0]?.metrics.loss).toBe(Number(number));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, and gives no value that is not printed in its line', () => {
    const soup = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            'loss',
            'epoch',
            'step',
            ':',
            '=',
            ' ',
            '  ',
            '|',
            ',',
            '{',
            '}',
            "'",
            '"',
            '(',
            ')',
            '[',
            ']',
            '%',
            '\t',
            '/',
            '-',
            '+',
            '.',
            '@',
            'e',
            'nan',
            'inf',
            'METRIC ',
            'acc',
            '█',
            '\u001b[1m',
            '__proto__',
            '0',
            '7',
            '12',
            '0.5',
            '1e-3',
            'Average Precision',
            'wandb: ',
          ),
          fc.string({ unit: 'binary', maxLength: 4 }),
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(soup, { maxLength: 12 }), (lines) => {
        const reader = createMetricReader();
        for (const [index, text] of lines.entries()) {
          for (const record of reader.read(text, index + 1)) {
            expect(Object.keys(record.metrics).length).toBeGreaterThan(0);
            for (const value of Object.values(record.metrics)) expect(isPrinted(value, text)).toBe(true);
          }
        }
        JSON.stringify(reader.snapshot());
      }),
      { numRuns: 1000 },
    );
  });

  it('goes on from a snapshot at any point as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), fc.nat(), (lines, where) => {
        const text = lines.map((one) => `${one}\n`).join('');
        const data = encode(text);
        const cut = where % (data.length + 1);
        let splitter = new LineSplitter();
        let log = createLogReader();
        const got = log.read(splitter.push(data.slice(0, cut)));
        splitter = new LineSplitter(JSON.parse(JSON.stringify(splitter.snapshot())));
        log = createLogReader(LogState.parse(JSON.parse(JSON.stringify(log.snapshot()))));
        got.push(...log.read(splitter.push(data.slice(cut))));
        expect(got).toEqual(readAll(text));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps a bounded state over any log', () => {
    const reader = createMetricReader();
    for (let i = 0; i < 3000; i += 1) {
      reader.read(`METRIC name${i}=1`, i);
      reader.read(`Epoch column_${i} loss_${i} ${'x'.repeat(i % 50)}`, i);
      reader.read(`| section${i}/ | |`, i);
    }
    expect(JSON.stringify(reader.snapshot()).length).toBeLessThan(20_000);
  });

  it('keeps values of validation lines apart from training ones', () => {
    const [train, val, named] = readAll('EP 1 (3) | loss: 0.5\n[VAL] loss: 0.7\n[VAL] val_loss: 0.7\n');
    expect([train, val, named].map((record) => record && qualified(record))).toEqual([
      { loss: 0.5 },
      { 'val/loss': 0.7 },
      { val_loss: 0.7 },
    ]);
    expect(val?.metrics).toEqual({ loss: 0.7 });
  });

  it('knows where training stands', () => {
    const reader = createMetricReader();
    expect(reader.progress()).toBeNull();
    reader.read('Epoch 3/10', 1);
    expect(reader.read('100/100 - 1s - loss: 0.5', 2)[0]?.epoch).toBe(3);
    reader.read('step 7/900: loss 0.4', 3);
    expect(reader.progress()).toEqual({ epoch: 3, epochs: 10, step: 7, steps: 900 });
  });
});

/** Whether some number token of the text (thousands commas aside) has this value. */
function isPrinted(value: number, text: string): boolean {
  const plain = text.replaceAll('\u001b[1m', '');
  if (!Number.isFinite(value)) return /nan|inf/i.test(plain);
  return (
    lexNumbers(plain).some((token) => Object.is(Number(plain.slice(token.start, token.end)), value)) ||
    [...plain.matchAll(/[+-]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/g)].some(
      (found) => Number(found[0].replaceAll(',', '')) === value,
    )
  );
}

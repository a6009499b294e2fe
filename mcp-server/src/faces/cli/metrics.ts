import { createReadStream } from 'node:fs';
import { sparkline } from '../../core/chart/sparkline.js';
import { errorText, LabError } from '../../core/errors.js';
import { type MetricRecord, toJsonNumber } from '../../core/metric.js';
import { LineSplitter } from '../../core/reading/lines.js';
import { createMetricReader } from '../../core/reading/reader.js';
import { textTable } from '../../core/table.js';
import { formatValue } from '../../core/units.js';
import { type Command, UsageError } from '../command.js';
import { createStyle } from '../terminal/style.js';

export const command: Command = {
  name: 'metrics',
  summary: 'What the metric reader sees in a log.',
  usage: 'metrics FILE… [--json]',
  flags: {},
  json: true,
  project: false,
  words: 100,
  async run(console, args) {
    if (args.words.length === 0) throw new UsageError('which log? usage: auto-experiment metrics FILE');
    for (const file of args.words) {
      if (args.switches.json === true) {
        await readFile(file, (record) => console.out(`${JSON.stringify(jsonOf(record))}\n`));
        continue;
      }
      const series = new Map<string, number[]>();
      await readFile(file, (record) => {
        for (const [name, value] of Object.entries(record.metrics)) {
          const values = series.get(name);
          if (values === undefined) series.set(name, [value]);
          else values.push(value);
        }
      });
      const style = createStyle(console.colour);
      if (args.words.length > 1) console.out(`${style.bold(file)}\n`);
      console.out(
        series.size === 0
          ? 'no metrics seen\n'
          : `${table(series, console.terminal ? console.width : 120)}\n`,
      );
    }
    return 0;
  },
};

/** Reads a whole log with bounded memory. Throws LabError when it cannot be read. */
async function readFile(path: string, see: (record: MetricRecord) => void): Promise<void> {
  const splitter = new LineSplitter();
  const reader = createMetricReader();
  const read = (lines: Iterable<{ text: string; line: number }>): void => {
    for (const { text, line } of lines) for (const record of reader.read(text, line)) see(record);
  };
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) read(splitter.push(chunk));
    read(splitter.end());
  } catch (error) {
    throw new LabError(`${path} cannot be read: ${errorText(error)}`, 'give the path of a log file', {
      cause: error,
    });
  }
}

function jsonOf(record: MetricRecord): unknown {
  const metrics = Object.fromEntries(
    Object.entries(record.metrics).map(([name, value]) => [name, toJsonNumber(value)]),
  );
  return { line: record.line, step: record.step, epoch: record.epoch, metrics };
}

function table(series: ReadonlyMap<string, readonly number[]>, width: number): string {
  const rows = [...series].map(([name, values]) => {
    const finite = values.filter(Number.isFinite);
    const low = finite.length === 0 ? null : finite.reduce((a, b) => Math.min(a, b));
    const high = finite.length === 0 ? null : finite.reduce((a, b) => Math.max(a, b));
    return [
      name,
      String(values.length),
      formatValue(values[0] ?? null),
      formatValue(values.at(-1) ?? null),
      formatValue(low),
      formatValue(high),
      sparkline(values, 24),
    ];
  });
  const right = (header: string) => ({ header, align: 'right' as const });
  return textTable(
    rows,
    [
      { header: 'metric', flexible: true },
      right('values'),
      right('first'),
      right('last'),
      right('min'),
      right('max'),
      { header: '' },
    ],
    width,
  );
}

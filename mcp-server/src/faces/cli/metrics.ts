import { createReadStream, statSync } from 'node:fs';
import { sparkline } from '../../core/chart/sparkline.js';
import { errorText, LabError } from '../../core/errors.js';
import { type MetricRecord, toJsonNumber } from '../../core/metric.js';
import { LineSplitter } from '../../core/reading/lines.js';
import { createMetricReader } from '../../core/reading/reader.js';
import { textTable } from '../../core/table.js';
import { formatValue } from '../../core/units.js';
import { readStructuredFile, readStructuredFolder } from '../../engine/read-structured.js';
import { type Command, type Console, UsageError } from '../command.js';
import { createStyle } from '../terminal/style.js';

export const command: Command = {
  name: 'metrics',
  summary: 'What the metric reader sees in a log, a structured file, or a folder of such files.',
  usage: 'metrics FILE|DIR… [--json]',
  flags: {},
  json: true,
  project: false,
  words: 100,
  async run(console, args) {
    if (args.words.length === 0) throw new UsageError('which log? usage: auto-experiment metrics FILE');
    for (const file of args.words) {
      if (args.switches.json === true) {
        await readAny(console, file, (record) => console.out(`${JSON.stringify(jsonOf(record))}\n`));
        continue;
      }
      const series = new Map<string, number[]>();
      await readAny(console, file, (record) => {
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

/** A structured file by its own reader, a folder by all of them, everything else as a log. */
async function readAny(
  console: Console,
  path: string,
  see: (record: MetricRecord & { source?: string }) => void,
): Promise<void> {
  const { machine, clock } = console.lab(console.cwd);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const result = isFolder
    ? await readStructuredFolder(machine, path, clock(), see)
    : await readStructuredFile(machine, path, see);
  if (result === null) return readFile(path, see);
  if (result.damaged > 0) console.err(`${path}: ${result.damaged} damaged records were skipped\n`);
  if (result.files === 0 && isFolder)
    throw new LabError(
      `no structured file with metrics was found in ${path}`,
      'give the path of a log file to read that',
    );
}

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

function jsonOf(record: MetricRecord & { source?: string }): unknown {
  const metrics = Object.fromEntries(
    Object.entries(record.metrics).map(([name, value]) => [name, toJsonNumber(value)]),
  );
  return {
    line: record.line,
    step: record.step,
    epoch: record.epoch,
    metrics,
    ...(record.source === undefined ? {} : { source: record.source }),
  };
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

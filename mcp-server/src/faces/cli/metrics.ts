import { createReadStream, statSync } from 'node:fs';
import { sparkline } from '../../core/chart/sparkline.js';
import { errorText, LabError } from '../../core/errors.js';
import { type MetricRecord, toJsonNumber } from '../../core/metric.js';
import { RecordBatch, recordOf } from '../../core/reading/batch.js';
import { type Line, LineSplitter } from '../../core/reading/lines.js';
import { normalizeName } from '../../core/reading/names.js';
import { isPace } from '../../core/reading/pace.js';
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
      const [measured, pace] = [new Map<string, Curve>(), new Map<string, Curve>()];
      await readAny(console, file, (record) => {
        const curves = tellsPace(record) ? pace : measured;
        for (const [name, value] of Object.entries(record.metrics)) {
          const curve = curves.get(name) ?? createCurve();
          if (curve.count === 0) curves.set(name, curve);
          addTo(curve, value);
        }
      });
      const style = createStyle(console.colour);
      if (args.words.length > 1) console.out(`${style.bold(file)}\n`);
      const width = console.terminal ? console.width : 120;
      console.out(measured.size === 0 ? 'no metrics seen\n' : `${table('metric', measured, width)}\n`);
      if (pace.size > 0) console.out(`\n${table('progress', pace, width)}\n`);
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

/** Bytes at once: so few that what is made of them does not outlive its first collection. */
const CHUNK = 1 << 18;

/** Reads a whole log with bounded memory. Throws LabError when it cannot be read. */
async function readFile(path: string, see: (record: MetricRecord) => void): Promise<void> {
  const splitter = new LineSplitter();
  const reader = createMetricReader();
  const batch = new RecordBatch();
  const read = (lines: readonly Line[]): void => {
    for (const line of lines) reader.readLine(line, batch);
    batch.drain((row) => see(recordOf(row)));
  };
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) read(splitter.push(chunk));
    read(splitter.end());
  } catch (error) {
    throw new LabError(`${path} cannot be read: ${errorText(error)}`, 'give the path of a log file', {
      cause: error,
    });
  }
}

/** A record of nothing but how fast training goes: shown as progress. Beside a metric the pace stays with its record. */
const tellsPace = ({ metrics }: MetricRecord): boolean =>
  Object.keys(metrics).every((name) => isPace(normalizeName(name)));

function jsonOf(record: MetricRecord & { source?: string }): unknown {
  const values = Object.fromEntries(
    Object.entries(record.metrics).map(([name, value]) => [name, toJsonNumber(value)]),
  );
  return {
    line: record.line,
    step: record.step,
    epoch: record.epoch,
    ...(tellsPace(record) ? { metrics: {}, progress: values } : { metrics: values }),
    ...(record.source === undefined ? {} : { source: record.source }),
  };
}

/** A curve as it is shown, in constant memory however long it is. */
interface Curve {
  count: number;
  first: number | null;
  last: number | null;
  low: number | null;
  high: number | null;
  /** Every `stride`-th value. */
  points: number[];
  stride: number;
}

/** Points kept of a curve: many times the columns that it is drawn in. */
const POINTS = 1024;

const createCurve = (): Curve => ({
  count: 0,
  first: null,
  last: null,
  low: null,
  high: null,
  points: [],
  stride: 1,
});

function addTo(curve: Curve, value: number): void {
  if (curve.count % curve.stride === 0) curve.points.push(value);
  if (curve.points.length >= POINTS) {
    curve.points = curve.points.filter((_, index) => index % 2 === 0);
    curve.stride *= 2;
  }
  curve.count += 1;
  curve.first ??= value;
  curve.last = value;
  if (!Number.isFinite(value)) return;
  curve.low = Math.min(curve.low ?? value, value);
  curve.high = Math.max(curve.high ?? value, value);
}

function table(title: string, curves: ReadonlyMap<string, Curve>, width: number): string {
  const rows = [...curves].map(([name, { count, first, last, low, high, points }]) => [
    name,
    String(count),
    formatValue(first),
    formatValue(last),
    formatValue(low),
    formatValue(high),
    sparkline(points, 24),
  ]);
  const right = (header: string) => ({ header, align: 'right' as const });
  return textTable(
    rows,
    [
      { header: title, flexible: true },
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

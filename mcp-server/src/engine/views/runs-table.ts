import { showCommand } from '../../core/command.js';
import type { JsonNumber } from '../../core/metric.js';
import type { RunView } from '../../core/run.js';
import { oneLine } from '../../core/text.js';
import type { Overview } from '../../core/view.js';

type Cell = string | number | null;

/** Metrics with a column of their own; of a project with more, those that most runs have. */
const METRIC_COLUMNS = 60;

const COLUMNS: readonly [name: string, value: (run: RunView) => Cell | JsonNumber | undefined][] = [
  ['run', (run) => run.id],
  ['title', (run) => run.title],
  ['role', (run) => run.role],
  ['replicate_of', (run) => run.replicate_of],
  ['state', (run) => run.state],
  ['ending', (run) => run.ending],
  ['exit_code', (run) => run.exit_code],
  ['metric', (run) => run.primary?.name],
  ['value', (run) => run.primary?.value],
  ['verdict', (run) => run.verdict],
  ['gain', (run) => run.gain],
  ['gain_low_95', (run) => run.interval?.[0]],
  ['gain_high_95', (run) => run.interval?.[1]],
  ['verdict_reason', (run) => run.verdict_reason],
  ['flags', (run) => run.flags.join('; ')],
  ['seed', (run) => run.seed],
  ['duration_s', (run) => run.duration_s],
  ['gpus', (run) => run.gpus.length],
  ['gpu_hours', (run) => Number((((run.duration_s ?? 0) * run.gpus.length) / 3600).toFixed(4))],
  ['created_at', (run) => run.created_at],
  ['started_at', (run) => run.started_at],
  ['ended_at', (run) => run.ended_at],
  ['evidence', (run) => run.evidence[0]],
  ['command', (run) => showCommand(run.command)],
  ['log', (run) => run.log],
];

/** Every run, a line each, for other programs. What is unknown is empty, never 0. */
export function runsTable({ runs }: Pick<Overview, 'runs'>, format: 'csv' | 'tsv'): string {
  const metrics = metricNames(runs);
  const header = [
    ...COLUMNS.map(([name]) => name),
    ...metrics.flatMap((name) => [`${name} last`, `${name} best`]),
  ];
  const rows = runs.map((run) => [
    ...COLUMNS.map(([, value]) => value(run) ?? null),
    ...metrics.flatMap((name) => [run.metrics[name]?.last ?? null, run.metrics[name]?.best ?? null]),
  ]);
  const cell = format === 'csv' ? csvCell : tsvCell;
  const between = format === 'csv' ? ',' : '\t';
  const end = format === 'csv' ? '\r\n' : '\n';
  return [header, ...rows].map((row) => row.map(cell).join(between) + end).join('');
}

function metricNames(runs: readonly RunView[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs)
    for (const name of Object.keys(run.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, METRIC_COLUMNS)
    .map(([name]) => name);
}

/** RFC 4180. Text that a spreadsheet would take for a formula is marked as text. */
function csvCell(value: Cell): string {
  if (typeof value === 'number' || value === null) return String(value ?? '');
  const text = literal(value);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const tsvCell = (value: Cell): string => (typeof value === 'string' ? literal(value) : String(value ?? ''));

/** One line without tabs: `oneLine` takes them out. */
function literal(value: string): string {
  const text = oneLine(value);
  return /^[=+@-]/.test(text) && !/^-(?:Infinity|\d)/.test(text) ? `'${text}` : text;
}

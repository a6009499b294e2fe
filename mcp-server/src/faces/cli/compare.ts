import { sparkline } from '../../core/chart/sparkline.js';
import { showCommand } from '../../core/command.js';
import type { RunView } from '../../core/run.js';
import { textTable } from '../../core/table.js';
import { oneLine, plain } from '../../core/text.js';
import { formatDuration, formatValue } from '../../core/units.js';
import { clipMiddle } from '../../core/width.js';
import { codeDifference, environmentDifference } from '../../engine/runs/compare.js';
import { viewRun } from '../../engine/runs/view.js';
import { endingWord } from '../../engine/views/report-words.js';
import { readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readRunCurves } from '../../store/run-curves.js';
import { readRun } from '../../store/runs.js';
import { type Command, UsageError } from '../command.js';
import { verdictText } from '../terminal/run-lines.js';
import { createStyle, type Style } from '../terminal/style.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'compare',
  summary: 'Runs side by side: endings, metrics, commands, and what changed in the code.',
  usage: 'compare RUN RUN… [--project DIR] [--json]',
  flags: {},
  json: true,
  project: true,
  words: 20,
  async run(console, args) {
    if (args.words.length < 2)
      throw new UsageError(
        'compare takes two or more runs, for instance: auto-experiment compare exp001 exp004',
      );
    const lab = labOf(console, args);
    const project = lab.open();
    const { campaign } = readCampaign(project.paths.ledger);
    const records = args.words.map((id) => readRun(project.paths.runs, id));
    const runs = records.map((record) =>
      viewRun(project.paths, record, campaign.runs.get(record.id), lab.clock()),
    );
    const [first, ...others] = records;
    const code: { from: string; to: string; diff: string | null }[] = [];
    const environment: { from: string; to: string; differences: string[] | null }[] = [];
    for (const other of others) {
      if (first === undefined) break;
      const pair = { from: first.id, to: other.id };
      code.push({ ...pair, diff: await codeDifference(project, first, other) });
      environment.push({ ...pair, differences: environmentDifference(project, first, other) });
    }
    if (args.switches.json === true) {
      outJson(console, { runs, code, environment });
      return 0;
    }
    const width = console.terminal ? console.width : 120;
    const style = createStyle(console.colour);
    const each = Math.max(8, Math.floor((width - 22) / runs.length) - 2);
    const sparks = runs.map((run) => sparkOf(project, run, Math.min(16, each)));
    console.out(`${table(runs, { sparks, each, width, style })}\n\n`);
    for (const run of runs) console.out(`${style.bold(run.id)}  ${showCommand(run.command)}\n`);
    const environments = environment.map(({ differences, ...pair }) => ({
      ...pair,
      words:
        differences === null
          ? UNKNOWN
          : differences.length === 0
            ? 'the same'
            : differences.map((line) => `\n  ${plain(line)}`).join(''),
    }));
    const codes = code.map(({ diff, ...pair }) => ({
      ...pair,
      words: diff === null ? UNKNOWN : diff === '' ? 'the same' : `\n${painted(diff, style)}`,
    }));
    console.out(sayOnce(style.bold('environment'), environments));
    console.out(sayOnce(style.bold('code'), codes));
    return 0;
  },
};

const UNKNOWN = 'unknown: it was not kept';

/** What holds for several runs is said once, with all of them. */
function sayOnce(what: string, all: readonly { from: string; to: string; words: string }[]): string {
  return [...new Set(all.map(({ words }) => words))]
    .map((words) => {
      const alike = all.filter((one) => one.words === words);
      return `\n${what} ${alike[0]?.from} → ${alike.map(({ to }) => to).join(', ')}: ${words}\n`;
    })
    .join('');
}

/** How the primary metric moved; empty where too little of it was seen. */
function sparkOf({ paths }: Project, run: RunView, cells: number): string {
  if (run.primary === null) return '';
  const { primary } = readRunCurves(runPaths(paths.runs, run.id).metrics, run.id, run.primary.name);
  return primary.length < 2
    ? ''
    : sparkline(
        primary.map(({ value }) => value),
        cells,
      );
}

function table(
  runs: readonly RunView[],
  layout: { sparks: readonly string[]; each: number; width: number; style: Style },
): string {
  const { sparks, each, width, style } = layout;
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))];
  const row = (name: string, cell: (run: RunView, index: number) => string): string[] => [
    name,
    ...runs.map(cell),
  ];
  const primary = runs.find((run) => run.primary !== null)?.primary?.name ?? '';
  const rows = [
    row('what', (run) => clipMiddle(oneLine(run.title), each)),
    row('ending', (run) => endingWord(run).text),
    row('verdict', (run) => verdictText(run)),
    row('time', (run) => formatDuration(run.duration_s)),
    ...(sparks.some((spark) => spark !== '')
      ? [row(`${primary} curve`, (_, index) => sparks[index] || '–')]
      : []),
    ...names.slice(0, MOST_METRICS).map((name) => row(name, (run) => cellOf(run, name))),
  ];
  const text = textTable(
    rows,
    [
      { header: '', cut: 'middle', flexible: true },
      ...runs.map((run) => ({
        header: run.id,
        align: 'right' as const,
        flexible: true,
      })),
    ],
    width,
  );
  const more = names.length - MOST_METRICS;
  return more > 0 ? `${text}\n${style.dim(`… and ${more} metrics more (--json has all)`)}` : text;
}

const MOST_METRICS = 30;

/** Last value, and the best one where it differs. A metric that a run never printed is unknown. */
function cellOf(run: RunView, name: string): string {
  const metric = run.metrics[name];
  if (metric === undefined) return 'unknown';
  const best =
    metric.best === null || metric.best === metric.last ? '' : ` (best ${formatValue(metric.best)})`;
  return `${formatValue(metric.last)}${best}`;
}

/** A diff as people are used to see it; every sign stands without colour too. */
function painted(diff: string, style: Style): string {
  return diff
    .split('\n')
    .map((line) => {
      const safe = plain(line);
      if (/^(?:\+\+\+|---|diff |@@)/.test(safe)) return style.dim(safe);
      return safe.startsWith('+') ? style.good(safe) : safe.startsWith('-') ? style.bad(safe) : safe;
    })
    .join('\n');
}

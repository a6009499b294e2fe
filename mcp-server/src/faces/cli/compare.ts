import { showCommand } from '../../core/command.js';
import type { RunView } from '../../core/run.js';
import { textTable } from '../../core/table.js';
import { plain } from '../../core/text.js';
import { formatDuration, formatValue } from '../../core/units.js';
import { codeDifference, environmentDifference } from '../../engine/runs/compare.js';
import { viewRun } from '../../engine/runs/view.js';
import { readCampaign } from '../../store/ledger.js';
import { readRun } from '../../store/runs.js';
import { type Command, UsageError } from '../command.js';
import { standOf, verdictOf } from '../terminal/run-lines.js';
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
    console.out(`${table(runs, console.terminal ? console.width : 120)}\n`);
    for (const run of runs) console.out(`\n${run.id}  ${showCommand(run.command)}`);
    console.out('\n');
    for (const { from, to, differences } of environment)
      console.out(
        `\nenvironment ${from} → ${to}: ${differences === null ? 'unknown: it was not kept' : differences.length === 0 ? 'the same' : differences.map((line) => `\n  ${plain(line)}`).join('')}\n`,
      );
    for (const { from, to, diff } of code)
      console.out(
        `\ncode ${from} → ${to}: ${diff === null ? 'unknown: it was not kept' : diff === '' ? 'the same' : `\n${diff}`}\n`,
      );
    return 0;
  },
};

function table(runs: readonly RunView[], width: number): string {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))];
  const row = (name: string, cell: (run: RunView) => string): string[] => [name, ...runs.map(cell)];
  return textTable(
    [
      row('ending', standOf),
      row('verdict', verdictOf),
      row('time', (run) => formatDuration(run.duration_s)),
      ...names.slice(0, 30).map((name) => row(name, (run) => cellOf(run, name))),
    ],
    [{ header: '' }, ...runs.map((run) => ({ header: run.id, align: 'right' as const }))],
    width,
  );
}

/** Last value, and the best one where it differs. A metric that a run never printed is unknown. */
function cellOf(run: RunView, name: string): string {
  const metric = run.metrics[name];
  if (metric === undefined) return 'unknown';
  const best =
    metric.best === null || metric.best === metric.last ? '' : ` (best ${formatValue(metric.best)})`;
  return `${formatValue(metric.last)}${best}`;
}

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LabError } from '../../core/errors.js';
import { clip } from '../../core/text.js';
import { runLoop } from '../../engine/loop/controller.js';
import { sweepPlanner } from '../../engine/loop/sweep-planner.js';
import { assertProgram } from '../../engine/runs/program.js';
import { buildOverview } from '../../engine/views/overview.js';
import type { Command } from '../command.js';
import { wholeNumber } from '../flags.js';
import { runTable, standingWords } from '../terminal/status-text.js';
import { createStyle } from '../terminal/style.js';
import { createTeller } from '../terminal/teller.js';
import { outJson } from './shared.js';

export const command: Command = {
  name: 'demo',
  summary:
    'The main job on the shipped example: real training, judged and remembered, with a report at the end.',
  usage: 'demo [--cycles N] [--into DIR] [--json]',
  flags: {
    cycles: { kind: 'value', value: 'N', help: 'Settings to try, the baseline included; default 8.' },
    into: {
      kind: 'value',
      value: 'DIR',
      help: 'A folder that does not exist yet; default: a fresh one under demo-runs/.',
    },
  },
  json: true,
  project: false,
  words: 0,
  async run(console, args) {
    const cycles = wholeNumber(args, 'cycles', 1) ?? 8;
    assertProgram(['python3'], console.cwd, { PATH: console.env.PATH ?? '' });
    const folder = copyExample(
      console.packageRoot,
      args.values.into === undefined ? freshFolder(console.cwd) : resolve(console.cwd, args.values.into),
      cycles,
    );
    const lab = console.lab(folder);
    const teller = args.switches.json === true ? null : createTeller(console);
    console.err(`digits example in ${folder}\n`);
    const { reason } = await runLoop(lab, {
      planner: sweepPlanner(),
      maxCycles: null,
      signal: console.signal,
      tell: teller?.tell ?? (() => undefined),
    });
    teller?.done();
    const view = await buildOverview(lab, lab.open());
    const report = join(lab.open().paths.reports, 'report.html');
    if (args.switches.json === true) {
      outJson(console, {
        project: folder,
        stopped: reason,
        baseline: view.baseline,
        best: view.best,
        runs: view.runs,
        report,
      });
      return 0;
    }
    const style = createStyle(console.colour);
    const cut = (text: string): string => (console.terminal ? clip(text, console.width - 1) : text);
    const lines = [
      '',
      ...runTable(view.runs, console.terminal ? console.width : 120, { style, baseline: view.baseline }),
      '',
    ];
    if (view.baseline !== null) lines.push(cut(`baseline  ${standingWords(view.baseline)}`));
    if (view.best !== null) lines.push(style.good(cut(`best      ${standingWords(view.best)}`)));
    lines.push('', `report    ${report}`, `look on   auto-experiment status --project '${folder}'`);
    console.out(`${lines.join('\n')}\n`);
    return 0;
  },
};

/** Copies the example into a new folder, with the number of settings asked for. Throws LabError when the folder exists. */
function copyExample(packageRoot: string, folder: string, cycles: number): string {
  if (existsSync(folder))
    throw new LabError(
      `${folder} exists already`,
      'give a folder that does not exist; nothing is ever written over',
    );
  const example = join(packageRoot, 'examples', 'digits');
  mkdirSync(folder, { recursive: true });
  cpSync(example, folder, { recursive: true, filter: (path) => !path.endsWith('__pycache__') });
  const config = join(folder, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/\bmax_runs: \d+/, `max_runs: ${cycles}`));
  return folder;
}

/** A folder of its own for each demo, below the current folder where that can be written. */
function freshFolder(cwd: string): string {
  const name = `digits-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`;
  try {
    mkdirSync(join(cwd, 'demo-runs'), { recursive: true });
    return join(cwd, 'demo-runs', name);
  } catch {
    // A read-only current folder is no reason not to show the demo.
    return join(mkdtempSync(join(tmpdir(), 'auto-experiment-')), name);
  }
}

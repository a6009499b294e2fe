import { join, resolve } from 'node:path';
import { exportTensorboard } from '../../engine/views/export-tensorboard.js';
import { type Command, UsageError } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'export',
  summary: 'Write runs as event files for TensorBoard: curves, settings, verdicts.',
  usage: 'export --to tensorboard [RUN…] [--out DIR] [--project DIR] [--json]',
  flags: {
    to: { kind: 'value', value: 'NAME', help: 'tensorboard.' },
    out: { kind: 'value', value: 'DIR', help: 'Default: workspace/exports/tensorboard.' },
  },
  json: true,
  project: true,
  words: 1000,
  async run(console, args) {
    const to = args.values.to ?? 'tensorboard';
    if (to !== 'tensorboard') throw new UsageError(`--to takes tensorboard, not "${to}"`);
    const project = labOf(console, args).open();
    const out =
      args.values.out === undefined
        ? join(project.paths.workspace, 'exports', 'tensorboard')
        : resolve(console.cwd, args.values.out);
    const exported = exportTensorboard(project, args.words, out);
    if (args.switches.json === true) outJson(console, exported);
    else {
      console.out(`${exported.folder}\n`);
      const points = exported.runs.reduce((sum, run) => sum + run.points, 0);
      console.err(
        `${exported.runs.length} runs, ${points} values; look at them with: tensorboard --logdir '${exported.folder}'\n`,
      );
    }
    return 0;
  },
};

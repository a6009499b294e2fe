import { toArgv } from '../../core/command.js';
import { parseDuration } from '../../core/units.js';
import { launch } from '../../engine/runs/launch.js';
import { viewRun } from '../../engine/runs/view.js';
import { type Command, UsageError } from '../command.js';
import { wholeNumber } from '../flags.js';
import { labOf, outJson } from './shared.js';
import { waitAndShow } from './wait.js';

export const command: Command = {
  name: 'launch',
  summary: 'Queue one run of a command. It goes on when this terminal closes.',
  usage: 'launch [--title TEXT] [--gpus N] [--time-limit 2h] [--wait] [--project DIR] [--json] -- CMD…',
  flags: {
    title: { kind: 'value', value: 'TEXT', help: 'One line that says what this run tries.' },
    gpus: { kind: 'value', value: 'N', help: 'GPUs to lease; default: gpu.per_run of the config.' },
    'time-limit': { kind: 'value', value: 'TIME', help: 'Longest it may take, for instance 90s, 20m, 2h.' },
    'skip-dry-run': { kind: 'switch', help: 'Do not run the declared short run first.' },
    wait: { kind: 'switch', help: 'Wait until it has ended, then show it.' },
  },
  json: true,
  project: true,
  words: 1,
  async run(console, args) {
    const argv = args.rest ?? (args.words[0] === undefined ? null : toArgv(args.words[0]));
    if (argv === null || argv.length === 0)
      throw new UsageError(
        'no command; write it behind --, for instance: auto-experiment launch -- python3 train.py',
      );
    const limit = args.values['time-limit'];
    const timeLimit = limit === undefined ? undefined : parseDuration(limit);
    if (timeLimit === null)
      throw new UsageError(`--time-limit takes a duration such as 90s, 20m or 2h, not "${limit}"`);
    const gpus = wholeNumber(args, 'gpus');
    const lab = labOf(console, args);
    const project = lab.open();
    const { record, notes } = await launch(lab, project, {
      argv: toArgv(argv),
      dryRunPolicy: args.switches['skip-dry-run'] === true ? 'skip' : 'declared',
      signal: console.signal,
      ...(args.values.title === undefined ? {} : { title: args.values.title }),
      ...(gpus === undefined ? {} : { gpus }),
      ...(timeLimit === undefined ? {} : { timeLimit }),
    });
    for (const note of notes) console.err(`note: ${note}\n`);
    if (args.switches.wait === true) return waitAndShow(console, args, lab, project, record.id, null);
    const run = viewRun(project.paths, record, undefined, lab.clock());
    if (args.switches.json === true) outJson(console, run);
    else
      console.out(
        `${run.id} queued: ${run.title}\nlog: ${run.log}\nwait for it: auto-experiment wait ${run.id}\n`,
      );
    return 0;
  },
};

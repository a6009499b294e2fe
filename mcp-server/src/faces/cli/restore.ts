import { resolve } from 'node:path';
import { showCommand } from '../../core/command.js';
import { LabError } from '../../core/errors.js';
import { restoreSnapshot } from '../../store/restore.js';
import { readRun } from '../../store/runs.js';
import { type Command, UsageError } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'restore',
  summary: 'Put the code of a run into a new folder. The project itself is not touched.',
  usage: 'restore RUN [--into DIR] [--project DIR] [--json]',
  flags: {
    into: {
      kind: 'value',
      value: 'DIR',
      help: 'A new or empty folder; default: RUN-code in the current folder.',
    },
  },
  json: true,
  project: true,
  words: 1,
  async run(console, args) {
    const [id] = args.words;
    if (id === undefined) throw new UsageError('which run? usage: auto-experiment restore RUN');
    const { paths } = labOf(console, args).open();
    const record = readRun(paths.runs, id);
    if (record.code === null)
      throw new LabError(
        `the code of ${id} was not kept`,
        'its launch said why; see the notes of the launch',
      );
    const into = resolve(console.cwd, args.values.into ?? `${id}-code`);
    const { files, bytes } = await restoreSnapshot({
      project: paths.root,
      workspace: paths.workspace,
      snapshot: record.code,
      into,
    });
    if (args.switches.json === true)
      outJson(console, { run: id, into, files, bytes, code: record.code, command: record.command });
    else console.out(`${files} files in ${into}\nrun it again there: ${showCommand(record.command)}\n`);
    return 0;
  },
};

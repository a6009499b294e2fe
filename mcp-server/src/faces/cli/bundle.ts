import { resolve } from 'node:path';
import { LabError } from '../../core/errors.js';
import { writeBundle } from '../../engine/views/write-bundle.js';
import { readCampaign } from '../../store/ledger.js';
import type { Command } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'bundle',
  summary:
    'Pack all that it takes to run a run again: code, command, seed, environment, metrics, log, verdict.',
  usage: 'bundle [RUN] [--into FILE] [--project DIR] [--json]',
  flags: {
    into: { kind: 'value', value: 'FILE', help: 'A new .tar.gz; default: RUN.tar.gz in workspace/bundles.' },
  },
  json: true,
  project: true,
  words: 1,
  async run(console, args) {
    const lab = labOf(console, args);
    const project = lab.open();
    const { champion } = readCampaign(project.paths.ledger).campaign;
    const id = args.words[0] ?? champion;
    if (id === null) throw new LabError('nothing has run yet', 'name a run: auto-experiment bundle exp001');
    const into = args.values.into === undefined ? null : resolve(console.cwd, args.values.into);
    const bundle = await writeBundle(lab, project, id, into);
    if (args.switches.json === true) outJson(console, bundle);
    else {
      console.out(`${bundle.file}\n`);
      console.err(`${bundle.files} files, ${bundle.bytes} bytes; its README.md says how to run it again\n`);
      for (const path of bundle.redacted)
        console.err(`note: something like a secret was taken out of ${path}\n`);
      for (const words of bundle.left_out) console.err(`note: left out: ${words}\n`);
    }
    return 0;
  },
};

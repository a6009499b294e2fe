import { writeReport } from '../../engine/views/write-report.js';
import type { Command } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'report',
  summary: 'Write the report: what ran, what is better and by how much, with plots; HTML and Markdown.',
  usage: 'report [--project DIR] [--json]',
  flags: {},
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const lab = labOf(console, args);
    const written = await writeReport(lab, lab.open());
    if (args.switches.json === true) outJson(console, written);
    else console.out(`${written.html}\n${written.markdown}\n`);
    return 0;
  },
};

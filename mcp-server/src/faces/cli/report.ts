import { FORMATS, type Format, writeReport } from '../../engine/views/write-report.js';
import { type Command, UsageError } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'report',
  summary:
    'Write the report: what ran, what is better and by how much, with plots; HTML, Markdown, CSV, TSV, PNG.',
  usage: 'report [--format html,markdown,csv,tsv,png] [--project DIR] [--json]',
  flags: {
    format: {
      kind: 'values',
      value: 'LIST',
      help: 'Only these: html, markdown, csv and tsv (all runs), png (the main chart). Default: all of them.',
    },
  },
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const named = args.lists.format ?? [];
    const formats = FORMATS.filter((format) => named.includes(format));
    const wrong = named.find((name) => !FORMATS.some((format) => format === name));
    if (wrong !== undefined) throw new UsageError(`--format takes ${FORMATS.join(', ')}, not "${wrong}"`);
    const lab = labOf(console, args);
    const wanted: readonly Format[] = formats.length > 0 ? formats : FORMATS;
    const written = await writeReport(lab, lab.open(), wanted);
    if (args.switches.json === true) outJson(console, written);
    else console.out(FORMATS.flatMap((format) => (written[format] ? [`${written[format]}\n`] : [])).join(''));
    return 0;
  },
};

import { finalize } from '../../engine/views/finalize.js';
import type { Command } from '../command.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'finalize',
  summary: 'Make a git branch for each confirmed gain, with that one change, to review and merge.',
  usage: 'finalize [RUN…] [--project DIR] [--json]',
  flags: {},
  json: true,
  project: true,
  words: 50,
  async run(console, args) {
    const results = await finalize(labOf(console, args).open(), args.words);
    if (args.switches.json === true) outJson(console, { branches: results });
    else
      for (const { run, title, branch, base, diffstat, why } of results) {
        console.out(`${run}  ${title}\n`);
        if (branch !== null)
          console.out(`  branch  ${branch}\n  review  git diff ${base?.slice(0, 12)} ${branch}\n`);
        if (why !== null) console.out(`  note    ${why}\n`);
        if (diffstat !== null) console.out(`${diffstat.replace(/^/gm, '  ')}\n`);
      }
    return 0;
  },
};

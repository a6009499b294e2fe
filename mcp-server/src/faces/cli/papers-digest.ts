import { makeDigest } from '../../engine/papers/digest.js';
import { renderDigest } from '../../engine/papers/render-digest.js';
import type { Console, Parsed } from '../command.js';
import { labOf, outJson } from './shared.js';

/**
 * `papers digest`. Exit code 0 also when nothing is due; 1 when a batch is due and cannot be read, so that cron tells of
 * it. `--quiet` prints the path of a new file alone.
 */
export async function digestCommand(console: Console, args: Parsed): Promise<number> {
  const lab = labOf(console, args);
  const list = (name: string): string[] | undefined => {
    const given = args.lists[name] ?? [];
    return given.length === 0 ? undefined : given;
  };
  const request = {
    topics: list('topics'),
    categories: list('categories'),
    replacements: args.switches.replacements === true,
  };
  const answer = await makeDigest(lab, lab.open(), request, console.signal);
  if (args.switches.json === true) outJson(console, answer);
  else if (args.switches.quiet !== true) console.out(`${renderDigest(answer)}\n`);
  else if (answer.status === 'written') console.out(`${answer.file}\n`);
  if (answer.status !== 'late') return 0;
  if (args.switches.quiet === true) console.err(`${[answer.message, ...answer.notes].join('\n')}\n`);
  return 1;
}

import type { Command } from '../command.js';
import { helpOf } from '../flags.js';

/** `docs/cli.md`: every command’s own help. */
export function cliPage(commands: readonly Command[]): string {
  const lines = [
    '# Command line',
    '',
    'Exit codes: 0 done, 1 failed (message and hint on standard error), 2 wrong usage. Data goes to standard output, progress to standard error. `NO_COLOR` is respected.',
  ];
  for (const command of commands)
    lines.push('', `## ${command.name}`, '', '```', helpOf(command).trimEnd(), '```');
  return `${lines.join('\n')}\n`;
}

import { LabError } from './errors.js';

/**
 * argv from what a person or an agent wrote: an array is taken as it is, a string is split by the words, quotes and
 * backslashes of the POSIX shell. Pipes, redirections, `;`, `&`, `$(…)` and variables mean nothing here and are
 * refused with the way to get them: `sh -c '…'`. Throws LabError.
 */
export function toArgv(command: string | readonly string[]): string[] {
  const argv = typeof command === 'string' ? split(command) : [...command];
  if (argv.length === 0 || argv[0] === '') {
    throw new LabError(
      'the command is empty',
      'write a program and its arguments, for instance: python3 train.py --lr 0.1',
    );
  }
  const bad = argv.find((word) => word.includes('\0'));
  if (bad !== undefined)
    throw new LabError('the command holds a NUL character', 'remove it: no program can be given one');
  return argv;
}

const SHELL = new Set(['|', '&', ';', '<', '>', '(', ')', '`', '\n']);

function split(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let open = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"' && '"\\$`'.includes(text.charAt(i + 1))) word += text.charAt(++i);
      else word += c;
    } else if (c === "'" || c === '"') {
      quote = c;
      open = true;
    } else if (c === '\\' && i + 1 < text.length) {
      const next = text.charAt(++i);
      if (next !== '\n') word += next;
      open = true;
    } else if (c === ' ' || c === '\t' || (c === '\n' && text.slice(i).trim() === '')) {
      if (open || word !== '') words.push(word);
      word = '';
      open = false;
    } else if (SHELL.has(c) || (c === '$' && /[A-Za-z_({]/.test(text.charAt(i + 1)))) {
      throw new LabError(
        `the command cannot be parsed: "${c === '\n' ? 'a line break' : c}" needs a shell`,
        "commands are started without a shell; write sh -c '…' around it if you mean one",
      );
    } else word += c;
  }
  if (quote !== '') {
    throw new LabError(`the command cannot be parsed: a ${quote} is not closed`, `add the missing ${quote}`);
  }
  if (open || word !== '') words.push(word);
  return words;
}

/** The command as a person would type it, for display only. */
export function showCommand(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./{}[\]-]+$/.test(word) ? word : shellWord(word))).join(' ');
}

/** One word for a POSIX shell, whatever it holds. */
export function shellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command with its numbers masked: runs that differ only in numbers run the same code. */
export function commandShape(argv: readonly string[]): string {
  return JSON.stringify(argv.map((word) => word.replace(/(^|=)[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, '$1#')));
}

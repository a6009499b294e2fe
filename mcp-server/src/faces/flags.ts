import { parseArgs } from 'node:util';
import { errorText } from '../core/errors.js';
import { nearest } from '../core/text.js';
import { type Command, type Flag, type Parsed, UsageError } from './command.js';

const COMMON: Record<string, Flag> = {
  help: { kind: 'switch', help: 'Show this help.' },
};
const PROJECT: Flag = {
  kind: 'value',
  value: 'DIR',
  help: 'The project folder; the current one when absent.',
};
const JSON_FLAG: Flag = { kind: 'switch', help: 'Answer with JSON on standard output.' };

/** All options of a command: its own and those that its kind brings. */
function flagsOf(command: Command): Record<string, Flag> {
  return {
    ...command.flags,
    ...(command.project ? { project: PROJECT } : {}),
    ...(command.json ? { json: JSON_FLAG } : {}),
    ...COMMON,
  };
}

/** Parses arguments. Throws UsageError that names the nearest option. */
export function parseFlags(command: Command, argv: readonly string[]): Parsed {
  const flags = flagsOf(command);
  const cut = argv.indexOf('--');
  const own = cut < 0 ? [...argv] : argv.slice(0, cut);
  for (const word of own) {
    const name = /^--([^=]+)/.exec(word)?.[1];
    if (name === undefined || name in flags || name.replace(/^no-/, '') in flags) continue;
    const close = nearest(name, Object.keys(flags));
    throw new UsageError(
      `unknown option --${name}${close === undefined ? '' : `; did you mean --${close}?`}`,
    );
  }
  const { values, positionals } = parse(own, flags);
  if (positionals.length > command.words) {
    throw new UsageError(
      `unexpected "${positionals[command.words]}"; usage: auto-experiment ${command.usage}`,
    );
  }
  const parsed: Parsed = {
    switches: {},
    values: {},
    lists: {},
    words: positionals,
    rest: cut < 0 ? null : argv.slice(cut + 1),
  };
  for (const [name, flag] of Object.entries(flags)) {
    const value = values[name];
    if (flag.kind === 'switch') parsed.switches[name] = value === true;
    else if (flag.kind === 'value') parsed.values[name] = typeof value === 'string' ? value : undefined;
    else
      parsed.lists[name] = Array.isArray(value)
        ? value
            .flatMap((part) => (flag.kind === 'each' ? String(part) : String(part).split(',')))
            .filter((part) => part !== '')
        : [];
  }
  return parsed;
}

function parse(args: string[], flags: Record<string, Flag>) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      {
        type: flag.kind === 'switch' ? ('boolean' as const) : ('string' as const),
        multiple: flag.kind === 'values' || flag.kind === 'each',
      },
    ]),
  );
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(errorText(error).split('\n')[0] ?? 'wrong usage', { cause: error });
  }
}

/** A whole number of a flag, or undefined. Throws UsageError. */
export function wholeNumber(parsed: Parsed, name: string, min = 0): number | undefined {
  const text = parsed.values[name];
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) < min)
    throw new UsageError(`--${name} takes a whole number from ${min}, not "${text}"`);
  return Number(text);
}

/** The help text of one command. */
export function helpOf(command: Command): string {
  const flags = Object.entries(flagsOf(command)).map(
    ([name, flag]) => [`--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`, flag.help] as const,
  );
  const wide = Math.max(...flags.map(([left]) => left.length));
  return [
    `auto-experiment ${command.usage}`,
    '',
    command.summary,
    '',
    ...flags.map(([left, help]) => `  ${left.padEnd(wide)}  ${help}`),
    '',
  ].join('\n');
}

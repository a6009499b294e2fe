import type { Parameter } from './sweep/space.js';

/** An option that a training script declares. */
export interface ScriptOption {
  /** As it is typed: `--batch-size`. */
  flag: string;
  /** Its default where it is a plain number. */
  value: number | null;
}

const DECLARED = /(?:add_argument|@?click\.option)\(/g;
const LONG_FLAG = /^(['"])(--[A-Za-z][\w-]*)\1/;
const DEFAULT = /\bdefault\s*=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?=[,)]|$)/;

/**
 * The options that a Python script declares with argparse or click, read from its text: nothing is run. What is built by
 * code (a loop over names, a config file) is not seen.
 */
export function optionsOf(text: string): ScriptOption[] {
  const found = new Map<string, ScriptOption>();
  for (const match of text.matchAll(DECLARED)) {
    const words = argumentsFrom(text, match.index + match[0].length);
    const flag = words.map((word) => LONG_FLAG.exec(word)?.[2]).find((name) => name !== undefined);
    if (flag === undefined || found.has(flag)) continue;
    const value = DEFAULT.exec(words.find((word) => /^default\s*=/.test(word)) ?? '')?.[1];
    found.set(flag, { flag, value: value === undefined ? null : Number(value) });
  }
  return [...found.values()];
}

/** Longest declaration that is read, in characters. */
const MAX_CALL = 2000;

/** The arguments of a call whose bracket opened just before `start`, split at its own commas. */
function argumentsFrom(text: string, start: number): string[] {
  const words: string[] = [];
  let depth = 0;
  let quote = '';
  let word = '';
  for (const sign of text.slice(start, start + MAX_CALL)) {
    if (quote !== '') {
      if (sign === quote) quote = '';
    } else if (sign === '"' || sign === "'") quote = sign;
    else if ('([{'.includes(sign)) depth += 1;
    else if (')]}'.includes(sign)) {
      if (depth === 0) return [...words, word.trim()];
      depth -= 1;
    } else if (sign === ',' && depth === 0) {
      words.push(word.trim());
      word = '';
      continue;
    }
    word += sign;
  }
  return [...words, word.trim()];
}

/** The option by which the script is told its seed. */
export function seedOption(options: readonly ScriptOption[]): string | undefined {
  return options.find(({ flag }) => /^--(?:random[-_]|manual[-_]|global[-_])?seed$/.test(flag))?.flag;
}

/** What people vary first, and how far from its default: decades for rates, a factor of two for sizes. */
const USUAL: readonly (readonly [RegExp, (value: number) => Parameter | null])[] = [
  [
    /^--(?:lr|learning[-_]rate|base[-_]lr|max[-_]lr)$/,
    (value) => (value > 0 ? { log_uniform: [digits(value / 10), digits(value * 10)] } : null),
  ],
  [
    /^--(?:wd|weight[-_]decay)$/,
    (value) =>
      value > 0
        ? { log_uniform: [digits(value / 10), digits(value * 10)] }
        : { choice: [0, 0.0001, 0.001, 0.01, 0.1] },
  ],
  [/^--(?:dropout|drop[-_]rate|label[-_]smoothing)$/, () => ({ uniform: [0, 0.5] })],
  [
    /^--(?:batch[-_]size|hidden(?:[-_](?:size|dim|units))?|width|d[-_]model)$/,
    (value) =>
      Number.isInteger(value) && value > 1
        ? { choice: [Math.max(1, Math.round(value / 2)), value, value * 2] }
        : null,
  ],
];

/** A first search space from the options that the script has, at most four parameters. Empty where none is usual. */
export function firstSpace(options: readonly ScriptOption[]): Record<string, Parameter> {
  const space: Record<string, Parameter> = {};
  for (const [pattern, around] of USUAL) {
    const option = options.find(({ flag, value }) => value !== null && pattern.test(flag));
    const parameter = option?.value == null ? null : around(option.value);
    if (option !== undefined && parameter !== null) space[option.flag.slice(2)] = parameter;
  }
  return space;
}

/** Two digits are enough for the end of a range, and 0.1 + 0.2 must not show. */
const digits = (value: number): number => Number(value.toPrecision(2));

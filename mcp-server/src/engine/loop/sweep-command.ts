import { toArgv } from '../../core/command.js';
import { LabError } from '../../core/errors.js';
import type { Assignment } from '../../core/sweep/space.js';

/** The command with values in place: into `{name}` of the template, or appended as `--name value`. */
export function fillCommand(
  template: string | undefined,
  command: readonly string[],
  assignment: Assignment,
): string[] {
  if (template === undefined)
    return [
      ...command,
      ...Object.entries(assignment).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ];
  return toArgv(template).map((word) =>
    word.replace(PLACEHOLDER, (whole, name: string) =>
      name in assignment ? String(assignment[name]) : whole,
    ),
  );
}

/** `{seed}` is not among them: it is filled for each run, not by the planner. */
const PLACEHOLDER = /\{(?!seed\})([A-Za-z_][\w.-]*)\}/g;

export const hasPlaceholders = (command: string): boolean => command.search(PLACEHOLDER) >= 0;

/** The template without its parameters: words with placeholders go, and the option before a bare placeholder. */
export function withoutPlaceholders(argv: readonly string[]): string[] {
  const holds = (word: string | undefined): boolean => word !== undefined && word.search(PLACEHOLDER) >= 0;
  return argv.filter((word, index) => {
    const next = argv[index + 1];
    const optionOfNext = word.startsWith('-') && holds(next) && next?.startsWith('{') === true;
    return !holds(word) && !optionOfNext;
  });
}

export function assertPlaceholders(template: string, names: readonly string[]): void {
  const found = [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  const missing = names.filter((name) => !found.includes(name));
  const [lost] = missing;
  if (lost !== undefined) {
    throw new LabError(
      `sweep.command does not use the parameter "${lost}"`,
      `write {${lost}} where its value belongs, or leave sweep.command out`,
    );
  }
  const unknown = found.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new LabError(
      `sweep.command uses {${unknown}}, which is no parameter`,
      `declare it under sweep.parameters, or remove it`,
    );
}

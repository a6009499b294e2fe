import { z } from 'zod';

const Scalar = z.union([z.string(), z.number(), z.boolean()]);
const range = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'the first number must be below the second');

/** How one parameter varies. Exactly one of the four forms. */
export const Parameter = z.union(
  [
    z.strictObject({ choice: z.array(Scalar).min(1) }),
    z.strictObject({ uniform: range }),
    z.strictObject({ log_uniform: range.refine(([low]) => low > 0, 'log_uniform needs positive numbers') }),
    z.strictObject({
      int: z
        .tuple([z.number().int(), z.number().int()])
        .refine(([low, high]) => low <= high, 'the first number must not be above the second'),
    }),
  ],
  {
    error:
      'a parameter is one of {choice: [...]}, {uniform: [low, high]}, {log_uniform: [low, high]}, {int: [low, high]}',
  },
);
export type Parameter = z.output<typeof Parameter>;

export const SweepConfig = z.strictObject({
  command: z
    .string()
    .optional()
    .describe(
      'Command template with `{name}` for each parameter; absent = `experiment.command` with `--name value` appended.',
    ),
  parameters: z
    .record(
      z
        .string()
        .regex(
          /^[A-Za-z_][\w.-]*$/,
          'a parameter name starts with a letter and holds letters, digits, _ . -',
        ),
      Parameter,
    )
    .refine((value) => Object.keys(value).length > 0, 'at least one parameter')
    .describe('Name → `{choice}`, `{uniform}`, `{log_uniform}` or `{int}`.'),
  max_runs: z.number().int().min(1).optional().describe('Most runs of the sweep, the baseline included.'),
  explore: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Quasi-random runs before the search narrows around the best; default: half of max_runs, at least 4.',
    ),
  patience: z
    .number()
    .int()
    .min(1)
    .default(12)
    .describe('Stops after this many ended runs without a better value (a plateau).'),
  seed: z
    .number()
    .int()
    .default(0)
    .describe('Seed of the proposals: the same seed and results give the same sweep.'),
});
export type SweepConfig = z.output<typeof SweepConfig>;

export type Assignment = Record<string, string | number | boolean>;

/** A point of the unit cube → values. `unit[i]` belongs to the i-th parameter. */
export function toAssignment(parameters: Record<string, Parameter>, unit: readonly number[]): Assignment {
  const entries = Object.entries(parameters).map(
    ([name, parameter], index) => [name, valueAt(parameter, unit[index] ?? 0.5)] as const,
  );
  return Object.fromEntries(entries);
}

/** Where values lie in the unit cube; the inverse of `toAssignment` up to rounding. Unknown values lie in the middle. */
export function toUnit(parameters: Record<string, Parameter>, assignment: Assignment): number[] {
  return Object.entries(parameters).map(([name, parameter]) => positionOf(parameter, assignment[name]));
}

function valueAt(parameter: Parameter, u: number): string | number | boolean {
  const at = Math.min(Math.max(u, 0), 1 - 1e-12);
  if ('choice' in parameter) return parameter.choice[Math.floor(at * parameter.choice.length)] ?? '';
  if ('int' in parameter) {
    const [low, high] = parameter.int;
    return low + Math.floor(at * (high - low + 1));
  }
  if ('uniform' in parameter) {
    const [low, high] = parameter.uniform;
    return Number((low + at * (high - low)).toPrecision(4));
  }
  const [low, high] = parameter.log_uniform;
  return Number(Math.exp(Math.log(low) + at * (Math.log(high) - Math.log(low))).toPrecision(3));
}

function positionOf(parameter: Parameter, value: string | number | boolean | undefined): number {
  if (value === undefined) return 0.5;
  if ('choice' in parameter) {
    const index = parameter.choice.findIndex((option) => String(option) === String(value));
    return index < 0 ? 0.5 : (index + 0.5) / parameter.choice.length;
  }
  const number = Number(value);
  if (!Number.isFinite(number)) return 0.5;
  if ('int' in parameter) {
    const [low, high] = parameter.int;
    return clamp((number - low + 0.5) / (high - low + 1));
  }
  if ('uniform' in parameter) {
    const [low, high] = parameter.uniform;
    return clamp((number - low) / (high - low));
  }
  const [low, high] = parameter.log_uniform;
  return number > 0 ? clamp((Math.log(number) - Math.log(low)) / (Math.log(high) - Math.log(low))) : 0.5;
}

const clamp = (u: number): number => Math.min(Math.max(u, 0), 1);

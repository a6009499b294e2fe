import { z } from 'zod';
import { Globs } from './locked.js';
import { Direction } from './metric.js';
import { Duration } from './units.js';
import { guardProblem } from './verdict/guards.js';

const Words = z.union([z.string(), z.array(z.union([z.string(), z.number()]).transform(String))]);
export const Names = z.array(z.string()).default([]);
export const Guards = z.array(z.string()).superRefine((guards, context) => {
  for (const text of guards) {
    const problem = guardProblem(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  }
});
export const flag = (value: boolean) => z.boolean().default(value);
export const count = (value: number) => z.number().int().min(1).default(value);

/** `experiment:` of config.yaml: how training is run, measured and judged. */
export const Experiment = z.strictObject({
  command: Words.optional().describe('The unchanged training command: the baseline.'),
  metric: z.string().optional().describe('The primary metric, as the training prints it.'),
  direction: Direction.optional().describe('Whether more or less of it is better.'),
  metric_mode: z
    .enum(['best', 'last', 'at_end'])
    .default('best')
    .describe('Which of its values counts: the best, the last, or the last one of a run that succeeded.'),
  target: z.number().optional().describe('The campaign stops when the metric reaches this.'),
  verdict: z
    .enum(['strict', 'paired', 'cheap'])
    .default('strict')
    .describe(
      'How a gain is judged (docs/verdict.md). `strict`: on fresh seeds. `paired`: on the same seeds as the best so far, where equal seeds mean equal noise. `cheap`: one seed, every gain stays unconfirmed.',
    ),
  seeds: count(3).describe(
    'Seeds of the baseline. A candidate that stays promising gets up to four times as many fresh ones, the best so far three times as many.',
  ),
  seed_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional()
    .describe(
      'Environment variable in which the training is given its seed. The other way is `{seed}` in the command; with neither, gains stay unconfirmed.',
    ),
  alpha: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe('Chance, over the whole campaign, that any kept gain is only noise.'),
  guards: Guards.default([]).describe(
    'What a kept run must also satisfy: `peak_vram_mb < 24000`, `latency_ms <= baseline * 1.05`.',
  ),
  locked: Globs.default([]).describe(
    'Globs of what measures: evaluation code, lists of the data. Hashed at the launch and at the end of each run; a change makes the run invalid, and tools do not write them. `!glob` takes out again.',
  ),
  data: z
    .union([z.string().transform((path) => [path]), z.array(z.string()).max(50)])
    .default([])
    .describe(
      'Paths or globs of the data, also outside the project. A fingerprint is kept with each run, and `compare` shows a difference.',
    ),
  early_kill: flag(true).describe(
    'A candidate that is far behind the best so far at the same step is stopped, measured by the spread of its seeds. Needs a seed and replicates.',
  ),
  early_kill_audit: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe('Share of such runs that is finished all the same, to measure how often stopping is wrong.'),
  fixed_time: flag(false).describe(
    'Runs train for a fixed time, so that what they reach depends on the machine. A run on another GPU model, on a shared GPU, or at another pace than the same code had, is then invalid; else that is only told.',
  ),
  mandatory_dry_run: flag(true).describe('Changed code is launched only after a short run of it ended well.'),
  dry_run_command: Words.optional().describe('The short run. Wins over `dry_run_args`.'),
  dry_run_args: z
    .array(z.union([z.string(), z.number()]).transform(String))
    .optional()
    .describe('Appended to the command to make it short, for instance `[--epochs, 1]`.'),
  dry_run_timeout: Duration.default(300).describe('Longest the short run may take.'),
  max_parallel: count(1).describe('Runs at once.'),
  log_tail_lines: z.number().int().min(1).max(500).default(50).describe('Lines of a log that are shown.'),
  time_limit: Duration.optional().describe('Longest one run may take; absent = no limit.'),
  stall_timeout: z
    .union([z.literal('auto'), z.literal('off'), Duration])
    .default('auto')
    .describe(
      'A run without a new byte or step for this long is ended as stalled; auto = the larger of 10 minutes and 5 × the median gap.',
    ),
  stop_grace: Duration.default(30).describe(
    'Seconds between SIGTERM and SIGKILL: time to write a checkpoint.',
  ),
  survivor_grace: Duration.default(30).describe(
    'A run whose command ended well but left writing processes behind is watched until they are silent for this long.',
  ),
  stop_rules: Names.describe(
    'Rules that end a run as diverged: `val_loss above 10 at step 500`, `no improvement for 5 evaluations`.',
  ),
  tracked_metrics: Names.describe(
    'Metrics in which NaN or infinity means divergence, besides the primary one and losses.',
  ),
  env: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .default({})
    .describe('Extra environment variables of the training.'),
  pass_env: Names.describe(
    'Names of secret variables that the training may see, for instance WANDB_API_KEY.',
  ),
  secret_env: Names.describe('Further variables that it must not see.'),
});

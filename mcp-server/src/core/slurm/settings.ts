import { z } from 'zod';
import { Duration } from '../units.js';

/** Slurm looks at time limits about once a minute (measured: a signal asked for 20 s before a limit came at second 0). */
const EARLIEST_S = 120;

/** A value of an option of sbatch: one line, and no option of its own. */
const word = z.string().regex(/^[^-\s][^\n\r\0]*$/, 'must be one line that does not begin with "-"');

const Warning = z.string().superRefine((text, context) => {
  const { seconds } = parseWarning(text) ?? {};
  if (text === 'off' || (seconds !== undefined && seconds >= EARLIEST_S && seconds <= 65_535)) return;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not off, USR1@SECONDS, USR2@SECONDS or HUP@SECONDS with at least ${EARLIEST_S} seconds: Slurm looks at time limits once a minute`,
  });
});

/** What is asked of Slurm for each run; `execution.slurm` of a config. */
export const SlurmConfig = z.strictObject({
  partition: word
    .optional()
    .describe('Partition(s), as `sbatch --partition`. Absent = the cluster’s default.'),
  account: word.optional().describe('Account that is charged.'),
  qos: word.optional().describe('Quality of service.'),
  gres: word
    .default('gpu')
    .describe('How GPUs are named there: `gpu`, or with a type `gpu:a100`. `gpu.per_run` says how many.'),
  cpus: z.number().int().min(1).optional().describe('Processors of a run (`--cpus-per-task`).'),
  mem: word.optional().describe('Memory of a run, for instance `32G`.'),
  time: Duration.optional().describe(
    'Time limit that is asked of Slurm. Absent = `experiment.time_limit` and some minutes; without that, the partition’s.',
  ),
  signal: Warning.default('off').describe(
    'Sent to the training so long before that limit, to write a checkpoint: `USR1@180`. A program that does not handle the signal is ended by it.',
  ),
  requeue: z
    .boolean()
    .default(true)
    .describe('A run that is preempted, or whose node fails, starts anew: same run, same log.'),
  setup: z
    .array(z.string().regex(/^[^\0]*$/))
    .default([])
    .describe('Shell lines before the training on the node: `[module load cuda/12.4]`.'),
  extra: z
    .array(
      z.string().regex(/^--[a-z][a-z-]*(?:=[^\n\r\0]*)?$/, 'must be an option such as --constraint=a100'),
    )
    .default([])
    .describe('Further options of sbatch: `[--constraint=a100, --exclude=n7]`.'),
  poll_interval: Duration.default(30).describe(
    'Seconds between two questions to Slurm about the jobs. Starts and ends are seen at once, by the records of the runs.',
  ),
});
export type SlurmConfig = z.output<typeof SlurmConfig>;

/** What one run asks for; fixed at its launch and kept with it. */
export const SlurmRequest = SlurmConfig.omit({ time: true, extra: true, signal: true }).extend({
  gpus: z.number().int(),
  gres: z.string(),
  minutes: z.number().int().nullable(),
  signal: z.string().nullable(),
  extra: z.array(z.string()),
  poll_interval: z.number(),
});
export type SlurmRequest = z.output<typeof SlurmRequest>;

/** `USR1@180` → its parts; null for anything else. */
export function parseWarning(text: string): { name: string; seconds: number } | null {
  const [, name, seconds] = /^(USR1|USR2|HUP)@(\d+)$/.exec(text) ?? [];
  return name === undefined ? null : { name, seconds: Number(seconds) };
}

/** Beyond our own limit, so that ours ends a run first and with its own words. */
const SPARE_S = 300;

/** `gpus`: how many the run wants. `timeLimit` and `grace`: our own limit and the time to end, in seconds. */
export function slurmRequest(
  config: SlurmConfig,
  gpus: number | 'auto',
  timeLimit: number | null,
  grace: number,
): SlurmRequest {
  const { time, signal, ...rest } = config;
  const seconds = time ?? (timeLimit === null ? null : timeLimit + grace + SPARE_S);
  return {
    ...rest,
    gpus: gpus === 'auto' ? 1 : gpus,
    minutes: seconds === null ? null : Math.max(1, Math.ceil(seconds / 60)),
    signal: signal === 'off' ? null : signal,
  };
}

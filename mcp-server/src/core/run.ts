import { z } from 'zod';
import { Direction, JsonNumber } from './metric.js';

export const RunState = z.enum(['queued', 'running', 'ended']);
export type RunState = z.output<typeof RunState>;

export const Ending = z.enum([
  'succeeded',
  'failed',
  'oom',
  'diverged',
  'stalled',
  'timeout',
  'stopped',
  'lost',
  'preempted',
]);
export type Ending = z.output<typeof Ending>;

/** What the keep rule says of a run. A baseline has no verdict: there is nothing to compare it with. */
export const VerdictStatus = z.enum([
  'confirmed',
  'unconfirmed',
  'inconclusive',
  'rejected',
  'invalid',
  'crash',
]);
export type VerdictStatus = z.output<typeof VerdictStatus>;

/** Last, best and where the best was, of one metric. `best` is null when its direction is not known. */
export const MetricSummary = z.strictObject({
  last: JsonNumber,
  best: JsonNumber.nullable(),
  step: z
    .number()
    .nullable()
    .describe('step (else epoch) of the best value, or of the last one when no best is known'),
});
export type MetricSummary = z.output<typeof MetricSummary>;

/** A run as JSON shows it everywhere: CLI, MCP, report, dashboard. Times are ISO 8601 in UTC, durations seconds. */
export const RunView = z.strictObject({
  id: z.string(),
  state: RunState,
  ending: Ending.nullable(),
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable().describe('name of the signal that ended it, for instance SIGKILL'),
  evidence: z.array(z.string()).describe('how the ending is known'),
  command: z.array(z.string()),
  gpus: z.array(z.string()).describe('UUIDs of the leased GPUs'),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  duration_s: z.number().nullable(),
  metrics: z.record(z.string(), MetricSummary),
  primary: z
    .strictObject({ name: z.string(), direction: Direction, value: JsonNumber.nullable() })
    .nullable()
    .describe('the declared metric; value null = not seen (unknown, never 0)'),
  role: z.enum(['baseline', 'candidate']),
  verdict: VerdictStatus.nullable(),
  verdict_reason: z.string().nullable(),
  gain: z
    .number()
    .nullable()
    .describe(
      'what the verdict says it is better by, in the metric’s own unit; null = no verdict, or none to give',
    ),
  flags: z.array(z.string()).describe('what a person should look at before it is believed'),
  interval: z.tuple([z.number(), z.number()]).nullable().describe('of that gain'),
  seed: z.number().int().nullable().describe('drawn by the program; null = none is set'),
  replicate_of: z
    .string()
    .nullable()
    .describe('the run whose code and command this one repeats on another seed'),
  title: z.string().describe('one line that says what this run tries'),
  note: z
    .string()
    .nullable()
    .describe('what a person should know now: suspended, waiting for a GPU, left processes behind'),
  progress: z
    .strictObject({ step: z.number().nullable(), epoch: z.number().nullable(), total: z.number().nullable() })
    .nullable(),
  log: z.string().describe('absolute path of the log'),
});
export type RunView = z.output<typeof RunView>;

/** Run ids: exp001, exp002, … The number grows past three digits when needed. */
export const RUN_ID = /^exp\d{3,9}$/;

export function runId(number: number): string {
  return `exp${String(number).padStart(3, '0')}`;
}

export function runNumber(id: string): number {
  return Number(id.slice(3));
}

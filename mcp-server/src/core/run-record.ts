import { z } from 'zod';
import { CodeRef, Replicate } from './ledger.js';
import { Direction, JsonNumber } from './metric.js';
import { Place } from './place.js';
import { Ending, MetricSummary, RunState, VerdictStatus } from './run.js';
import { SlurmRequest } from './slurm/settings.js';

/** How long a run may take and what ends it; fixed at its launch. Times in seconds. */
export const RunLimits = z.strictObject({
  time_limit: z.number().nullable(),
  stall_timeout: z.union([z.literal('auto'), z.literal('off'), z.number()]),
  stop_grace: z.number(),
  survivor_grace: z.number(),
  stop_rules: z.array(z.string()),
  tracked_metrics: z.array(z.string()),
});
export type RunLimits = z.output<typeof RunLimits>;

/** `runs/<id>/run.json`. Written once as `queued` by whoever launches, from then on by the supervisor alone. */
export const RunRecord = z.strictObject({
  id: z.string(),
  state: RunState,
  title: z.string(),
  role: z.enum(['baseline', 'candidate']),
  plan: z.string().nullable(),
  command: z.array(z.string()),
  cwd: z.string(),
  host: z.string(),
  place: Place.nullable().default(null).describe('the machine it runs on; null = the host itself'),
  slurm: SlurmRequest.nullable()
    .default(null)
    .describe('what is asked of the Slurm of that machine; null = it is a process'),
  marker: z.string(),
  gpus_wanted: z.union([z.literal('auto'), z.number().int()]),
  gpus_allowed: z
    .array(z.number().int())
    .nullable()
    .default(null)
    .describe('indices that whoever launched it keeps to; null = as the config says'),
  pass_env: z.array(z.string()),
  withheld: z.array(z.string()).describe('names of variables that the training was not given'),
  code: CodeRef.nullable(),
  seed: z.number().int().nullable().default(null).describe('drawn by the program; null = none is set'),
  template: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe('the command with {seed} where the seed belongs; null = it has no such place'),
  seed_env: z.string().nullable().default(null).describe('environment variable that carries the seed'),
  replicate: Replicate.nullable().default(null),
  held: z
    .boolean()
    .default(false)
    .describe('not started before the code agent that launched it has said its last word'),
  lines: z.number().int().nullable().default(null).describe('changed against the code of the baseline'),
  key: z.string().nullable().default(null).describe('of code, command and settings without the seed'),
  limits: RunLimits,
  primary: z
    .strictObject({ name: z.string(), direction: Direction, mode: z.enum(['best', 'last', 'at_end']) })
    .nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  gpus: z.array(z.string()),
  ending: Ending.nullable(),
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable(),
  evidence: z.array(z.string()),
  metrics: z.record(z.string(), MetricSummary),
  sources: z
    .array(z.string())
    .default([])
    .describe('structured files and folders that its metrics were read from, below the project folder'),
  value: JsonNumber.nullable().describe('of the primary metric, as its mode counts it'),
  progress: z
    .strictObject({ step: z.number().nullable(), epoch: z.number().nullable(), total: z.number().nullable() })
    .nullable(),
  note: z.string().nullable(),
  verdict: VerdictStatus.nullable(),
  verdict_reason: z.string().nullable(),
});
export type RunRecord = z.output<typeof RunRecord>;

type Planned = Omit<RunRecord, keyof typeof UNTOUCHED | 'state'>;

/** What a run that has not started knows of itself: nothing. */
const UNTOUCHED = {
  held: false,
  started_at: null,
  ended_at: null,
  gpus: [],
  ending: null,
  exit_code: null,
  signal: null,
  evidence: [],
  metrics: {},
  sources: [],
  value: null,
  progress: null,
  note: null,
  verdict: null,
  verdict_reason: null,
} satisfies Partial<RunRecord>;

/** A run as it is before anything has happened to it. */
export function queuedRun(planned: Planned): RunRecord {
  return { ...planned, state: 'queued', ...structuredClone(UNTOUCHED) };
}

/** True for a run that is queued, runs, or awaits its verdict: somebody must look after it. */
export function isUnderWay(record: Pick<RunRecord, 'state' | 'verdict_reason'>): boolean {
  return record.state !== 'ended' || isUndecided(record);
}

/** True for a run that has ended and of which the keep rule has not spoken yet. */
export function isUndecided(record: Pick<RunRecord, 'state' | 'verdict_reason'>): boolean {
  return record.state === 'ended' && record.verdict_reason === null;
}

import { z } from 'zod';
import { Direction, JsonNumber } from './metric.js';
import { StatedPrediction } from './predictions.js';
import { PROVIDERS } from './provider.js';
import { Ending, VerdictStatus } from './run.js';
import { Parameter } from './sweep/space.js';

const at = z.string().describe('ISO 8601, UTC');
const run = z.string();
const argv = z.array(z.string());

/** The code that a run was started with: a commit under refs/auto-experiment, or a content-addressed copy. */
export const CodeRef = z.strictObject({
  kind: z.enum(['git', 'copy']),
  id: z.string(),
  tree: z.string().describe('hash of the code alone: equal code, equal tree'),
});
export type CodeRef = z.output<typeof CodeRef>;

/** A run that repeats another one's code and command on another seed, because the keep rule asked for it. */
export const Replicate = z.strictObject({
  arm: z.string().describe('the run that it repeats'),
  kind: z
    .enum(['baseline', 'confirm', 'champion'])
    .describe('to learn the noise · to confirm a promoted candidate · to test the best so far again'),
});
export type Replicate = z.output<typeof Replicate>;

const Heeds = z
  .strictObject({ ids: z.array(z.string()), words: z.string() })
  .describe('directives that this answers, and what it says of them');

export const Plan = z.strictObject({
  kind: z.literal('plan'),
  at,
  id: z.string(),
  cycle: z.number().int(),
  planner: z.string(),
  role: z.enum(['baseline', 'candidate']),
  title: z.string(),
  hypothesis: z.string().nullable(),
  command: argv,
  assignment: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable(),
  directive: z.string().optional().describe('id of the directive that asked for it'),
  heeds: Heeds.optional(),
  family: z.string().optional().describe('kind of idea, in the leader’s words'),
  change: z.string().optional().describe('what the code agent is to change before it launches the command'),
  prediction: StatedPrediction.optional(),
  success: z.string().optional().describe('what would count as a success, said in advance'),
  gpus: z.array(z.number().int()).optional().describe('that it is kept to; absent = as the config says'),
  sweep: z.number().int().optional().describe('cycle of the thought that asked for the sweep it belongs to'),
});
export type Plan = z.output<typeof Plan>;

/** What the leader decided where that is no plan of a run. `none`: it gave no answer that could be used. */
export const ThoughtRecord = z.strictObject({
  kind: z.literal('thought'),
  at,
  cycle: z.number().int(),
  action: z.enum(['idea', 'writing', 'sweep', 'wait', 'report', 'none']),
  why: z.string(),
  task: z.string().optional().describe('what the worker is sent for'),
  until: at.optional().describe('of a wait'),
  sweep: z
    .strictObject({
      parameters: z.record(z.string(), Parameter),
      trials: z.number().int().min(1),
      command: z.string().optional(),
      family: z.string().optional(),
    })
    .optional(),
  heeds: Heeds.optional(),
});
export type ThoughtRecord = z.output<typeof ThoughtRecord>;

/** One worker that was sent: begun before its first call, done with what came of it. */
export const StepRecord = z.strictObject({
  kind: z.literal('step'),
  at,
  id: z.string(),
  cycle: z.number().int(),
  role: z.enum(['idea', 'code', 'writing']),
  plan: z.string().nullable().describe('that it is to launch'),
  state: z.enum(['begun', 'done', 'void']).describe('void: ended by something that is nobody’s failure'),
  outcome: z.string().nullable(),
});
export type StepRecord = z.output<typeof StepRecord>;

/** The bill is kept by these. */
export const PHASES = ['think', 'execute:idea', 'execute:code', 'execute:writing', 'reflect'] as const;
export type Phase = (typeof PHASES)[number];

const count = z.number().int().min(0);

/** Written before a provider is asked: a call that a kill cut short was paid all the same. */
export const CallRecord = z.strictObject({
  kind: z.literal('call'),
  at,
  id: z.string(),
  cycle: z.number().int(),
  phase: z.enum(PHASES),
  provider: z.enum(PROVIDERS),
  model: z.string(),
  most: z
    .strictObject({ tokens: count, usd: z.number().nullable() })
    .describe('what it was reckoned to cost at most'),
});
export type CallRecord = z.output<typeof CallRecord>;

/** What one call took. The five do not overlap, but `reasoning` is a part of `output`. */
export const Tokens = z.strictObject({
  input: count.describe('at full price'),
  cached: count,
  cache_write: count,
  output: count,
  reasoning: count,
});
export type Tokens = z.output<typeof Tokens>;

export const UsageRecord = z.strictObject({
  kind: z.literal('usage'),
  at,
  call: z.string(),
  model: z.string().describe('as the provider names the one that answered'),
  tokens: Tokens.nullable().describe('null = it did not say'),
  usd: z.number().nullable().describe('null = the price is unknown'),
  fault: z.string().nullable().describe('why there was no answer'),
});
export type UsageRecord = z.output<typeof UsageRecord>;

export const EndRecord = z.strictObject({
  kind: z.literal('end'),
  at,
  run,
  ending: Ending,
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable(),
  evidence: z.array(z.string()),
  duration_s: z.number().nullable(),
  gpu_hours: z.number(),
  metric: z.string().nullable(),
  direction: Direction.nullable(),
  value: JsonNumber.nullable(),
  invalid: z.string().optional().describe('why what it measured does not count, whatever it is'),
  conditions: z
    .string()
    .optional()
    .describe('what a person should know of the GPUs and the pace that it had'),
  others: z
    .record(z.string(), JsonNumber)
    .optional()
    .describe('last values of the metrics that experiment.guards names'),
});
export type EndRecord = z.output<typeof EndRecord>;

export const VerdictRecord = z.strictObject({
  kind: z.literal('verdict'),
  at,
  run,
  status: VerdictStatus.nullable().describe('null = this run became the baseline'),
  reason: z.string(),
  kept: z.boolean().describe('this run is the best so far from here on'),
  value: JsonNumber.nullable(),
  gain: z.number().nullable().describe('against the baseline, positive = better'),
  interval: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe('of the gain over the best so far, as the keep rule computed it'),
  seeds: z.number().int().optional().describe('fresh seeds that the verdict rests on'),
  flags: z.array(z.string()).optional().describe('what a person should look at before it is believed'),
  alpha: z.number().optional().describe('of the campaign’s chance of a false keep, spent on this verdict'),
});
export type VerdictRecord = z.output<typeof VerdictRecord>;

/** One line of `ledger.jsonl`, by kind. Append-only: a fact is never changed, only followed by another. */
export const LedgerRecord = z.discriminatedUnion('kind', [
  Plan,
  ThoughtRecord,
  StepRecord,
  CallRecord,
  UsageRecord,
  z
    .strictObject({ kind: z.literal('drop'), at, plan: z.string(), reason: z.string() })
    .describe('a plan that is not launched any more'),
  z
    .strictObject({ kind: z.literal('swept'), at, cycle: z.number().int(), reason: z.string() })
    .describe('the leader’s sweep of that cycle is over'),
  z.strictObject({
    kind: z.literal('dry_run'),
    at,
    fingerprint: z.string().describe('of the code and the shape of the command'),
    command: argv,
    ok: z.boolean(),
    seconds: z.number(),
    why: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal('launch'),
    at,
    run,
    plan: z.string().nullable(),
    role: z.enum(['baseline', 'candidate']),
    title: z.string(),
    command: argv,
    code: CodeRef.nullable(),
    seed: z.number().int().optional(),
    lines: z.number().int().optional().describe('changed against the code of the baseline'),
    replicate: Replicate.optional(),
    key: z
      .string()
      .optional()
      .describe('hash of code, command and settings without the seed: equal work, equal key'),
  }),
  z.strictObject({
    kind: z.literal('confirm'),
    at,
    run: z.string().describe('the candidate whose confirmation on fresh seeds begins'),
    champion: z.string().describe('the run that it is measured against'),
    number: z.number().int().min(1).describe('of this confirmation in the campaign'),
    alpha: z.number().describe('allotted to it'),
  }),
  z.strictObject({
    kind: z.literal('early'),
    at,
    run: z.string().describe('fell so far behind the best at a matched step that it would be stopped'),
    decision: z.enum(['kill', 'finish']).describe('finish: chosen to measure how often the rule is wrong'),
    words: z.string(),
  }),
  z.strictObject({
    kind: z.literal('withdraw'),
    at,
    run: z.string().describe('was the best so far and failed a later test'),
    to: z.string().describe('is the best so far again'),
    reason: z.string(),
  }),
  z.strictObject({ kind: z.literal('start'), at, run, gpus: z.array(z.string()) }),
  EndRecord,
  VerdictRecord,
  z.strictObject({
    kind: z.literal('hypothesis'),
    at,
    run,
    text: z.string(),
    prediction: StatedPrediction.optional(),
  }),
  z.strictObject({ kind: z.literal('result'), at, run: z.string().nullable(), text: z.string() }),
  z.strictObject({
    kind: z.literal('decision'),
    at,
    run: z.string().nullable(),
    text: z.string(),
    next: z.string().optional().describe('what the leader would do next'),
  }),
  z.strictObject({
    kind: z.literal('directive'),
    at,
    id: z.string(),
    state: z.enum(['taken', 'done']),
    text: z.string(),
    outcome: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal('campaign'),
    at,
    max_cycles: z.number().int(),
    gpus: z.array(z.number().int()).nullable(),
  }),
  z.strictObject({ kind: z.literal('stop'), at, reason: z.string(), cycle: z.number().int() }),
]);
export type LedgerRecord = z.output<typeof LedgerRecord>;

export type RecordOf<K extends LedgerRecord['kind']> = Extract<LedgerRecord, { kind: K }>;

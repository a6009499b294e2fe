import { z } from 'zod';
import { Direction, JsonNumber } from './metric.js';
import { StatedPrediction } from './predictions.js';
import { Ending, VerdictStatus } from './run.js';

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
});
export type Plan = z.output<typeof Plan>;

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
  z.strictObject({ kind: z.literal('decision'), at, run: z.string().nullable(), text: z.string() }),
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

import { z } from 'zod';
import { Gpu } from './gpu.js';
import { PHASES, Tokens } from './ledger.js';
import { Direction, JsonNumber } from './metric.js';
import { RunView } from './run.js';

export const BudgetView = z.strictObject({
  name: z.enum(['runs', 'gpu_hours', 'wall_clock', 'usd', 'tokens']),
  used: z.number(),
  limit: z.number().nullable(),
  unit: z.string(),
});
export type BudgetView = z.output<typeof BudgetView>;

/** A run against which others are compared: the baseline, or the best so far. */
export const Standing = z.strictObject({
  run: z.string(),
  title: z.string(),
  value: JsonNumber,
  verdict: z.string().nullable().describe('null for a baseline'),
  gain: z
    .number()
    .nullable()
    .describe('difference to the baseline in the metric’s own unit; positive = better'),
  interval: z.tuple([z.number(), z.number()]).nullable().describe('of that difference; null on one seed'),
  seeds: z.number().int().describe('fresh seeds that the value is the mean of; 1 = one run'),
});
export type Standing = z.output<typeof Standing>;

/** What is known of the noise, and what the campaign may still risk. */
export const Certainty = z.strictObject({
  mode: z.enum(['strict', 'paired', 'cheap']),
  sigma: z
    .number()
    .nullable()
    .describe('standard deviation of the metric from seed to seed; null = not measured'),
  replicates: z.number().int().describe('runs that sigma rests on'),
  alpha: z.number().describe('chance of any false keep that the campaign may run'),
  alpha_left: z.number(),
  confirmations: z.number().int().describe('candidates that were tested on fresh seeds'),
});
export type Certainty = z.output<typeof Certainty>;

/** What a host agent was told to do unattended, and how much of it is used. */
export const CampaignView = z.strictObject({
  cycles_used: z.number().int(),
  max_cycles: z.number().int(),
  gpus: z.array(z.number().int()).nullable(),
});
export type CampaignView = z.output<typeof CampaignView>;

const Calls = z.strictObject({
  calls: z.number().int(),
  failed: z.number().int().describe('calls that gave no answer'),
  tokens: Tokens,
  usd: z.number().describe('of the calls whose price is known'),
  unpriced: z.number().int().describe('calls whose price is unknown; they are not in usd'),
});

/** What model calls have cost. */
export const BillView = z.strictObject({
  total: Calls,
  phases: z.array(Calls.extend({ phase: z.enum(PHASES) })),
  cycles: z.number().int().describe('in which a model was asked'),
  usd_per_cycle: z.number().nullable(),
  usd_per_day: z.number().nullable().describe('at the pace since the first call; null in the first hour'),
  usd_per_confirmed_gain: z.number().nullable().describe('null = none is confirmed'),
  gpu_hours: z.number(),
  gpu_hours_per_confirmed_gain: z.number().nullable(),
  open: z
    .number()
    .int()
    .describe('calls under way, cut short by a kill, or broken off: what they took is not known'),
  open_usd: z.number().describe('the most that those may cost'),
});
export type BillView = z.output<typeof BillView>;

/** The one read model. Status, report, notes and dashboard render this and compute nothing of their own. */
export const Overview = z.strictObject({
  project: z.string(),
  path: z.string(),
  goal: z.string(),
  metric: z
    .strictObject({ name: z.string(), direction: Direction, target: z.number().nullable() })
    .nullable(),
  cycle: z.number().int(),
  campaign: CampaignView.nullable().describe('limits of the host agent’s campaign that is under way'),
  status: z.string().describe('what is going on now, in words'),
  baseline: Standing.nullable(),
  best: Standing.nullable(),
  certainty: Certainty,
  early_kills: z
    .string()
    .nullable()
    .describe('runs that were stopped for being far behind, and how often that is wrong; null = none'),
  calibration: z.string().nullable().describe('how well predictions came true; null = none was scored'),
  runs: z.array(RunView),
  running: z.array(z.string()),
  decisions: z.array(z.strictObject({ at: z.string(), text: z.string() })),
  insights: z
    .array(z.strictObject({ at: z.string(), run: z.string().nullable(), text: z.string() }))
    .describe('key results that the ledger keeps, the newest last'),
  directive: z.string().nullable().describe('a directive that is waiting or not yet acted on'),
  budgets: z.array(BudgetView),
  bill: BillView.nullable().describe('null = no model was asked'),
  gpus: z.array(Gpu),
  warnings: z.array(z.string()),
});
export type Overview = z.output<typeof Overview>;

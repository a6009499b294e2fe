import { z } from 'zod';
import { Globs } from './locked.js';
import { Direction } from './metric.js';
import { SshArgs, THINKER } from './own-config.js';
import { SweepConfig } from './sweep/space.js';
import { Duration } from './units.js';
import { guardProblem } from './verdict/guards.js';

const Words = z.union([z.string(), z.array(z.union([z.string(), z.number()]).transform(String))]);
const Names = z.array(z.string()).default([]);
const Guards = z.array(z.string()).superRefine((guards, context) => {
  for (const text of guards) {
    const problem = guardProblem(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  }
});
const flag = (value: boolean) => z.boolean().default(value);
const count = (value: number) => z.number().int().min(1).default(value);

/** Known of the Python original and of the roadmap, accepted in a config, without effect in this version. */
export const LATER = 'Accepted; has no effect in this version.';

const Project = z.strictObject({
  name: z.string().optional().describe('Name shown to people; the folder’s name when absent.'),
  brief: z.string().default('PROJECT_BRIEF.md').describe('Path of the brief, below the project folder.'),
  workspace: z
    .string()
    .default('workspace')
    .describe('Folder of the ledger, memory and runs, below the project folder.'),
});

const Execution = z.strictObject({
  mode: z
    .enum(['local', 'ssh', 'slurm'])
    .default('local')
    .describe(
      'Where training runs: this computer, or a host over SSH. `slurm` is not supported in this version.',
    ),
  ssh_host: z.string().optional().describe('`host`, `user@host`, or a Host name of ~/.ssh/config.'),
  remote_workspace: z
    .string()
    .optional()
    .describe('Folder there that holds the project’s code, absolute or `~/…`.'),
  remote_python: z
    .string()
    .optional()
    .describe('Interpreter there, taken where a command says `python` or `python3`.'),
  ssh_args: SshArgs.optional(),
});

const Agent = z.strictObject({
  provider: THINKER.provider.default('anthropic'),
  model: THINKER.model.default('claude-sonnet-4-6'),
  base_url: THINKER.base_url.optional(),
  api_key_env: THINKER.api_key_env.optional(),
  auth_token_env: THINKER.auth_token_env.optional(),
  prices: THINKER.prices.default({}),
  max_cycles: z
    .number()
    .int()
    .default(-1)
    .describe('Cycles of one `run`; -1 = no limit. `--max-cycles` wins.'),
  max_steps_per_cycle: count(3).describe(
    'Workers (idea, code, writing) that the leader may send in one cycle.',
  ),
  cooldown_interval: Duration.default(300).describe(
    'Cycles with a leader begin at least this far apart. It ends early when a directive comes or another run ends; a run that trains for longer costs no pause.',
  ),
  no_progress_fallback_threshold: count(3).describe(
    'After so many cycles in a row that launched nothing, one trial of `sweep:` is run where there is one, else only experiment, sweep or stop are open to the leader; after twice as many the loop stops.',
  ),
});

const Memory = z.strictObject({
  brief_max_chars: count(3000).describe(
    'The brief beyond this many characters is not read; a warning says so.',
  ),
  log_max_chars: count(2000).describe('Cap of MEMORY_LOG.md, in characters.'),
  milestone_max_chars: count(1200).describe('Cap of its Key Results.'),
  max_recent_entries: count(15).describe('How many decisions it keeps.'),
});

const GpuConfig = z.strictObject({
  auto_detect: flag(true).describe('Ask the driver for GPUs. False = no GPU is used or leased.'),
  reserve_last: flag(false).describe('Leave the last GPU to people.'),
  use: z
    .union([z.literal('auto'), z.array(z.number().int().min(0))])
    .default('auto')
    .describe('Indices of the GPUs that may be used. `--gpu` wins.'),
  per_run: z
    .union([z.literal('auto'), z.number().int().min(0)])
    .default('auto')
    .describe('GPUs that one run leases; auto = 1 where there is a GPU, else 0.'),
});

const Monitor = z.strictObject({
  poll_interval: Duration.default(900).describe(
    'How often a heartbeat line is written to supervisor.log, in seconds. An end is noticed at once whatever this says.',
  ),
  zero_llm: z
    .literal(true)
    .default(true)
    .describe('Training is watched without any model call; this cannot be turned off.'),
  notify_on_complete: flag(true).describe(LATER),
});

const Experiment = z.strictObject({
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

const Budget = z.strictObject({
  runs: z.number().int().min(1).optional().describe('Most runs of the campaign.'),
  gpu_hours: z.number().positive().optional().describe('Most GPU-hours; a run without a GPU costs none.'),
  wall_clock: Duration.optional().describe('Longest time from the first run to the last launch.'),
  usd: z
    .number()
    .positive()
    .optional()
    .describe('Most that model calls may cost; checked before each call against the most that it can cost.'),
  tokens: z.number().int().positive().optional().describe('Most tokens of model calls, cached ones counted.'),
});

const Obsidian = z.strictObject({
  enabled: flag(false).describe(LATER),
  vault_path: z.string().optional().describe(LATER),
  project_subdir: z.string().optional().describe(LATER),
  auto_append_daily: flag(false).describe(LATER),
});

const Papers = z.strictObject({
  topics: Names.describe('What the digest looks for, a phrase each; the brief when empty.'),
  categories: z
    .array(z.string().regex(/^[a-z-]+(?:\.[A-Za-z-]+)?$/, 'a category of arXiv, for instance cs.LG'))
    .min(1)
    .default(['cs.LG', 'cs.CV', 'cs.CL', 'cs.AI'])
    .describe('Categories of arXiv whose announcements the digest reads.'),
  pins: Names.describe('Authors or words: a paper with one of them is always in the digest.'),
  mutes: Names.describe('Authors or words: a paper with one of them never is.'),
  liked: Names.describe('arXiv ids of papers that you like; from three on, papers like them are preferred.'),
  top: count(5).describe('Top picks of a digest.'),
  also: z.number().int().min(0).default(10).describe('Papers under “also worth reading”.'),
  timezone: z
    .string()
    .default('America/New_York')
    .describe(
      'In whose time a digest says when the next batch is due: an IANA name, for instance Europe/Berlin. Files carry arXiv’s own date.',
    ),
  contact: z
    .email()
    .optional()
    .describe('Your e-mail address, told to the sources in the User-Agent: they ask for one.'),
  embed_url: z
    .url()
    .optional()
    .describe('An OpenAI-compatible /v1/embeddings address whose vectors join the ranking; off when absent.'),
  embed_model: z.string().default('').describe('The model’s name there.'),
});

/** `config.yaml`. Every key has a default or may be absent; an unknown key is an error. */
export const Config = z.strictObject({
  project: Project.prefault({}),
  execution: Execution.prefault({}),
  agent: Agent.prefault({}),
  memory: Memory.prefault({}),
  gpu: GpuConfig.prefault({}),
  monitor: Monitor.prefault({}),
  experiment: Experiment.prefault({}),
  budget: Budget.prefault({}),
  sweep: SweepConfig.optional(),
  papers: Papers.prefault({}),
  obsidian: Obsidian.prefault({}),
});
export type Config = z.output<typeof Config>;

/** What the front matter of the brief may set; it wins over config.yaml. */
export const BriefSettings = z.strictObject({
  metric: z.string().optional(),
  direction: Direction.optional(),
  metric_mode: Experiment.shape.metric_mode.unwrap().optional(),
  target: z.number().optional(),
  locked: Globs.optional(),
  budgets: Budget.optional(),
  seeds: Experiment.shape.seeds.unwrap().optional(),
  guards: Guards.optional(),
});
export type BriefSettings = z.output<typeof BriefSettings>;

/** The config with the brief's settings laid over it. What either of them locks is locked. */
export function applyBrief(config: Config, brief: BriefSettings): Config {
  const { budgets, locked = [], ...experiment } = brief;
  const given = Object.fromEntries(Object.entries(experiment).filter(([, value]) => value !== undefined));
  return {
    ...config,
    experiment: { ...config.experiment, ...given, locked: [...config.experiment.locked, ...locked] },
    budget: { ...config.budget, ...budgets },
  };
}

import { z } from 'zod';
import { Direction } from './metric.js';
import { SweepConfig } from './sweep/space.js';
import { Duration } from './units.js';

const Words = z.union([z.string(), z.array(z.union([z.string(), z.number()]).transform(String))]);
const Names = z.array(z.string()).default([]);
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

const SLURM_NAME = /^[A-Za-z0-9][A-Za-z0-9_.,:@+-]*$/;
const slurmName = () =>
  z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().regex(SLURM_NAME, 'letters, digits and _ . , : @ + - only'))
    .optional();

const Slurm = z.strictObject({
  partition: slurmName().describe('Partition; the cluster’s default when absent.'),
  account: slurmName().describe('Account that is charged.'),
  qos: slurmName().describe('Quality of service.'),
  gpu_type: slurmName().describe('Kind of GPU, as in `--gres=gpu:KIND:1`.'),
  cpus: z.number().int().min(1).optional().describe('CPUs of one run (`--cpus-per-task`).'),
  mem: z
    .string()
    .regex(/^\d+[KMGT]?$/i, 'a number and K, M, G or T')
    .optional()
    .describe('Memory of one run, for instance `16G`.'),
  time: Duration.optional().describe(
    'Time that is asked for. Absent = `experiment.time_limit` and the grace, else the partition’s default.',
  ),
  signal_before: Duration.default(120).describe(
    'SIGTERM this many seconds before the time is up, for a checkpoint. Slurm looks once a minute, so ask for two.',
  ),
  requeue: flag(true).describe('A preempted run may be begun again by Slurm, under the same run.'),
  extra: Names.describe(
    'Further arguments of sbatch, each one word, for instance `--constraint=a100`; none that runs a command or moves files.',
  ),
  setup: Names.describe('Lines of shell before the training, for instance `module load cuda/12.4`.'),
});
export type SlurmConfig = z.output<typeof Slurm>;

const Execution = z.strictObject({
  mode: z
    .enum(['local', 'ssh', 'slurm'])
    .default('local')
    .describe('Where training runs: this computer, a host over SSH, or a Slurm cluster (here or over SSH).'),
  ssh_host: z.string().optional().describe('`host`, `user@host`, or a Host name of ~/.ssh/config.'),
  remote_workspace: z
    .string()
    .optional()
    .describe('Folder there that holds the project’s code, absolute or `~/…`.'),
  remote_python: z
    .string()
    .optional()
    .describe('Interpreter there, taken where a command says `python` or `python3`.'),
  ssh_args: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('Further arguments of ssh that say where and as whom: `-p 2222 -i ~/.ssh/lab -J bastion`.'),
  slurm: Slurm.prefault({}).describe('What Slurm is asked for.'),
});

const Agent = z.strictObject({
  provider: z.enum(['anthropic', 'openai', 'claude_cli', 'codex_cli']).default('anthropic').describe(LATER),
  model: z.string().default('claude-sonnet-4-6').describe(LATER),
  base_url: z.string().optional().describe(LATER),
  api_key_env: z.string().optional().describe(LATER),
  auth_token_env: z.string().optional().describe(LATER),
  max_cycles: z
    .number()
    .int()
    .default(-1)
    .describe('Cycles of one `run`; -1 = no limit. `--max-cycles` wins.'),
  max_steps_per_cycle: count(3).describe(LATER),
  cooldown_interval: Duration.default(300).describe(LATER),
  no_progress_fallback_threshold: count(3).describe(LATER),
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
});

const Obsidian = z.strictObject({
  enabled: flag(false).describe(LATER),
  vault_path: z.string().optional().describe(LATER),
  project_subdir: z.string().optional().describe(LATER),
  auto_append_daily: flag(false).describe(LATER),
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
  obsidian: Obsidian.prefault({}),
});
export type Config = z.output<typeof Config>;

/** What the front matter of the brief may set; it wins over config.yaml. */
export const BriefSettings = z.strictObject({
  metric: z.string().optional(),
  direction: Direction.optional(),
  metric_mode: Experiment.shape.metric_mode.unwrap().optional(),
  target: z.number().optional(),
  budgets: Budget.optional(),
});
export type BriefSettings = z.output<typeof BriefSettings>;

/** The config with the brief's settings laid over it. */
export function applyBrief(config: Config, brief: BriefSettings): Config {
  const { budgets, ...experiment } = brief;
  const given = Object.fromEntries(Object.entries(experiment).filter(([, value]) => value !== undefined));
  return {
    ...config,
    experiment: { ...config.experiment, ...given },
    budget: { ...config.budget, ...budgets },
  };
}

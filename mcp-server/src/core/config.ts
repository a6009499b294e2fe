import { z } from 'zod';
import { count, Experiment, flag, Guards, Names } from './config-experiment.js';
import { quietHoursProblem } from './gpus/quiet-hours.js';
import { Globs } from './locked.js';
import { Direction } from './metric.js';
import { Route } from './notify/channel.js';
import { SshArgs, THINKER, VaultPath } from './own-config.js';
import { SlurmConfig } from './slurm/settings.js';
import { SweepConfig } from './sweep/space.js';
import { Duration } from './units.js';

const QuietHours = z
  .union([z.string().transform((hours) => [hours]), z.array(z.string()).max(50)])
  .superRefine((rules, context) => {
    for (const text of rules) {
      const problem = quietHoursProblem(text);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    }
  });
const NoteName = z
  .string()
  .transform((name) => (name.endsWith('.md') ? name : `${name}.md`))
  .refine((name) => /^[^/\\\0.][^/\\\0]{0,99}$/.test(name), 'must be the name of a note, without a folder');

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
      'Where training runs: this computer, a host over SSH, or jobs of Slurm (docs/slurm.md): submitted here, or with `ssh_host` on that login node.',
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
  sync: z
    .enum(['off', 'rsync'])
    .default('off')
    .describe(
      'Where the code comes from. `off`: it is run as it lies there. `rsync`: before each launch the code of this folder is copied there, without what git ignores; nothing is deleted there, and what was changed there is left.',
    ),
  slurm: SlurmConfig.prefault({}),
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
  max_cycles_per_hour: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Most cycles begun within any hour; 0 = no limit. The loop sleeps until the next may begin.'),
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
  max: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Most GPUs that runs hold at once on a machine, those of all your projects counted; absent = no limit. Write it into each of them.',
    ),
  quiet_hours: QuietHours.default([]).describe(
    'When nothing new is started on a GPU, for instance `22:00-07:00`, or `[Mon-Fri 09:00-18:00 Europe/Berlin]`; without a zone in the time of this computer. What runs goes on.',
  ),
});

const Monitor = z.strictObject({
  poll_interval: Duration.default(900).describe(
    'How often a heartbeat line is written to supervisor.log, in seconds. An end is noticed at once whatever this says.',
  ),
  zero_llm: z
    .literal(true)
    .default(true)
    .describe('Training is watched without any model call; this cannot be turned off.'),
  notify_on_complete: flag(true).describe(
    'The end of each run is news (`ended`). False = only what is more than that.',
  ),
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
  enabled: flag(false).describe(
    'Notes are kept up to date by themselves. `auto-experiment notes` writes them in any case.',
  ),
  vault_path: VaultPath.optional(),
  project_subdir: z
    .string()
    .default('DeepResearcher/{project_name}')
    .describe('Folder of this project in the vault.'),
  dashboard_note: NoteName.default('Dashboard.md').describe('Note that is written anew each time.'),
  daily_dir: z.string().default('Daily').describe('Folder of the daily notes, which are only appended to.'),
  auto_append_daily: flag(true).describe('False = only `auto-experiment notes` appends to the daily note.'),
  local_fallback_dir: z
    .string()
    .default('notes')
    .describe('Folder below the workspace for notes where there is no vault.'),
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
  notify: z
    .array(Route)
    .max(20)
    .optional()
    .describe(
      'Names of your channels in `~/.config/auto-experiment/notify.yaml`, each with the events that go there (docs/notifications.md). Absent = as that file says; `[]` = none.',
    ),
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

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { firstSpace, optionsOf, seedOption } from '../core/script-options.js';
import type { Parameter } from '../core/sweep/space.js';

export interface Detected {
  /** What was found, in words. */
  detected: string[];
  /** Texts for the two files. */
  brief: string;
  config: string;
}

const SCRIPTS = [
  'train.py',
  'main.py',
  'run.py',
  'finetune.py',
  'train.sh',
  'src/train.py',
  'scripts/train.py',
  'tools/train.py',
];
const METRICS =
  /\b(val_(?:acc(?:uracy)?|loss|bpb|f1|auc|ppl|psnr)|eval_(?:loss|accuracy|f1)|test_acc(?:uracy)?|mAP|accuracy|perplexity|bleu|psnr|auc)\b/gi;
const TRACKERS: readonly (readonly [RegExp, string])[] = [
  [/\bwandb\b/, 'Weights & Biases'],
  [/\btensorboard|SummaryWriter\b/i, 'TensorBoard'],
  [/\bmlflow\b/, 'MLflow'],
  [/\blightning\b/, 'Lightning'],
  [/\btransformers\b/, 'Hugging Face Trainer'],
];
const MAX_BYTES = 512 * 1024;

/**
 * Looks at an existing project by reading its likely training script; runs nothing. What cannot be told is left for the
 * person to fill in.
 */
export function detectProject(folder: string): Detected {
  const script = SCRIPTS.find((name) => existsSync(join(folder, name))) ?? otherScript(folder);
  const text = script === null ? '' : readStart(join(folder, script));
  const metric = mostNamed(text);
  const minimize = metric !== null && /loss|ppl|perplexity|bpb|error/i.test(metric);
  const short = [
    '--epochs',
    '--max-epochs',
    '--max_epochs',
    '--max_steps',
    '--max-steps',
    '--steps',
    '--iters',
  ].find((flag) => text.includes(`'${flag}'`) || text.includes(`"${flag}"`));
  const trackers = TRACKERS.filter(([pattern]) => pattern.test(text)).map(([, name]) => name);
  const options = optionsOf(text);
  const seed = seedOption(options);
  const space = firstSpace(options);
  const command =
    script === null
      ? null
      : script.endsWith('.sh')
        ? `bash ${script}`
        : `python3 ${script}${seed === undefined ? '' : ` ${seed} {seed}`}`;
  return {
    detected: [
      ...(command === null ? [] : [`training command: ${command}`]),
      ...(metric === null
        ? []
        : [`metric: ${metric} (${minimize ? 'minimize' : 'maximize'}); check that your training prints it`]),
      ...(short === undefined ? [] : [`short run: ${short} 1`]),
      ...(seed === undefined ? [] : [`seed: ${seed}, so that gains can be confirmed on other seeds`]),
      ...(Object.keys(space).length === 0 ? [] : [`search space: ${Object.keys(space).join(', ')}`]),
      ...trackers.map((name) => `tracker: ${name}`),
    ],
    brief: briefText(metric, minimize),
    config: configText(command, short, seed, space),
  };
}

function otherScript(folder: string): string | null {
  return readdirSync(folder).find((name) => /train.*\.py$/i.test(name)) ?? null;
}

function readStart(path: string): string {
  return statSync(path).size > MAX_BYTES ? '' : readFileSync(path, 'utf8');
}

/** The metric that the script names most often; validation metrics before others. */
function mostNamed(text: string): string | null {
  const counts = new Map<string, number>();
  for (const [name] of text.matchAll(METRICS))
    counts.set(name, (counts.get(name) ?? 0) + (/^(val|eval)_(?!loss)/.test(name) ? 3 : 1));
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

function briefText(metric: string | null, minimize: boolean): string {
  return `---
metric: ${metric ?? 'val_acc          # as your training prints it'}
direction: ${minimize ? 'minimize' : 'maximize'}
# target: 0.95         # stop when it is reached
# budgets: {runs: 20, gpu_hours: 8, wall_clock: 12h}
---
# Goal

Improve the metric above. Say here in a few lines what the model does, on which data, and what counts as better.

# What may change

Learning rate, schedule, model size, regularisation, augmentation.

# What must stay

The data split and the evaluation code.
`;
}

function configText(
  command: string | null,
  short: string | undefined,
  seed: string | undefined,
  space: Record<string, Parameter>,
): string {
  const line =
    command === null
      ? '  # command: python3 train.py        # the unchanged training command: the baseline'
      : `  command: ${command}        # the unchanged training command: the baseline`;
  const dry =
    short === undefined
      ? '  # dry_run_args: [--epochs, 1]       # makes it short; run before changed code is launched'
      : `  dry_run_args: [${short}, 1]       # makes it short; run before changed code is launched`;
  const seeding =
    seed === undefined && command !== null
      ? '\n  # seed_env: SEED          # how training is told its seed, or {seed} in the command; without it no gain can be confirmed'
      : '';
  return `# Every key is optional. All keys: docs/config.md
experiment:
${line}
${dry}${seeding}
  # time_limit: 2h
  # max_parallel: 1

# A search without a model: auto-experiment run --planner sweep
${sweepText(space)}`;
}

/** The space that was found, or one to fill in as a comment. */
function sweepText(space: Record<string, Parameter>): string {
  const names = Object.entries(space);
  if (names.length === 0)
    return `# sweep:
#   parameters:
#     lr: {log_uniform: [0.0001, 0.1]}
#     batch-size: {choice: [32, 64, 128]}
#   max_runs: 20
`;
  const lines = names.map(([name, parameter]) => {
    const [[kind, values] = ['', []]] = Object.entries(parameter);
    return `    ${name}: {${kind}: [${values.join(', ')}]}\n`;
  });
  return `sweep:                            # a first guess around the defaults of the script
  parameters:
${lines.join('')}  max_runs: 20
`;
}

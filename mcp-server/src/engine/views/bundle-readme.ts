import { replay } from '../../core/campaign.js';
import { showCommand } from '../../core/command.js';
import type { Environment } from '../../core/environment.js';
import { codeBlock, escapeMarkdown as md } from '../../core/escape.js';
import type { LedgerRecord } from '../../core/ledger.js';
import type { RunRecord } from '../../core/run-record.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';

export interface BundleFacts {
  project: string;
  run: RunRecord;
  /** Of the run and of those that repeat it. */
  records: readonly LedgerRecord[];
  replicates: readonly RunRecord[];
  environment: Environment | null;
  /** Folder that the command ran in, below the code; '' = the code's own. */
  folder: string;
  /** Files in which something that looks like a secret was replaced. */
  redacted: readonly string[];
  /** What is not in it, and why. */
  leftOut: readonly string[];
}

/** Says to somebody who has only the archive what the run was and how to run it again. */
export function bundleReadme(facts: BundleFacts): string {
  const { run, records, replicates, environment, redacted, leftOut } = facts;
  const verdict = replay(records).runs.get(run.id)?.verdict;
  const name = run.primary?.name ?? 'the metric';
  const value = `${name} ${formatValue(run.value)} (${run.primary?.direction ?? 'no direction declared'})`;
  const interval =
    verdict?.interval === undefined
      ? ''
      : `, 95 %: ${formatGain(verdict.interval[0])} to ${formatGain(verdict.interval[1])}`;
  const judged =
    verdict == null
      ? 'No verdict was given.'
      : `Verdict: **${verdict.status ?? 'baseline'}**. ${md(verdict.reason)}${verdict.gain === null ? '' : ` Gain over the baseline: ${formatGain(verdict.gain)}${interval}.`}`;
  const sections = [
    `# ${run.id} of ${md(facts.project)}: ${md(run.title)}`,
    `${judged}`,
    bullets([
      `its own value: ${md(value)}`,
      `ended: ${run.ending ?? run.state}, after ${formatDuration(secondsOf(run))}, on ${run.gpus.length === 0 ? 'no GPU' : `${run.gpus.length} GPU${run.gpus.length === 1 ? '' : 's'}`}`,
      run.seed === null ? 'seed: none was set by the program' : `seed: ${run.seed}`,
      run.code === null ? 'code: not kept' : `code: ${run.code.kind} ${run.code.id}, tree ${run.code.tree}`,
      ...replicates.map(
        (one) =>
          `on another seed: ${one.id}, seed ${one.seed ?? 'none'}, ${md(name)} ${formatValue(one.value)}, ${one.ending ?? one.state}`,
      ),
    ]),
    '## Run it again',
    codeBlock(commandsOf(facts)),
    'The paths of the data are those of the machine it ran on; change them where yours differ.',
    '## What it ran in',
    environment === null ? 'It was not written down.' : environmentWords(environment),
    '## What is here',
    bullets([
      '`code/`: the code as it was at the launch, changes that were not committed included',
      '`run.json`, `ledger.jsonl`: the run and all that was decided about it; `environment.json`: the machine',
      '`metrics.jsonl`, `log`: what it measured and printed; `replicates/`: the same of its other seeds',
      '`packages.txt`: versions of the packages that matter, as they were. Lock files of the project are in `code/`',
    ]),
    ...(redacted.length === 0
      ? []
      : [
          '## Taken out',
          `Text that looks like a secret was replaced by \\[redacted\\] in: ${redacted.map(md).join(', ')}`,
        ]),
    ...(leftOut.length === 0 ? [] : ['## Left out', bullets(leftOut.map(md))]),
  ];
  return `${sections.join('\n\n')}\n`;
}

const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');

function secondsOf({ started_at, ended_at }: RunRecord): number | null {
  return started_at === null || ended_at === null
    ? null
    : (Date.parse(ended_at) - Date.parse(started_at)) / 1000;
}

function commandsOf({ run, folder }: BundleFacts): string {
  const seed = run.seed_env === null || run.seed === null ? [] : [`export ${run.seed_env}=${run.seed}`];
  return [`cd code${folder === '' ? '' : `/${folder}`}`, ...seed, showCommand(run.command)].join('\n');
}

function environmentWords(environment: Environment): string {
  const { python, system, distribution, cpu, gpus, driver, git, data, variables } = environment;
  return bullets([
    ...(python === null ? [] : [`Python ${md(python.version)} (${md(python.executable)})`]),
    ...(gpus.length === 0
      ? []
      : [`GPUs: ${md(gpus.join(', '))}${driver === null ? '' : `, driver ${md(driver)}`}`]),
    md([distribution, system, cpu].filter((part) => part !== null).join(', ')),
    ...(git === null
      ? []
      : [
          `git ${git.head ?? 'without a commit'}${git.branch === null ? '' : `, branch ${md(git.branch)}`}${git.dirty === true ? ', with changes that were not committed' : ''}`,
        ]),
    ...Object.entries(variables).map(([name, value]) => `${name}=${md(value)}`),
    ...data.map(
      (one) =>
        `data ${md(one.glob)}: ${one.files} files, ${one.bytes} bytes, ${one.hash === null ? `no fingerprint: ${md(one.why ?? '')}` : `sha256 ${one.hash} by ${one.by}`}`,
    ),
  ]);
}

import { createHash } from 'node:crypto';
import type { Campaign } from '../../core/campaign.js';
import { commandShape, showCommand, toArgv } from '../../core/command.js';
import { LabError } from '../../core/errors.js';
import type { Place } from '../../core/place.js';
import type { ExecResult } from '../../core/ports.js';
import { createRedactor } from '../../core/redact.js';
import { secretValues } from '../../core/secrets.js';
import { srunCommand } from '../../core/slurm/job-script.js';
import { slurmRequest } from '../../core/slurm/settings.js';
import { plain } from '../../core/text.js';
import { formatDuration } from '../../core/units.js';
import { codeFingerprint } from '../../store/code-fingerprint.js';
import { appendLedger } from '../../store/ledger.js';
import { ensureWorkspace, type Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { leaseForDryRun } from './dry-lease.js';
import type { LaunchRequest } from './launch.js';
import { codeThere, commandThere } from './site.js';
import { tied } from './tied.js';

/**
 * Runs the declared short run of changed code to its end. The same code with the same shape of command is not tried
 * twice. Returns notes for the person. Throws LabError, with the tail of its output, when it fails, takes too long,
 * or must be but is not declared.
 */
export async function ensureDryRun(
  lab: Pick<Lab, 'machine' | 'clock' | 'surveyGpus' | 'leases' | 'jobs' | 'env'>,
  project: Project,
  campaign: Campaign,
  request: LaunchRequest,
  env: Record<string, string>,
  { place, cwd }: { place: Place | null; cwd: string },
): Promise<string[]> {
  const { experiment } = project.config;
  if (request.dryRunPolicy === 'skip' || !experiment.mandatory_dry_run) return [];
  const argv = shortCommand(project, request);
  if (argv === null) {
    if (request.dryRunPolicy === 'declared')
      return ['no dry run: none is declared (experiment.dry_run_command or dry_run_args)'];
    throw noDryRun();
  }
  const { root, ledger, workspace } = project.paths;
  const fingerprint = createHash('sha256')
    .update(place === null ? codeFingerprint(root, [workspace]) : await codeThere(lab.machine, cwd))
    .update(commandShape(argv))
    .digest('hex')
    .slice(0, 16);
  if (campaign.dryRuns.get(fingerprint)?.ok === true) return [];

  // Nothing is written for a launch that is refused; from here on there is something to tell.
  ensureWorkspace(project.paths);
  const began = lab.clock();
  const command = commandThere(argv, project.config, place);
  const job = asJob(project, request, command);
  // A job of Slurm is given its GPUs there.
  const gpus =
    job === null ? await leaseForDryRun(lab, project, request) : { env: {}, release: async () => {} };
  const words = job?.argv ?? command;
  let result: ExecResult;
  try {
    result = await lab.machine.exec(place === null ? tied(words) : words, {
      cwd,
      env: { ...env, PYTHONUNBUFFERED: '1', ...gpus.env },
      onlyEnv: place === null,
      timeoutMs: (experiment.dry_run_timeout + (job?.waitSeconds ?? 0)) * 1000,
      maxBytes: 64 * 1024,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  } finally {
    await gpus.release();
  }
  request.signal?.throwIfAborted();
  const seconds = (lab.clock() - began) / 1000;
  const why = failure(result, experiment.dry_run_timeout, job !== null);
  appendLedger(ledger, {
    kind: 'dry_run',
    at: new Date(lab.clock()).toISOString(),
    fingerprint,
    command: argv,
    ok: why === null,
    seconds,
    why,
  });
  if (why === null) return [`dry run ended well in ${formatDuration(seconds)}`];
  throw new LabError(
    `the dry run ${why}; nothing was launched\n${tail(result, secretValues(lab.env, experiment.secret_env))}`,
    `mend the code and launch again; the dry run was: ${showCommand(argv)}`,
  );
}

/** With Slurm the dry run is a short job in the foreground: a login node is no place for training. */
function asJob(
  { config }: Project,
  request: LaunchRequest,
  argv: readonly string[],
): { argv: string[]; waitSeconds: number } | null {
  if (config.execution.mode !== 'slurm') return null;
  const asked = slurmRequest(config.execution.slurm, request.gpus ?? config.gpu.per_run, null, 0);
  return srunCommand(asked, argv, config.experiment.dry_run_timeout);
}

const noDryRun = (): LabError =>
  new LabError(
    'no dry run is declared, and changed code is launched only after one',
    'give a short setting: experiment.dry_run_args in config.yaml (for instance [--epochs, 1]), experiment.dry_run_command, or the dry_run argument',
  );

/** Throws LabError where the config declares no short run. */
export function assertDryRun(experiment: Project['config']['experiment']): void {
  if (experiment.dry_run_command === undefined && experiment.dry_run_args === undefined) throw noDryRun();
}

function shortCommand(project: Project, request: LaunchRequest): string[] | null {
  const { dry_run_command, dry_run_args } = project.config.experiment;
  if (dry_run_command !== undefined) return toArgv(dry_run_command);
  if (dry_run_args !== undefined) return [...request.argv, ...dry_run_args];
  if (request.dryRun === undefined) return null;
  const [own, short] = [target(request.argv), target(request.dryRun)];
  if (own === short) return [...request.dryRun];
  throw new LabError(
    `the dry run starts "${short}", but what would be launched is "${own}"`,
    'give the same command made short, for instance with --epochs 1 appended',
  );
}

/** What a command starts: the program and, where an interpreter comes first, its script or module. */
function target(argv: readonly string[]): string {
  const script = argv.findIndex(
    (word, index) => index > 0 && (word === '-m' || word === '-c' || !word.startsWith('-')),
  );
  return argv.slice(0, script < 0 ? 1 : argv[script]?.startsWith('-') ? script + 2 : script + 1).join(' ');
}

/** timeout(1) ends a job’s command with this. */
const TIMED_OUT = 124;

function failure(result: ExecResult, timeout: number, isJob: boolean): string | null {
  const noPlace = /Unable to allocate resources: .*/.exec(result.stderr)?.[0];
  if (isJob && result.code !== 0 && noPlace !== undefined)
    return `got no place in Slurm’s queue (${noPlace})`;
  if (result.timedOut || (isJob && result.code === TIMED_OUT))
    return `took longer than ${formatDuration(timeout)} (experiment.dry_run_timeout)`;
  if (result.signal !== null) return `was ended by ${result.signal}`;
  return result.code === 0 ? null : `failed with exit code ${result.code}`;
}

/** The last lines of what it printed, harmless and short. */
function tail(result: ExecResult, secrets: readonly string[]): string {
  const text = createRedactor(secrets)(plain(`${result.stdout}\n${result.stderr}`));
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-20)
    .map((line) => `  | ${line.slice(0, 300)}`)
    .join('\n');
}

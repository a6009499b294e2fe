import { createHash } from 'node:crypto';
import type { Config } from '../../core/config.js';
import { LabError } from '../../core/errors.js';
import type { GpuSurvey } from '../../core/gpu.js';
import { assertWorkspace, type Place } from '../../core/place.js';
import type { Machine, SurveyGpus } from '../../core/ports.js';
import { quote } from '../../core/posix.js';
import { scriptError } from '../../core/script-error.js';
import type { Lab } from '../lab.js';

/** A machine that training runs on, and how its GPUs are asked after. */
export interface Site {
  machine: Machine;
  surveyGpus: SurveyGpus;
}

const ASK_MS = 30_000;

/** The machine of a run: this computer, or the host that its place names. */
export async function siteOf(lab: Pick<Lab, 'at'> & Site, place: Place | null): Promise<Site> {
  return place === null ? { machine: lab.machine, surveyGpus: lab.surveyGpus } : lab.at(place);
}

/**
 * Where the GPUs of new runs are by the config: on this computer, or on the host that runs go to. Of a cluster it is this
 * computer, since Slurm chooses the node. Throws LabError for a host that the person has not agreed to.
 */
export async function gpuSite<L extends Pick<Lab, 'at'> & Site>(lab: L, config: Config): Promise<Site> {
  const { mode, ssh_host: host, ssh_args, remote_workspace: workspace = '~' } = config.execution;
  if (mode !== 'ssh' || host === undefined) return lab;
  return lab.at({ host, workspace, args: wordsOf(ssh_args) });
}

/** The GPUs that new runs get. A host that cannot be asked is told in `error`. Rejects only with the reason of `signal`. */
export async function surveyForRuns(
  lab: Pick<Lab, 'at'> & Site,
  config: Config,
  signal?: AbortSignal,
): Promise<GpuSurvey> {
  try {
    return await (await gpuSite(lab, config)).surveyGpus(signal);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return noGpus(config.execution.ssh_host ?? '', error);
  }
}

/** What is known of the GPUs of a machine that could not be asked. */
export const noGpus = (machine: string, { message, hint }: LabError): GpuSurvey => ({
  machine,
  gpus: [],
  error: `${message}: ${hint}`,
});

const wordsOf = (args: Config['execution']['ssh_args']): string[] =>
  typeof args === 'string' ? args.split(/\s+/).filter(Boolean) : [...(args ?? [])];

/**
 * Where new runs go by the config; null = this computer. Asks the host once, so that a wrong host, key or folder is told
 * before anything is written. `make`: where the code is brought there, a missing folder is made. Throws LabError.
 */
export async function placeFor(
  lab: Pick<Lab, 'at'>,
  config: Config,
  { make = false }: { make?: boolean } = {},
): Promise<Place | null> {
  const { mode, ssh_host: host, ssh_args: args, remote_workspace, sync } = config.execution;
  // Without a host this computer is the login node.
  if (mode === 'local' || (mode === 'slurm' && host === undefined)) return null;
  if (host === undefined)
    throw new LabError(
      `execution.mode: ${mode} needs execution.ssh_host`,
      'write host, user@host, or a Host name of ~/.ssh/config',
    );
  const workspace = assertWorkspace(remote_workspace);
  const words = wordsOf(args);
  const { machine } = await lab.at({ host, workspace, args: words });
  const folder = workspace.startsWith('~') ? `"$HOME"${quote(workspace.slice(1))}` : quote(workspace);
  const first = make && sync !== 'off' ? `mkdir -p ${folder} || exit 1; ` : '';
  const { code, stdout, stderr } = await machine.script(
    `${first}cd ${folder} 2> /dev/null && pwd -P`,
    ASK_MS,
  );
  const found = Buffer.from(stdout).toString('utf8').trim();
  if (code === 0 && found.startsWith('/')) return { host, workspace: found, args: words };
  if (first !== '') throw scriptError(host, code, stderr);
  throw new LabError(
    `there is no folder ${workspace} on ${host}`,
    'copy or clone the project there (git clone, rsync -a), or write execution.sync: rsync, or correct execution.remote_workspace',
  );
}

/** A command as it is on that machine: `python` is the interpreter that the config names. */
export function commandThere(argv: readonly string[], config: Config, place: Place | null): string[] {
  const python = config.execution.remote_python;
  const [program = '', ...rest] = argv;
  return place !== null && python !== undefined && /^python3?$/.test(program) ? [python, ...rest] : [...argv];
}

/** Refuses a program that is not there. Throws LabError. */
export async function assertProgramThere(
  machine: Machine,
  argv: readonly string[],
  cwd: string,
): Promise<void> {
  const program = argv[0] ?? '';
  const { code } = await machine.script(
    `cd ${quote(cwd)} && command -v ${quote(program)} > /dev/null`,
    ASK_MS,
  );
  if (code === 0) return;
  throw new LabError(
    `there is no program "${program}" on ${machine.name}`,
    /^python/.test(program)
      ? 'write the interpreter of its environment under execution.remote_python, for instance ~/miniconda3/envs/lab/bin/python as an absolute path'
      : 'paths count from execution.remote_workspace; programs must be found without a login (see experiment.env: PATH)',
  );
}

/** Changes when code in the folder changes: names and checksums of what looks like code, up to 2 MiB each. */
export async function codeThere(machine: Machine, cwd: string): Promise<string> {
  const names = [
    'py',
    'sh',
    'yaml',
    'yml',
    'json',
    'toml',
    'cfg',
    'ini',
    'c',
    'cc',
    'cpp',
    'cu',
    'h',
    'js',
    'jl',
    'R',
  ];
  const tests = names.map((name) => `-name ${quote(`*.${name}`)}`).join(' -o ');
  const script = `cd ${quote(cwd)} && find . -name '.?*' -prune -o -type f -size -4096 \\( ${tests} \\) -exec cksum {} +`;
  const { stdout } = await machine.script(script, ASK_MS);
  const lines = Buffer.from(stdout).toString('utf8').split('\n').sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

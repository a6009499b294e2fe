import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, LabError } from '../core/errors.js';
import { formatMark } from '../core/mark.js';
import { priceOf } from '../core/price.js';
import type { Lab } from '../engine/lab.js';
import { placeFor } from '../engine/runs/site.js';
import { acquireLock } from '../store/lock.js';
import { atOnce, findLocked, idleGlobs, lockedPlaces } from '../store/locked.js';
import type { Project } from '../store/project.js';

export interface Check {
  name: string;
  state: 'good' | 'note' | 'bad';
  text: string;
  hint: string | null;
}

const good = (name: string, text: string): Check => ({ name, state: 'good', text, hint: null });
const note = (name: string, text: string, hint: string): Check => ({ name, state: 'note', text, hint });
const bad = (name: string, text: string, hint: string): Check => ({ name, state: 'bad', text, hint });

/** Looks at everything that runs need, by trying it. Leaves nothing behind. */
export async function examine(lab: Lab, signal: AbortSignal): Promise<Check[]> {
  const project = tryOpen(lab);
  return [
    ...(await examineMachine(lab, signal)),
    ...('message' in project ? [] : await otherMachine(lab, project)),
    ...('message' in project ? [bad('project', project.message, project.hint)] : describe(project)),
    ...('message' in project ? [] : [await thinker(lab, project)]),
  ];
}

/** The same without the project. */
export async function examineMachine(lab: Lab, signal: AbortSignal): Promise<Check[]> {
  return [
    system(),
    await program(
      lab,
      'python3',
      ['python3', '--version'],
      'install Python 3 (Debian/Ubuntu: apt install python3); the demo and most training need it',
    ),
    await program(
      lab,
      'git',
      ['git', '--version'],
      'install git: without it the code of each run is kept as a copy',
    ),
    await gpus(lab, signal),
    await locks(),
  ];
}

function system(): Check {
  if (process.platform !== 'linux') {
    return bad(
      'system',
      `${process.platform} is not supported for runs in this version`,
      'use Linux, or WSL2 on Windows',
    );
  }
  return existsSync('/proc/self/stat')
    ? good('system', `Linux, Node ${process.versions.node}`)
    : bad('system', '/proc is not there', 'mount it: processes are watched through it');
}

async function program(lab: Lab, name: string, argv: string[], hint: string): Promise<Check> {
  const { code, stdout, stderr } = await lab.machine.exec(argv, { timeoutMs: 10_000 });
  return code === 0
    ? good(name, `${stdout}${stderr}`.trim().split('\n')[0] ?? '')
    : note(name, 'not found', hint);
}

async function gpus(lab: Lab, signal: AbortSignal): Promise<Check> {
  const survey = await lab.surveyGpus(signal);
  if (survey.error !== null)
    return note('gpu', survey.error, 'training runs without a GPU until this is mended');
  if (survey.gpus.length === 0)
    return note('gpu', 'none seen', 'fine for training on the CPU; NVIDIA GPUs need nvidia-smi on PATH');
  const slow = survey.notes?.[0];
  const text = survey.gpus.map((gpu) => `${gpu.index}: ${gpu.name ?? 'unknown'} (${gpu.state})`).join(', ');
  return slow === undefined ? good('gpu', text) : note('gpu', text, slow);
}

async function locks(): Promise<Check> {
  const lock = await acquireLock(`doctor:${process.pid}`);
  if (!lock.held) return bad('locks', 'a lock could not be taken', 'a sandbox may forbid local sockets');
  await lock.release();
  return good('locks', 'the kernel holds locks for one controller and one supervisor per project');
}

/** The host that runs go to, tried as a launch would try it. */
async function otherMachine(lab: Lab, project: Project): Promise<Check[]> {
  const { mode, ssh_host } = project.config.execution;
  if (mode === 'local') return [];
  try {
    const place = await placeFor(lab, project.config);
    return [good('host', `${ssh_host}: reached, the project’s code is in ${place?.workspace}`)];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const second = `a host that asks for a second factor: open the shared connection once by hand, it is then used for as long as it lives. In ~/.ssh/config under Host ${ssh_host ?? 'HOST'}: ControlMaster auto, ControlPath ~/.ssh/cm-%C, ControlPersist 12h; then: ssh ${ssh_host ?? 'HOST'} true`;
    return [bad('host', error.message, `${error.hint}. ${second}`)];
  }
}

/** Who would think in the headless loop: whether the key or the program is there. Nothing is asked over the network. */
async function thinker(lab: Lab, project: Project): Promise<Check> {
  const { provider, model } = project.config.agent;
  try {
    await lab.provider(project);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    // The sweep planner and hosts need none.
    return note('provider', error.message, error.hint);
  }
  const price = priceOf(model, project.config.agent.prices);
  const cost = price === null ? 'no known price (agent.prices)' : `price: ${price.from}`;
  if (provider !== 'claude_cli' && provider !== 'codex_cli')
    return good('provider', `${provider}, ${model}; a key is there; ${cost}`);
  const cli = provider === 'claude_cli' ? 'claude' : 'codex';
  const { code, stdout, stderr } = await lab.machine.exec([cli, '--version'], { timeoutMs: 20_000 });
  const version = stdout.trim().split('\n').at(-1) ?? '';
  return code === 0
    ? good('provider', `${provider}, ${version}; it has its own login; ${cost}`)
    : note(
        'provider',
        `${cli} --version fails: ${stderr.trim().split('\n').at(-1) ?? code}`,
        `run ${cli} by hand`,
      );
}

function tryOpen(lab: Lab): Project | LabError {
  try {
    return lab.open();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

function describe(project: Project): Check[] {
  const { paths, config, brief } = project;
  const { metric, direction, command, dry_run_command, dry_run_args } = config.experiment;
  const declared = metric === undefined || direction === undefined;
  return [
    disk(paths.root),
    records(paths.root),
    brief.text === ''
      ? note(
          'brief',
          brief.exists ? 'empty' : `none at ${paths.brief}`,
          'auto-experiment init writes one to fill in; the loop needs it',
        )
      : good('brief', `${brief.text.length} characters`),
    good('watching', config.monitor.zero_llm ? 'no model call while training runs' : ''),
    declared
      ? note(
          'metric',
          'not declared',
          'write metric: and direction: into the brief’s front matter; without them no run is compared',
        )
      : good('metric', `${metric}, ${direction}`),
    command === undefined
      ? note(
          'command',
          'not declared',
          'write experiment.command into config.yaml; the sweep planner needs it',
        )
      : good('command', String(command)),
    dry_run_command === undefined && dry_run_args === undefined
      ? note(
          'dry run',
          'not declared',
          'write experiment.dry_run_args, for instance [--epochs, 1]; changed code is launched only after a dry run',
        )
      : good('dry run', 'declared'),
    locked(project),
    ...brief.warnings.map((warning) =>
      note('brief', warning, 'shorten the brief, or raise memory.brief_max_chars'),
    ),
  ];
}

function locked({ paths, config }: Project): Check {
  const globs = config.experiment.locked;
  if (globs.length === 0)
    return note(
      'locked',
      'no file is locked',
      'list what measures the runs under experiment.locked, for instance [eval.py]: a change to it then makes a run invalid',
    );
  try {
    const files = atOnce(findLocked(lockedPlaces(paths, globs))).map(({ path }) => path);
    const idle = idleGlobs(globs, files);
    return idle.length === 0
      ? good('locked', `${files.length} file(s)`)
      : note(
          'locked',
          `${idle.join(', ')} means no file`,
          'globs count from the project folder: check their spelling',
        );
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return bad('locked', error.message, error.hint);
  }
}

function disk(root: string): Check {
  const { bavail, bsize } = statfsSync(root);
  const gib = (bavail * bsize) / 2 ** 30;
  const text = `${gib.toFixed(1)} GiB free`;
  return gib < 1
    ? note('disk', text, 'checkpoints fill disks overnight: free some space first')
    : good('disk', text);
}

/** Endings are kept as links, which some file systems (FAT, some network shares) do not have. */
function records(root: string): Check {
  try {
    mkdirSync(root, { recursive: true });
    const folder = mkdtempSync(join(root, '.auto-experiment-doctor-'));
    try {
      symlinkSync(formatMark({ rc: 0 }), join(folder, 'exited'));
      return good('records', 'the project folder can be written and holds links');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } catch (error) {
    return bad(
      'records',
      `the project folder cannot hold the records of runs: ${errorText(error)}`,
      'choose a folder on a local Linux file system that you may write',
    );
  }
}

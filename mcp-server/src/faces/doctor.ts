import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, LabError } from '../core/errors.js';
import { gpuKey } from '../core/gpus/choose.js';
import { formatMark } from '../core/mark.js';
import type { Place } from '../core/place.js';
import { priceOf } from '../core/price.js';
import type { Lab } from '../engine/lab.js';
import { placeFor } from '../engine/runs/site.js';
import { notCode } from '../engine/there/ask.js';
import { stampLockedThere } from '../engine/there/locked.js';
import { acquireLock } from '../store/lock.js';
import { atOnce, findLocked, idleGlobs, lockedPlaces } from '../store/locked.js';
import type { Project } from '../store/project.js';
import { telling } from './doctor-telling.js';
import { idleRules } from './idle-rules.js';

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
    ...('message' in project
      ? [bad('project', project.message, project.hint)]
      : [...describe(project), ...telling(lab, project)]),
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
    ...(await gpus(lab, signal)),
    ...idleRules(lab.env),
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

async function gpus(lab: Lab, signal: AbortSignal): Promise<Check[]> {
  const survey = await lab.surveyGpus(signal);
  const told = survey.gpus.map((gpu) => {
    const text = `${gpu.index}: ${gpu.name ?? 'unknown'}`;
    const sick = survey.sick?.[gpuKey(gpu)];
    if (sick === undefined) return good('gpu', `${text} (${gpu.state})`);
    return note('gpu', `${text} ${sick}`, 'no run is given it until then; the others are used');
  });
  const notes = (survey.notes ?? []).map((text) => note('gpu', text, 'auto-experiment gpu shows each GPU'));
  if (survey.error !== null)
    return [
      note('gpu', survey.error, 'training has no GPU but those that are listed until this is mended'),
      ...told,
    ];
  if (told.length === 0)
    return [
      note(
        'gpu',
        'none seen',
        `fine for training on the CPU; ${survey.notes?.[0] ?? 'nvidia-smi must be on PATH'}`,
      ),
    ];
  return [...told, ...notes];
}

async function locks(): Promise<Check> {
  const lock = await acquireLock(`doctor:${process.pid}`);
  if (!lock.held) return bad('locks', 'a lock could not be taken', 'a sandbox may forbid local sockets');
  await lock.release();
  return good('locks', 'the kernel holds locks for one controller and one supervisor per project');
}

/** The host that runs go to, tried as a launch would try it. */
async function otherMachine(lab: Lab, project: Project): Promise<Check[]> {
  const { mode, ssh_host = 'HOST', sync } = project.config.execution;
  if (mode === 'local') return [];
  const { code, stderr } = await lab.machine.exec(['ssh', '-V'], { timeoutMs: 10_000 });
  const client =
    code === 0
      ? good('ssh', stderr.trim().split('\n')[0] ?? '')
      : note(
          'ssh',
          'no OpenSSH client: hosts are reached with the program’s own, which knows keys, agents, jump hosts and known_hosts',
          'for all of ~/.ssh/config, security keys and second factors install it (Debian/Ubuntu: apt install openssh-client)',
        );
  try {
    const place = await placeFor(lab, project.config);
    const code = sync === 'off' ? 'the project’s code lies' : 'the code of this folder is brought to';
    const host = good(
      'host',
      `${ssh_host}: reached; ${code} ${sync === 'off' ? 'in ' : ''}${place?.workspace}`,
    );
    return [
      client,
      host,
      ...(place === null || sync !== 'off' ? [] : [await lockedThere(lab, project, place)]),
    ];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (sync !== 'off' && error.message.startsWith('there is no folder'))
      return [
        client,
        note(
          'host',
          `${ssh_host}: reached; ${error.message} yet`,
          'the first launch makes it and brings the code there',
        ),
      ];
    const second = /did not accept any key/.test(error.message)
      ? `. A host that asks for a second factor: open the shared connection once by hand, it is then used for as long as it lives. In ~/.ssh/config under Host ${ssh_host}: ControlMaster auto, ControlPath ~/.ssh/cm-%C, ControlPersist 12h; then: ssh ${ssh_host} true. A host behind a bastion: ProxyJump BASTION under the same Host, and open both by hand`
      : '';
    return [client, bad('host', error.message, `${error.hint}${second}`)];
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

/** What the globs mean where the code lies. */
async function lockedThere(lab: Lab, project: Project, place: Place): Promise<Check> {
  const globs = project.config.experiment.locked;
  if (globs.length === 0) return NOT_LOCKED;
  const { machine } = await lab.at(place);
  const files = Object.keys(await stampLockedThere(machine, place.workspace, globs, notCode(project)));
  return lockedCheck(globs, files, ` on ${place.host}`);
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
    ...locked(project),
    ...brief.warnings.map((warning) =>
      note('brief', warning, 'shorten the brief, or raise memory.brief_max_chars'),
    ),
  ];
}

const NOT_LOCKED = note(
  'locked',
  'no file is locked',
  'list what measures the runs under experiment.locked, for instance [eval.py]: a change to it then makes a run invalid',
);

function lockedCheck(globs: readonly string[], files: readonly string[], where = ''): Check {
  const idle = idleGlobs(globs, files);
  return idle.length === 0
    ? good('locked', `${files.length} file(s)${where}`)
    : note(
        'locked',
        `${idle.join(', ')} means no file${where}`,
        'globs count from the project folder: check their spelling',
      );
}

function locked({ paths, config }: Project): Check[] {
  const globs = config.experiment.locked;
  // Looked for where the code lies.
  if (config.execution.mode !== 'local' && config.execution.sync === 'off') return [];
  if (globs.length === 0) return [NOT_LOCKED];
  try {
    return [
      lockedCheck(
        globs,
        atOnce(findLocked(lockedPlaces(paths, globs))).map(({ path }) => path),
      ),
    ];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return [bad('locked', error.message, error.hint)];
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

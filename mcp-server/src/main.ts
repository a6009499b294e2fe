#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placedJobs } from './adapters/jobs/placed.js';
import { processJobs } from './adapters/jobs/process.js';
import { errorText, LabError } from './core/errors.js';
import type { GpuSurvey } from './core/gpu.js';
import { MARKER } from './core/marker.js';
import type { Literature } from './core/paper/source.js';
import { machineKey } from './core/place.js';
import type { ExecResult, Jobs, Machine, SurveyGpus } from './core/ports.js';
import { nearest, plain } from './core/text.js';
import { assertAgreed, assertPlace } from './core/trust.js';
import type { Lab } from './engine/lab.js';
import type { Site } from './engine/runs/site.js';
import { type Command, UsageError } from './faces/command.js';
import { openConsole } from './faces/console.js';
import { helpOf, parseFlags } from './faces/flags.js';
import { leaseFolder, stateFolder } from './store/leases.js';
import { openProject, type Project } from './store/project.js';
import { readUser } from './store/user.js';

const here = fileURLToPath(import.meta.url);
const packageRoot = resolve(dirname(here), '..', '..');

/** Every command behind its own import, so that a status call never pays for MCP or for a tool it does not use. */
const COMMANDS: Record<string, () => Promise<{ command: Command }>> = {
  init: () => import('./faces/cli/init.js'),
  demo: () => import('./faces/cli/demo.js'),
  run: () => import('./faces/cli/run.js'),
  status: () => import('./faces/cli/status.js'),
  report: () => import('./faces/cli/report.js'),
  launch: () => import('./faces/cli/launch.js'),
  wait: () => import('./faces/cli/wait.js'),
  stop: () => import('./faces/cli/stop.js'),
  logs: () => import('./faces/cli/logs.js'),
  compare: () => import('./faces/cli/compare.js'),
  restore: () => import('./faces/cli/restore.js'),
  metrics: () => import('./faces/cli/metrics.js'),
  gpu: () => import('./faces/cli/gpu.js'),
  directive: () => import('./faces/cli/directive.js'),
  install: () => import('./faces/cli/install.js'),
  papers: () => import('./faces/cli/papers.js'),
  trust: () => import('./faces/cli/trust.js'),
  service: () => import('./faces/cli/service.js'),
  doctor: () => import('./faces/cli/doctor.js'),
  mcp: () => import('./faces/cli/mcp.js'),
  hook: () => import('./faces/cli/hook.js'),
  supervise: () => import('./faces/cli/supervise.js'),
  gen: () => import('./faces/cli/gen.js'),
};
/** Called by hosts, by the program itself or by its developers. */
const INNER = ['hook', 'supervise', 'gen'];

function openLab(dir: string): Lab {
  const machine = lazyMachine();
  const open = (): Project => openProject(dir, readUser(process.env));
  const at = lazyPlaces(open);
  return {
    open,
    machine,
    jobs: lazyJobs(at),
    surveyGpus: lazySurvey(machine),
    at,
    clock: Date.now,
    random: Math.random,
    env: process.env,
    host: hostname(),
    leases: leaseFolder(process.env),
    hashes: new Map(),
    literature: openSources,
    provider: openThinker,
    spawnSupervisor: () => {
      const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== MARKER));
      const child = spawn(process.execPath, [here, 'supervise', '--project', resolve(dir)], {
        detached: true,
        stdio: 'ignore',
        env,
      });
      child.on('error', (error) =>
        process.stderr.write(`the supervisor could not be started: ${error.message}\n`),
      );
      child.unref();
    },
  };
}

/** Other machines, each connected to once, when something is first asked of it. */
function lazyPlaces(open: () => Project): Lab['at'] {
  const known = new Map<string, Promise<Site>>();
  return (place) => {
    const key = machineKey(place);
    const site =
      known.get(key) ??
      import('./adapters/machines/over-ssh.js').then(({ overSsh }) => {
        const machine = overSsh(place.host, place.args, process.env);
        if (place.args.length > 0) assertPlace(place, open().paths.root, readUser(process.env));
        return { machine, surveyGpus: lazySurvey(machine) };
      });
    known.set(key, site);
    // One who has agreed meanwhile is not refused again.
    site.catch(() => known.delete(key));
    return site;
  };
}

/** Jobs of this computer are at hand; those of other machines are loaded when a run is there. */
function lazyJobs(at: Lab['at']): Jobs {
  const known = new Map<string, Promise<Jobs>>();
  return placedJobs(processJobs(), (place) => {
    const key = machineKey(place);
    const jobs =
      known.get(key) ??
      Promise.all([import('./adapters/jobs/host.js'), at(place)]).then(([{ hostJobs }, { machine }]) =>
        hostJobs(machine, Date.now),
      );
    known.set(key, jobs);
    return jobs;
  });
}

/** Sources of papers with their queue and cache, which all projects of this user share. */
async function openSources(contact: string | undefined): Promise<Literature> {
  const [{ openLiterature }, { openTurns }, { openBodyCache }] = await Promise.all([
    import('./adapters/papers/index.js'),
    import('./store/turns.js'),
    import('./store/body-cache.js'),
  ]);
  const shared = join(stateFolder(process.env), 'papers');
  return openLiterature({
    turns: openTurns(join(shared, 'turns')),
    cache: openBodyCache(join(shared, 'cache')),
    clock: Date.now,
    random: Math.random,
    env: process.env,
    version: versionOf(),
    contact,
  });
}

/** Who thinks, asked only where the person has agreed to where keys go. */
const openThinker: Lab['provider'] = async ({ config, untrusted, paths }, own) => {
  if (own === undefined) assertAgreed(untrusted, paths.root);
  const { openProvider } = await import('./adapters/providers/index.js');
  const { agent, experiment } = config;
  return openProvider(
    { ...(own === undefined ? agent : { provider: agent.provider, ...own }), passEnv: experiment.pass_env },
    { env: process.env, clock: Date.now, version: versionOf(), node: process.execPath, program: here },
  );
};

/** The machine's adapter is loaded when something is first asked of it. */
function lazyMachine(): Machine {
  let loaded: Promise<Machine> | undefined;
  const machine = (): Promise<Machine> => {
    loaded ??= import('./adapters/machines/local.js').then((module) => module.localMachine());
    return loaded;
  };
  return {
    name: hostname(),
    // Asking for a driver that is not installed must not cost the loading of the adapter.
    exec: async (argv, options) =>
      isOnPath(argv[0] ?? '') ? (await machine()).exec(argv, options) : NOT_FOUND,
    read: async (...args) => (await machine()).read(...args),
    write: async (...args) => (await machine()).write(...args),
    list: async (...args) => (await machine()).list(...args),
    readFrom: async (...args) => (await machine()).readFrom(...args),
    script: async (...args) => (await machine()).script(...args),
  };
}

const NOT_FOUND: ExecResult = {
  code: 127,
  signal: null,
  stdout: '',
  stderr: 'there is no such program',
  timedOut: false,
  truncated: false,
};

/** False when a bare program name is in no folder of PATH. */
function isOnPath(program: string): boolean {
  return (
    program.includes('/') ||
    (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
  );
}

/** The driver is asked at most every two seconds. */
function lazySurvey(machine: Machine): SurveyGpus {
  let last: { at: number; survey: GpuSurvey } | undefined;
  return async (signal) => {
    if (last !== undefined && Date.now() - last.at < 2000) return last.survey;
    const [{ surveyGpus }, { vendors }] = await Promise.all([
      import('./engine/runs/gpus.js'),
      import('./adapters/gpus/index.js'),
    ]);
    const survey = await surveyGpus({ machine, vendors, ...(signal === undefined ? {} : { signal }) });
    last = { at: Date.now(), survey };
    return survey;
  };
}

function versionOf(): string {
  const data: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  return typeof data === 'object' && data !== null && 'version' in data ? String(data.version) : 'unknown';
}

async function help(): Promise<string> {
  const names = Object.keys(COMMANDS).filter((name) => !INNER.includes(name));
  const lines = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(11)}${(await COMMANDS[name]?.())?.command.summary ?? ''}`),
  );
  return [
    'auto-experiment COMMAND [options]',
    '',
    'Runs deep-learning experiments day and night.',
    '',
    ...lines,
    '',
    'Options of a command: auto-experiment COMMAND --help',
    '',
  ].join('\n');
}

async function main(argv: readonly string[]): Promise<number> {
  const abort = new AbortController();
  const stop = (): void => {
    // The second Ctrl-C of somebody in a hurry ends the program as usual.
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  // A reader that has left (`| head`) is no error of ours.
  process.stdout.on('error', (error) => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1));
  const console = openConsole(abort.signal, {
    lab: openLab,
    packageRoot,
    program: here,
    version: versionOf(),
  });
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      console.out(await help());
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-v') {
      console.out(`${console.version}\n`);
      return 0;
    }
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (load === undefined) {
      const close = nearest(
        name,
        Object.keys(COMMANDS).filter((known) => !INNER.includes(known)),
      );
      throw new UsageError(
        `unknown command "${name}"${close === undefined ? '' : `; did you mean ${close}?`}`,
      );
    }
    const { command } = await load();
    const parsed = parseFlags(command, rest);
    if (parsed.switches.help === true) {
      console.out(helpOf(command));
      return 0;
    }
    return await command.run(console, parsed);
  } catch (error) {
    if (error instanceof UsageError) {
      console.err(
        `error: ${plain(error.message)}\nhint: auto-experiment ${name !== undefined && Object.hasOwn(COMMANDS, name) ? `${name} ` : ''}--help\n`,
      );
      return 2;
    }
    if (error instanceof LabError) {
      console.err(`error: ${plain(error.message)}\nhint: ${plain(error.hint)}\n`);
      return 1;
    }
    if (abort.signal.aborted) return 130;
    const trace = error instanceof Error && process.env.AUTO_EXPERIMENT_DEBUG ? `\n${error.stack}` : '';
    console.err(
      `error: ${errorText(error)}\nhint: this is a defect of auto-experiment; please report it (AUTO_EXPERIMENT_DEBUG=1 shows where)${trace}\n`,
    );
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));

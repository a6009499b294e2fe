#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placedJobs } from './adapters/jobs/placed.js';
import { processJobs } from './adapters/jobs/process.js';
import { spawnOwn } from './adapters/jobs/spawn-own.js';
import { isOnPath, NOT_FOUND } from './adapters/machines/on-path.js';
import type { Literature } from './core/paper/source.js';
import { machineKey } from './core/place.js';
import type { Jobs, Machine, SurveyGpus } from './core/ports.js';
import type { Lab } from './engine/lab.js';
import { recentSurvey } from './engine/runs/recent-survey.js';
import type { Site } from './engine/runs/site.js';
import type { Command, Console } from './faces/command.js';
import { openConsole } from './faces/console.js';
import type { Desk } from './faces/mcp-desk.js';
import { runProgram } from './faces/program.js';
import { leaseFolder, stateFolder } from './store/leases.js';
import type { Project } from './store/project.js';

const here = fileURLToPath(import.meta.url);
const packageRoot = resolve(dirname(here), '..', '..');

/** Every command behind its own import, so that a status call never pays for MCP or for a tool it does not use. */
const COMMANDS: Record<string, () => Promise<{ command: Command }>> = {
  init: () => import('./faces/cli/init.js'),
  demo: () => import('./faces/cli/demo.js'),
  run: () => import('./faces/cli/run.js'),
  status: () => import('./faces/cli/status.js'),
  dashboard: () => import('./faces/cli/dashboard.js'),
  report: () => import('./faces/cli/report.js'),
  launch: () => import('./faces/cli/launch.js'),
  wait: () => import('./faces/cli/wait.js'),
  stop: () => import('./faces/cli/stop.js'),
  logs: () => import('./faces/cli/logs.js'),
  compare: () => import('./faces/cli/compare.js'),
  restore: () => import('./faces/cli/restore.js'),
  bundle: () => import('./faces/cli/bundle.js'),
  finalize: () => import('./faces/cli/finalize.js'),
  export: () => import('./faces/cli/export.js'),
  notes: () => import('./faces/cli/notes.js'),
  notify: () => import('./faces/cli/notify.js'),
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
  herald: () => import('./faces/cli/herald.js'),
  gen: () => import('./faces/cli/gen.js'),
};
/** Called by hosts, by the program itself or by its developers. */
const INNER = ['hook', 'supervise', 'herald', 'gen'];

type OpenProject = typeof import('./store/user.js').openProjectOf;

function openLab(dir: string, openProject: OpenProject): Lab {
  const machine = lazyMachine();
  const open = (): Project => openProject(process.env, dir);
  const at = lazyPlaces(open);
  return {
    open,
    machine,
    jobs: lazyJobs(at),
    surveyGpus: lazySurvey(machine, (programs) =>
      programs.filter((program) => isOnPath(program, process.env)),
    ),
    at,
    clock: Date.now,
    random: Math.random,
    env: process.env,
    host: hostname(),
    leases: leaseFolder(process.env),
    hashes: new Map(),
    literature: openSources,
    provider: openThinker,
    spawnSupervisor: () => spawnOwn(here, 'supervise', resolve(dir)),
    notifier: (channel) =>
      Promise.all([import('./adapters/notifiers/index.js'), import('./store/notify-file.js')]).then(
        ([{ openNotifier }, { secretValue }]) =>
          openNotifier(channel, {
            secret: (secret) => secretValue(secret, process.env),
            env: process.env,
            agent: `auto-experiment/${versionOf()}`,
            clock: Date.now,
          }),
      ),
    spawnHerald: () => spawnOwn(here, 'herald', resolve(dir)),
  };
}

/** Other machines, each connected to once, when something is first asked of it. */
function lazyPlaces(open: () => Project): Lab['at'] {
  const known = new Map<string, Promise<Site>>();
  return (place) => {
    const key = machineKey(place);
    const site =
      known.get(key) ??
      Promise.all([openHost(), import('./core/trust.js'), import('./store/user.js')]).then(
        ([reach, { assertPlace }, { readUser }]) => {
          if (place.args.length > 0) assertPlace(place, open().paths.root, readUser(process.env));
          const machine = reach(place.host, place.args, process.env);
          return { machine, surveyGpus: lazySurvey(machine) };
        },
      );
    known.set(key, site);
    // One who has agreed meanwhile is not refused again.
    site.catch(() => known.delete(key));
    return site;
  };
}

/** The user's own ssh program wherever there is one; else what can be done without. */
async function openHost(): Promise<typeof import('./adapters/machines/over-ssh.js').overSsh> {
  return isOnPath('ssh', process.env)
    ? (await import('./adapters/machines/over-ssh.js')).overSsh
    : (await import('./adapters/machines/over-ssh2.js')).overSsh2;
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
    jobs.catch(() => known.delete(key));
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
  const [{ openProvider }, { assertAgreed }] = await Promise.all([
    import('./adapters/providers/index.js'),
    import('./core/trust.js'),
  ]);
  if (own === undefined) assertAgreed(untrusted, paths.root);
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
      isOnPath(argv[0] ?? '', process.env) ? (await machine()).exec(argv, options) : NOT_FOUND,
    read: async (...args) => (await machine()).read(...args),
    write: async (...args) => (await machine()).write(...args),
    list: async (...args) => (await machine()).list(...args),
    readFrom: async (...args) => (await machine()).readFrom(...args),
    script: async (...args) => (await machine()).script(...args),
  };
}

/** `present` spares a machine of which it is known the question which programs it has. */
function lazySurvey(
  machine: Machine,
  present?: (programs: readonly string[]) => readonly string[],
): SurveyGpus {
  const known = new Map<string, string>();
  return recentSurvey(Date.now, async (signal) => {
    const [{ surveyGpus }, { vendors }] = await Promise.all([
      import('./engine/runs/gpus.js'),
      import('./adapters/gpus/index.js'),
    ]);
    return surveyGpus({ machine, vendors, known, present, signal });
  });
}

/** Loaded when a client first asks for more than a greeting, for which it must not wait. */
function lazyDesk(): Console['desk'] {
  let opened: Promise<Desk> | undefined;
  return (project, role) => {
    opened ??= Promise.all([
      import('./store/user.js'),
      import('./tools/index.js'),
      import('./faces/mcp-desk.js'),
    ]).then(([{ openProjectOf }, { TOOLS }, { openDesk }]) =>
      openDesk(openLab(project, openProjectOf), TOOLS, role, packageRoot),
    );
    return opened;
  };
}

/** How a command opens projects. Only `mcp` does without until its desk is asked for. */
async function loadLab(command: string): Promise<Console['lab']> {
  if (command === 'mcp') return () => refuseLab();
  const { openProjectOf } = await import('./store/user.js');
  return (project) => openLab(project, openProjectOf);
}

function refuseLab(): never {
  throw new Error('mcp opens its project through the desk');
}

function versionOf(): string {
  const data: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  return typeof data === 'object' && data !== null && 'version' in data ? String(data.version) : 'unknown';
}

const code = runProgram(process.argv.slice(2), {
  commands: COMMANDS,
  inner: INNER,
  loadLab,
  open: (signal) =>
    openConsole(signal, { desk: lazyDesk(), packageRoot, program: here, version: versionOf() }),
});
// Not awaited at the top: the one file of plugins compiles this module as a function.
void code.then((value) => {
  process.exitCode = value;
});

import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { placedJobs } from './adapters/jobs/placed.js';
import { processJobs } from './adapters/jobs/process.js';
import { spawnOwn } from './adapters/jobs/spawn-own.js';
import { isOnPath, NOT_FOUND } from './adapters/machines/on-path.js';
import type { Literature } from './core/paper/source.js';
import { machineKey, type Place } from './core/place.js';
import type { Jobs, Machine, SurveyGpus } from './core/ports.js';
import type { Lab } from './engine/lab.js';
import { recentSurvey } from './engine/runs/recent-survey.js';
import type { Site } from './engine/runs/site.js';
import { leaseFolder, stateFolder } from './store/leases.js';
import type { Project } from './store/project.js';
import { openProjectOf } from './store/user.js';

/** This program: the file that runs, and its version. */
export interface Program {
  file: string;
  version: string;
}

/** The lab of a project folder with its adapters. A file of its own, since an MCP client is greeted without them. */
export function openLab(dir: string, program: Program): Lab {
  const { file, version } = program;
  const machine = lazyMachine();
  const open = (): Project => openProjectOf(process.env, dir);
  const at = lazyPlaces(open);
  return {
    open,
    machine,
    jobs: lazyJobs(at, machine),
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
    literature: (contact) => openSources(version, contact),
    provider: openThinker(program),
    spawnSupervisor: () => spawnOwn(file, 'supervise', resolve(dir)),
    notifier: (channel) =>
      Promise.all([import('./adapters/notifiers/index.js'), import('./store/notify-file.js')]).then(
        ([{ openNotifier }, { secretValue }]) =>
          openNotifier(channel, {
            secret: (secret) => secretValue(secret, process.env),
            env: process.env,
            agent: `auto-experiment/${version}`,
            clock: Date.now,
          }),
      ),
    spawnHerald: () => spawnOwn(file, 'herald', resolve(dir)),
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
function lazyJobs(at: Lab['at'], here: Machine): Jobs {
  const known = new Map<string, Promise<Jobs>>();
  const once = (key: string, open: () => Promise<Jobs>): Promise<Jobs> => {
    const jobs = known.get(key) ?? open();
    known.set(key, jobs);
    // One who has agreed meanwhile is not refused again.
    jobs.catch(() => known.delete(key));
    return jobs;
  };
  const machineOf = async (place: Place | null): Promise<Machine> =>
    place === null ? here : (await at(place)).machine;
  return placedJobs(
    processJobs(),
    (place) =>
      once(machineKey(place), async () =>
        (await import('./adapters/jobs/host.js')).hostJobs(await machineOf(place), Date.now),
      ),
    (place) =>
      once(`slurm ${place === null ? '' : machineKey(place)}`, async () =>
        (await import('./adapters/jobs/slurm/jobs.js')).slurmJobs(await machineOf(place), Date.now),
      ),
  );
}

/** Sources of papers with their queue and cache, which all projects of this user share. */
async function openSources(version: string, contact: string | undefined): Promise<Literature> {
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
    version,
    contact,
  });
}

/** Who thinks, asked only where the person has agreed to where keys go. */
const openThinker =
  ({ file, version }: Program): Lab['provider'] =>
  async ({ config, untrusted, paths }, own) => {
    const [{ openProvider }, { assertAgreed }] = await Promise.all([
      import('./adapters/providers/index.js'),
      import('./core/trust.js'),
    ]);
    if (own === undefined) assertAgreed(untrusted, paths.root);
    const { agent, experiment } = config;
    return openProvider(
      { ...(own === undefined ? agent : { provider: agent.provider, ...own }), passEnv: experiment.pass_env },
      { env: process.env, clock: Date.now, version, node: process.execPath, program: file },
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

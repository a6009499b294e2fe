import { createHash } from 'node:crypto';
import { type Campaign, sameWork, usedSeeds, type WholeCampaign } from '../../core/campaign.js';
import { showCommand } from '../../core/command.js';
import { LabError } from '../../core/errors.js';
import type { CodeRef } from '../../core/ledger.js';
import { MARKER } from '../../core/marker.js';
import type { Place } from '../../core/place.js';
import type { Random } from '../../core/ports.js';
import { runNumber } from '../../core/run.js';
import { queuedRun, type RunRecord } from '../../core/run-record.js';
import { splitEnv } from '../../core/secrets.js';
import { DRY_SEED, drawSeed, seedEnv, seedingOf, withSeed } from '../../core/seed.js';
import { slurmRequest } from '../../core/slurm/settings.js';
import { clip, oneLine } from '../../core/text.js';
import { appendLedger, readCampaign } from '../../store/ledger.js';
import { withLock } from '../../store/lock.js';
import type { Project } from '../../store/project.js';
import { ensureWorkspace } from '../../store/project.js';
import { countChangedLines } from '../../store/restore.js';
import { createRun, nextRunId, readRun, readRuns } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { syncThere } from '../there/sync.js';
import { limitsWithinBudget } from './budget.js';
import { codeKeeper } from './code-keeper.js';
import { ensureDryRun } from './dry-run.js';
import { lockedAtLaunch } from './locked.js';
import { assertProgram } from './program.js';
import { assertProgramThere, commandThere, placeFor, type Site, siteOf } from './site.js';
import { keepSupervised } from './supervised.js';
import { workKey } from './work-key.js';

export interface LaunchRequest {
  argv: readonly string[];
  /** One line that says what is tried; the command when absent. */
  title?: string;
  role?: 'baseline' | 'candidate';
  /** Id of the plan that asks for it. A plan is launched once, however often this is called. */
  plan?: string;
  /** The short run that the caller declares, where the config declares none. */
  dryRun?: readonly string[];
  /** `enforce` refuses code without a declared short run; `declared` runs one where it is declared; `skip` none. */
  dryRunPolicy: 'enforce' | 'declared' | 'skip';
  gpus?: number;
  /** Seconds; the config's limit when absent. */
  timeLimit?: number;
  /** `answer`: the same code, command and settings as an earlier run are answered with that run. */
  repeat?: 'answer' | 'allow';
  /** Told why a dry run of changed code waits for a GPU; without it, the launch is refused then. */
  waiting?: (why: string) => void;
  /** Not started until it is released, or for two minutes: a model that launches it has something to say yet. */
  held?: boolean;
  signal?: AbortSignal;
}

export interface Launched {
  record: RunRecord;
  /** What the person should know: no snapshot, withheld variables, no dry run. */
  notes: string[];
  /** True when an earlier run did the same work: `record` is that one, and nothing was launched. */
  repeated: boolean;
}

type LaunchLab = Pick<
  Lab,
  | 'machine'
  | 'at'
  | 'clock'
  | 'random'
  | 'env'
  | 'host'
  | 'leases'
  | 'hashes'
  | 'surveyGpus'
  | 'spawnSupervisor'
  | 'jobs'
>;

/**
 * Queues one run: checks the command and the budget, runs the dry run, keeps the code, writes the run's folder, and
 * wakes the supervisor. Nothing is started here. Throws LabError, and then no run exists.
 */
export async function launch(lab: LaunchLab, project: Project, request: LaunchRequest): Promise<Launched> {
  const { config, paths } = project;
  const { experiment } = config;
  const existing =
    request.plan === undefined
      ? undefined
      : readRuns(paths.runs).records.find((run) => run.plan === request.plan);
  if (existing !== undefined) {
    recordLaunch(paths.ledger, existing, readCampaign(paths.ledger).campaign);
    await keepSupervised(lab, paths.root);
    return { record: existing, notes: [], repeated: false };
  }

  const place = await placeFor(lab, config, { make: true });
  const site = await siteOf(lab, place);
  const notes: string[] = [];
  const cwd = await codeFolder(lab, site, project, place, notes);
  // Another machine has an environment of its own.
  const { env, withheld } = splitEnv(place === null ? withoutMarker(lab.env) : {}, {
    pass: experiment.pass_env,
    secret: experiment.secret_env,
  });
  if (place === null) assertProgram(request.argv, cwd, { ...env, ...experiment.env });
  else await assertProgramThere(site.machine, commandThere(request.argv, config, place), cwd);
  const { campaign } = readCampaign(paths.ledger);
  const wanted = request.gpus ?? config.gpu.per_run;
  assertWithinCap(wanted, config.gpu.max);
  const limit = (known: Campaign) =>
    limitsWithinBudget(
      { ...lab, ...site },
      project,
      known,
      wanted,
      request.timeLimit ?? experiment.time_limit ?? null,
    );
  await limit(campaign);
  const seeding = seedingOf(request.argv, experiment.seed_env);
  const short = { ...request, argv: withSeed(request.argv, DRY_SEED) };
  const dryEnv = { ...env, ...experiment.env, ...seedEnv(experiment.seed_env ?? null, DRY_SEED) };
  notes.push(...(await ensureDryRun({ ...lab, ...site }, project, campaign, short, dryEnv, { place, cwd })));

  ensureWorkspace(paths);
  const passed = experiment.pass_env.filter((name) => lab.env[name] !== undefined);
  const stored = Object.fromEntries(
    Object.entries({ ...env, ...experiment.env }).filter(([name]) => !passed.includes(name)),
  );
  const { metric, direction, metric_mode } = experiment;
  const locked = await lockedAtLaunch(lab, project, campaign, notes, { cwd, place });
  const keep = await codeKeeper(site, project, place, notes);

  const { record, repeated } = await withLock(`launch:${paths.root}`, async () => {
    // Asked again in here: others may have launched while the dry run took its time, and no budget is exceeded by a race.
    const now = readCampaign(paths.ledger).campaign;
    const timeLimit = await limit(now);
    const highest = Math.max(0, ...[...now.runs.keys()].map(runNumber));
    const id = nextRunId(paths.runs, highest);
    const seed = seeding === null ? null : screeningSeed(lab.random, experiment.verdict, now);
    const code = await keep(id);
    const planned = queuedRun({
      id,
      title: clip(oneLine(request.title ?? showCommand(request.argv)), 120),
      role: request.role ?? (now.baseline === null ? 'baseline' : 'candidate'),
      plan: request.plan ?? null,
      command: seed === null ? [...request.argv] : withSeed(request.argv, seed),
      seed,
      template: seeding?.template ?? null,
      seed_env: seeding?.env ?? null,
      replicate: null,
      cwd,
      host: place?.host ?? lab.host,
      place,
      slurm:
        config.execution.mode === 'slurm'
          ? slurmRequest(config.execution.slurm, wanted, timeLimit, experiment.stop_grace)
          : null,
      marker: newMarker(lab, paths.root, id),
      gpus_wanted: wanted,
      gpus_allowed: config.gpu.use === 'auto' ? null : config.gpu.use,
      pass_env: passed,
      withheld,
      code,
      lines: await linesAgainst(project, now, code),
      key: workKey(code, request.argv, experiment.env, experiment.seed_env),
      limits: {
        time_limit: timeLimit,
        stall_timeout: experiment.stall_timeout,
        stop_grace: experiment.stop_grace,
        survivor_grace: experiment.survivor_grace,
        stop_rules: experiment.stop_rules,
        tracked_metrics: experiment.tracked_metrics,
      },
      primary:
        metric === undefined || direction === undefined
          ? null
          : { name: metric, direction, mode: metric_mode },
      created_at: new Date(lab.clock()).toISOString(),
    });
    const made = request.held === true ? { ...planned, held: true } : planned;
    const earlier = request.repeat === 'answer' ? sameWork(now, made.key) : null;
    // The snapshot that was just taken is named after an id that the next launch takes: it is replaced then.
    if (earlier !== null) return { record: readRun(paths.runs, earlier), repeated: true };
    createRun(paths.runs, made, stored, locked);
    recordLaunch(paths.ledger, made, now);
    return { record: made, repeated: false };
  });
  if (repeated) {
    notes.push(`nothing was launched: ${record.id} does the same work (equal code, command and settings)`);
    return { record, notes, repeated };
  }
  await keepSupervised(lab, paths.root);
  if (withheld.length > 0) {
    notes.push(
      `not handed to the training: ${withheld.slice(0, 6).join(', ')}; list what it needs under experiment.pass_env`,
    );
  }
  return { record, notes, repeated };
}

/** Refuses what would wait for ever. Throws LabError. */
function assertWithinCap(wanted: number | 'auto', max: number | undefined): void {
  if (max === undefined || wanted === 'auto' || wanted <= max) return;
  throw new LabError(
    `${wanted} GPUs are wanted for one run, but at most ${max} may be held at once (gpu.max)`,
    'raise gpu.max in config.yaml, or ask for fewer: launch --gpus N, or gpu.per_run',
  );
}

/** Writes the launch of a run into the ledger unless it is there: a launcher may have been killed before it could. */
export function recordLaunch(ledger: string, record: RunRecord, campaign: Campaign): void {
  if (campaign.runs.get(record.id)?.launch) return;
  const { id, plan, role, title, command, code, created_at, seed, replicate, lines, key } = record;
  const common = { kind: 'launch', at: created_at, run: id, plan, role, title, command, code } as const;
  appendLedger(ledger, {
    ...common,
    ...(seed === null ? {} : { seed }),
    ...(replicate === null ? {} : { replicate }),
    ...(lines === null ? {} : { lines }),
    ...(key === null ? {} : { key }),
  });
}

/** Where the code lies that a run will start from; with `execution.sync` it is brought there first. */
async function codeFolder(
  lab: Pick<Lab, 'machine'>,
  site: Site,
  project: Project,
  place: Place | null,
  notes: string[],
): Promise<string> {
  if (place === null) return project.paths.root;
  if (project.config.execution.sync === 'off') return place.workspace;
  return syncThere(lab, site.machine, project, place, notes);
}

/** How many lines differ from the baseline's code; null where one of the two was not kept. */
async function linesAgainst(project: Project, campaign: Campaign, b: CodeRef | null): Promise<number | null> {
  const a = campaign.baseline === null ? b : (campaign.runs.get(campaign.baseline)?.launch?.code ?? null);
  if (a === null || b === null) return null;
  if (a.tree === b.tree) return 0;
  const { root, workspace } = project.paths;
  return countChangedLines({ project: root, workspace, a, b });
}

/** A value for the marker variable that no other run on this machine has. */
export function newMarker(lab: Pick<Lab, 'clock' | 'random'>, root: string, id: string): string {
  const text = `${root}\0${id}\0${lab.clock()}\0${lab.random()}`;
  return `${id}@${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** Fresh for each run; where runs are compared in pairs, the one that the baseline had. */
function screeningSeed(
  random: Random,
  verdict: 'strict' | 'paired' | 'cheap',
  campaign: WholeCampaign,
): number {
  const first = campaign.baseline === null ? undefined : campaign.runs.get(campaign.baseline)?.launch?.seed;
  return verdict === 'paired' && first !== undefined ? first : drawSeed(random, usedSeeds(campaign));
}

/** A run that starts another one does not pass its own marker on. */
function withoutMarker(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== MARKER));
}

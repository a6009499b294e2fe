import { usedSeeds, type WholeCampaign } from '../../core/campaign.js';
import type { Replicate } from '../../core/ledger.js';
import { runNumber } from '../../core/run.js';
import { queuedRun, type RunRecord } from '../../core/run-record.js';
import { drawSeed, withSeed } from '../../core/seed.js';
import { clip } from '../../core/text.js';
import { withLock } from '../../store/lock.js';
import type { Project } from '../../store/project.js';
import { createRun, nextRunId, readRun, readRunEnv } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { limitsWithinBudget } from './budget.js';
import { newMarker, recordLaunch } from './launch.js';
import { lockedAsBefore } from './locked.js';
import { siteOf } from './site.js';

export interface WantedReplicate {
  replicate: Replicate;
  /** Counts the replicates of this arm from 1: the same one is never launched twice. */
  number: number;
  /** Null = a fresh one is drawn. */
  seed: number | null;
}

/**
 * Queues one run more of an arm's code and command, on another seed. The code is the snapshot that the arm was launched
 * with, whatever the project folder holds by now. Null where it was queued before. Throws LabError when a budget leaves
 * no run for it.
 */
export async function queueReplicate(
  lab: Pick<Lab, 'clock' | 'random' | 'host' | 'surveyGpus' | 'machine' | 'at'>,
  project: Project,
  campaign: WholeCampaign,
  { replicate, number, seed }: WantedReplicate,
): Promise<RunRecord | null> {
  const { paths, config } = project;
  const plan = `${replicate.arm}:${replicate.kind}:${number}`;
  if ([...campaign.runs.values()].some((run) => run.launch?.plan === plan)) return null;
  const source = readRun(paths.runs, replicate.arm);
  const asked = config.experiment.time_limit ?? null;
  const timeLimit = await limitsWithinBudget(
    { ...lab, ...(await siteOf(lab, source.place)) },
    project,
    campaign,
    source.gpus_wanted,
    asked,
  );
  const drawn = seed ?? drawSeed(lab.random, usedSeeds(campaign));
  return await withLock(`launch:${paths.root}`, async () => {
    const id = nextRunId(paths.runs, Math.max(0, ...[...campaign.runs.keys()].map(runNumber)));
    const made = queuedRun({
      id,
      title: clip(`${source.title} (seed ${drawn})`, 120),
      role: source.role,
      plan,
      command: source.template === null ? source.command : withSeed(source.template, drawn),
      cwd: source.place?.workspace ?? paths.root,
      host: source.place?.host ?? lab.host,
      place: source.place,
      slurm: source.slurm,
      marker: newMarker(lab, paths.root, id),
      gpus_wanted: source.gpus_wanted,
      gpus_allowed: source.gpus_allowed,
      pass_env: source.pass_env,
      withheld: source.withheld,
      code: source.code,
      seed: drawn,
      template: source.template,
      seed_env: source.seed_env,
      replicate,
      lines: source.lines,
      key: source.key,
      limits: { ...source.limits, time_limit: timeLimit },
      primary: source.primary,
      created_at: new Date(lab.clock()).toISOString(),
    });
    createRun(paths.runs, made, readRunEnv(paths.runs, source.id), lockedAsBefore(project, source.id));
    recordLaunch(paths.ledger, made, campaign);
    return made;
  });
}

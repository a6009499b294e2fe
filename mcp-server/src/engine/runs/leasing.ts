import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, LabError } from '../../core/errors.js';
import type { Gpu, GpuSurvey } from '../../core/gpu.js';
import { toTrainOn } from '../../core/gpus/aside.js';
import { chooseGpus, gpuKey } from '../../core/gpus/choose.js';
import { cudaEnv } from '../../core/gpus/cuda-env.js';
import type { GpuLease } from '../../core/gpus/lease.js';
import { RunRecord } from '../../core/run-record.js';
import { selfIdentity } from '../../store/identity.js';
import { isLive, leaseGpus, readLeases, releaseLeases } from '../../store/leases.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import type { LaunchRequest } from './launch.js';

export type LeaseLab = Pick<Lab, 'leases' | 'surveyGpus' | 'clock' | 'jobs'>;
type DryRunLab = LeaseLab & Pick<Lab, 'env'>;

export interface Granted {
  gpus: Gpu[];
  /** What pins the training to them; empty where the machine has no GPU. */
  env: Record<string, string>;
}

/** Who asks for GPUs. `visible` is the CUDA_VISIBLE_DEVICES that the person has set: their own choice is kept to. */
export interface Claimant {
  id: string;
  recordDir: string;
  visible: string | undefined;
  /** Indices that the launch was limited to; null = as the config says now. */
  allowed?: readonly number[] | null;
}

/** A lease counts while its run still has processes, wherever they hang now. */
async function isHeld(lab: Pick<Lab, 'jobs'>, lease: GpuLease): Promise<boolean> {
  const run = runOf(lease.recordDir);
  if (run === null) return false;
  const handle = { recordDir: lease.recordDir, marker: run.marker, place: run.place };
  const [state] = await lab.jobs.poll([handle]);
  // What cannot be seen is not free.
  if (state !== undefined && ['running', 'suspended', 'unknown'].includes(state.life)) return true;
  return (await lab.jobs.survivors(handle)).length > 0;
}

function runOf(recordDir: string): RunRecord | null {
  try {
    const parsed = RunRecord.safeParse(
      JSON.parse(readFileSync(join(dirname(recordDir), 'run.json'), 'utf8')),
    );
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR')
      return null;
    throw error;
  }
}

/** GPUs held by live leases of any project, as keys. */
export async function liveLeases(lab: Pick<Lab, 'leases' | 'clock' | 'jobs'>): Promise<string[]> {
  const keys: string[] = [];
  for (const entry of readLeases(lab.leases)) {
    if (await isLive(entry, { now: lab.clock(), isHeld: (lease) => isHeld(lab, lease) }))
      keys.push(entry.uuid);
  }
  return keys;
}

/** Leases GPUs for a run as the config allows, or says in words why there are none now. */
export async function grantGpus(
  lab: LeaseLab,
  project: Project,
  wanted: number | 'auto',
  run: Claimant,
): Promise<Granted | { why: string }> {
  const { gpu } = project.config;
  if (!gpu.auto_detect) return { gpus: [], env: {} };
  if (wanted === 0) return { gpus: [], env: cudaEnv([], { gpus: [], error: null }) };
  const survey = await lab.surveyGpus();
  if (wanted === 'auto' && toTrainOn(survey.gpus).length === 0) return { gpus: [], env: {} };
  return grantFrom(lab, project, survey, wanted === 'auto' ? 1 : wanted, run);
}

async function grantFrom(
  lab: LeaseLab,
  project: Project,
  survey: GpuSurvey,
  want: number,
  run: Claimant,
): Promise<Granted | { why: string }> {
  const { gpu } = project.config;
  const visible =
    run.visible === undefined || run.visible === ''
      ? 'auto'
      : run.visible.split(',').map((name) => name.trim());
  const allowed = run.allowed ?? (gpu.use === 'auto' ? visible : gpu.use);
  const choice = chooseGpus({
    survey,
    want,
    allowed,
    reserveLast: gpu.reserve_last,
    leased: await liveLeases(lab),
  });
  if ('why' in choice) return choice;
  const taken = await leaseGpus({
    folder: lab.leases,
    uuids: choice.gpus.map(gpuKey),
    claim: {
      project: project.paths.root,
      run: run.id,
      recordDir: run.recordDir,
      owner: selfIdentity(),
      at: lab.clock(),
    },
    isHeld: (lease) => isHeld(lab, lease),
  });
  if (!taken.leased) {
    const [first] = taken.blockers;
    return {
      why: `GPU ${first?.uuid ?? ''} was just leased to ${first?.lease?.run ?? 'another run'} of ${first?.lease?.project ?? 'another project'}`,
    };
  }
  return { gpus: choice.gpus, env: cudaEnv(choice.gpus, survey) };
}

/**
 * GPUs for a dry run. It never shares one with a training, whose memory it could exhaust: where none is free the
 * launch is refused with words, and nothing was changed.
 */
export async function leaseForDryRun(
  lab: DryRunLab,
  project: Project,
  request: Pick<LaunchRequest, 'gpus'>,
): Promise<{ env: Record<string, string>; release(): Promise<void> }> {
  const id = `dry-run-${process.pid}`;
  const recordDir = join(project.paths.workspace, id);
  const granted = await grantGpus(lab, project, request.gpus ?? project.config.gpu.per_run, {
    id,
    recordDir,
    visible: lab.env.CUDA_VISIBLE_DEVICES,
  });
  if ('why' in granted) {
    throw new LabError(
      `no GPU is free for the dry run of this changed code: ${granted.why}`,
      'wait for a run to end (wait_for_experiment, or auto-experiment wait) and launch again; unchanged code can be queued at any time',
    );
  }
  const release = async (): Promise<void> => {
    if (granted.gpus.length > 0)
      await releaseLeases({ folder: lab.leases, project: project.paths.root, run: id });
  };
  return { env: granted.env, release };
}

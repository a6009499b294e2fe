import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../core/errors.js';
import { releaseLeases } from '../../store/leases.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { type Granted, grantGpus, type LeaseLab, type Refused } from './grant.js';
import type { LaunchRequest } from './launch.js';

type DryRunLab = LeaseLab & Pick<Lab, 'env'>;

const AGAIN_MS = 5000;

/**
 * GPUs for a dry run. It never shares one with a training, whose memory it could exhaust: where none is free the
 * launch is refused with words, and nothing was changed; or it waits, where whoever launches is told why (`waiting`).
 */
export async function leaseForDryRun(
  lab: DryRunLab,
  project: Project,
  request: Pick<LaunchRequest, 'gpus' | 'waiting' | 'signal'>,
): Promise<{ env: Record<string, string>; release(): Promise<void> }> {
  const id = `dry-run-${process.pid}`;
  const recordDir = join(project.paths.workspace, id);
  const ask = (): Promise<Granted | Refused> =>
    grantGpus(lab, project, request.gpus ?? project.config.gpu.per_run, {
      id,
      recordDir,
      visible: lab.env.CUDA_VISIBLE_DEVICES,
      line: request.waiting === undefined ? null : recordDir,
    });
  let granted = await ask();
  let told: string | null = null;
  while ('why' in granted && request.waiting !== undefined) {
    if (granted.why !== told) request.waiting(`the dry run waits for a GPU: ${granted.why}`);
    told = granted.why;
    await sleep(AGAIN_MS, undefined, request.signal === undefined ? {} : { signal: request.signal });
    granted = await ask();
  }
  if ('why' in granted) {
    throw new LabError(
      `no GPU is free for the dry run of this changed code: ${granted.why}`,
      'wait for a run to end (wait_for_experiment, or auto-experiment wait) and launch again; unchanged code can be queued at any time',
    );
  }
  const { gpus, env } = granted;
  const release = async (): Promise<void> => {
    if (gpus.length > 0) await releaseLeases({ folder: lab.leases, project: project.paths.root, run: id });
  };
  return { env, release };
}

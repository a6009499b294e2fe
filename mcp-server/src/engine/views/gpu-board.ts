import { basename } from 'node:path';
import { showCommand } from '../../core/command.js';
import type { Config } from '../../core/config.js';
import { LabError } from '../../core/errors.js';
import type { GpuSurvey } from '../../core/gpu.js';
import { gpuKey, markReserved } from '../../core/gpus/choose.js';
import type { JobHandle, Survivor } from '../../core/ports.js';
import { readWaiters } from '../../store/gpu-line.js';
import { readLeases } from '../../store/leases.js';
import type { Lab } from '../lab.js';
import { handleOf } from '../runs/handle.js';
import { liveLeases, runOf } from '../runs/leasing.js';
import { type ProcessFacts, processFacts } from '../runs/process-facts.js';
import { gpuSite, noGpus, type Site } from '../runs/site.js';

/** One run of ours that holds a GPU. */
interface Holder {
  run: string;
  /** Name of the project’s folder. */
  project: string;
  /** Seconds since it took the GPU. */
  seconds: number;
  command: string;
  /** Its processes, as far as they are on this computer. */
  pids: readonly number[];
}

interface Waiting {
  run: string;
  project: string;
  want: number;
  seconds: number;
}

/** Who holds which GPU of a machine, since when, doing what: the data of one screen. */
export interface GpuBoard {
  survey: GpuSurvey;
  /** By `gpuKey`. */
  holders: ReadonlyMap<string, Holder[]>;
  /** By pid. */
  processes: ReadonlyMap<number, ProcessFacts>;
  waiting: readonly Waiting[];
}

type BoardLab = Pick<Lab, 'leases' | 'clock' | 'jobs'>;

/** None where its machine may not be asked. */
async function survivorsOf({ jobs }: Pick<Lab, 'jobs'>, handle: JobHandle): Promise<Survivor[]> {
  try {
    return await jobs.survivors(handle);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return [];
  }
}

/** A board of which nothing but its survey is known. */
export const bareBoard = (survey: GpuSurvey): GpuBoard => ({
  survey,
  holders: new Map(),
  processes: new Map(),
  waiting: [],
});

/** The board of the machine whose GPUs new runs get. A host that cannot be asked is told in `error`. */
export async function boardForRuns(
  lab: BoardLab & Pick<Lab, 'at'> & Site,
  config: Config,
  signal: AbortSignal,
): Promise<GpuBoard> {
  try {
    return await gpuBoard(lab, await gpuSite(lab, config), config.gpu.reserve_last, signal);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return bareBoard(noGpus(config.execution.ssh_host ?? '', error));
  }
}

/** Looks at a machine once. Rejects only with the reason of `signal`, or with LabError where it cannot be reached. */
export async function gpuBoard(
  lab: BoardLab,
  site: Pick<Site, 'machine' | 'surveyGpus'>,
  reserveLast: boolean,
  signal: AbortSignal,
): Promise<GpuBoard> {
  const survey = await site.surveyGpus(signal);
  const now = lab.clock();
  const keys = survey.gpus.map(gpuKey);
  const leased = keys.length === 0 ? [] : await liveLeases(lab);
  const holders = new Map<string, Holder[]>();
  for (const { lease } of readLeases(lab.leases)) {
    if (lease === null || !leased.includes(lease.uuid) || !keys.includes(lease.uuid)) continue;
    const run = runOf(lease.recordDir);
    const handle = run === null ? null : handleOf(run, lease.recordDir);
    const survivors = handle === null ? [] : await survivorsOf(lab, handle);
    const holder: Holder = {
      run: lease.run,
      project: basename(lease.project),
      seconds: (now - lease.at) / 1000,
      command: run === null ? '' : showCommand(run.command),
      pids: survivors.map(({ pid }) => pid),
    };
    holders.set(lease.uuid, [...(holders.get(lease.uuid) ?? []), holder]);
  }
  const pids = survey.gpus.flatMap((gpu) => gpu.processes.map(({ pid }) => pid));
  const waiting = readWaiters(lab.leases)
    .filter((one) => one.machine === survey.machine)
    .sort((a, b) => a.since - b.since)
    .map(({ run, project, want, since }) => ({
      run,
      project: basename(project),
      want,
      seconds: (now - since) / 1000,
    }));
  return {
    survey: markReserved(survey, { reserveLast, leased }),
    holders,
    processes: await processFacts(site.machine, pids, signal),
    waiting,
  };
}

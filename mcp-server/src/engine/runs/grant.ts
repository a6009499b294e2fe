import { basename } from 'node:path';
import { errorCode } from '../../core/errors.js';
import type { Gpu, GpuSurvey } from '../../core/gpu.js';
import { toTrainOn } from '../../core/gpus/aside.js';
import { chooseGpus, couldUse, gpuKey } from '../../core/gpus/choose.js';
import { cudaEnv } from '../../core/gpus/cuda-env.js';
import { before, type SetAside, setAside } from '../../core/gpus/line.js';
import { clockWords, quietUntil } from '../../core/gpus/quiet-hours.js';
import { keepWaiting, readWaiter, readWaiters, stopWaiting } from '../../store/gpu-line.js';
import { selfIdentity } from '../../store/identity.js';
import { leaseGpus } from '../../store/leases.js';
import type { Project } from '../../store/project.js';
import { readRuns } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { isHeld, liveLeases } from './leasing.js';

export type LeaseLab = Pick<Lab, 'leases' | 'surveyGpus' | 'clock' | 'jobs'>;

export interface Granted {
  gpus: Gpu[];
  /** What pins the training to them; empty where the machine has no GPU. */
  env: Record<string, string>;
}

export interface Refused {
  why: string;
  /** Nothing that our own runs do will change it soon: others need not wait behind this one. */
  hopeless: boolean;
  /** It concerns this run alone: another that wants the same GPUs may be given them. */
  own?: boolean;
  /** When asking again makes sense, in milliseconds since 1970; null = when something changes. */
  until: number | null;
}

/** Who asks for GPUs. `visible` is the CUDA_VISIBLE_DEVICES that the person has set: their own choice is kept to. */
export interface Claimant {
  id: string;
  recordDir: string;
  visible: string | undefined;
  /** Indices that the launch was limited to; null = as the config says now. */
  allowed?: readonly number[] | null;
  /** Whose place in the line it takes, an absolute path; null = it takes what is free now, or leaves. */
  line: string | null;
  /** How old the survey may be by which it is refused, in milliseconds; two seconds when absent. */
  maxAgeMs?: number;
}

/** How often those who wait say that they still do. */
const STILL_MS = 10_000;

/** Leases GPUs for a run as the config allows, or says in words why there are none now. */
export async function grantGpus(
  lab: LeaseLab,
  project: Project,
  wanted: number | 'auto',
  run: Claimant,
): Promise<Granted | Refused> {
  const { gpu } = project.config;
  if (!gpu.auto_detect) return { gpus: [], env: {} };
  if (wanted === 0) return { gpus: [], env: cudaEnv([], { gpus: [], error: null }) };
  const answer = await grantBy(lab, project, wanted, run, {});
  if (!('why' in answer) || run.maxAgeMs === undefined) return answer;
  // The last survey may be from before a run of ours ended.
  return grantBy(lab, project, wanted, run, { maxAgeMs: run.maxAgeMs });
}

async function grantBy(
  lab: LeaseLab,
  project: Project,
  wanted: number | 'auto',
  run: Claimant,
  { maxAgeMs }: { maxAgeMs?: number },
): Promise<Granted | Refused> {
  const { gpu } = project.config;
  const survey = await lab.surveyGpus(undefined, maxAgeMs);
  const allowed = run.allowed ?? (gpu.use === 'auto' ? chosenByPerson(run.visible) : gpu.use);
  const there = allowed === 'auto' ? toTrainOn(survey.gpus) : survey.gpus;
  if (wanted === 'auto' && there.length === 0) {
    // A driver that broke overnight must not send the next run to the processor, where it would take for ever.
    if (survey.error === null || !hadGpus(project)) return { gpus: [], env: {} };
    return { why: survey.error, hopeless: true, until: null };
  }
  const want = wanted === 'auto' ? 1 : wanted;
  const now = lab.clock();
  const quiet = quietUntil(gpu.quiet_hours, now);
  if (quiet !== null) {
    leave(lab, run);
    const words = clockWords(quiet.until, now, quiet.rule);
    return {
      why: `quiet hours (gpu.quiet_hours: ${quiet.rule}): nothing new is started on a GPU until ${words}`,
      hopeless: true,
      until: quiet.until,
    };
  }
  return grantFrom(lab, project, survey, { want, allowed, now }, run);
}

interface Wish {
  want: number;
  allowed: 'auto' | readonly (number | string)[];
  now: number;
}

async function grantFrom(
  lab: LeaseLab,
  project: Project,
  survey: GpuSurvey,
  { want, allowed, now }: Wish,
  run: Claimant,
): Promise<Granted | Refused> {
  const { gpu } = project.config;
  const { root } = project.paths;
  const wanted = { survey, want, allowed, reserveLast: gpu.reserve_last };
  const leased = await liveLeases(lab);
  const here = survey.gpus.map(gpuKey).filter((key) => leased.includes(key));
  const free = survey.gpus.filter((one) => one.state === 'free' && !here.includes(gpuKey(one))).map(gpuKey);
  const could = couldUse(wanted);
  const line = run.line ?? root;
  const place = readWaiter(lab.leases, { project: line, run: run.id });
  const since = place?.since ?? now;
  const me = { machine: survey.machine, project: line, since };
  const kept = setAside(before(readWaiters(lab.leases), me, now), free, here);
  const refuse = (why: string): Refused => {
    const hopeless = could.filter((key) => free.includes(key) || here.includes(key)).length < want;
    if (run.line !== null && (place === null || now - place.seen >= STILL_MS))
      unlessFull(() =>
        keepWaiting(lab.leases, { ...me, run: run.id, want, could, seen: now, owner: selfIdentity() }),
      );
    return { why, hopeless, until: null };
  };
  const room = gpu.max === undefined ? null : gpu.max - here.length - kept.count;
  if (room !== null && want > room) return refuse(capWords(want, gpu.max ?? 0, here.length, kept));
  const who = kept.first === null ? '' : whose(kept.first);
  const choice = chooseGpus({ ...wanted, leased, kept: { keys: kept.keys, who } });
  if ('why' in choice) return refuse(choice.why);
  const { id, recordDir } = run;
  const taken = await leaseGpus({
    folder: lab.leases,
    uuids: choice.gpus.map(gpuKey),
    claim: { project: root, run: id, recordDir, owner: selfIdentity(), at: now },
    isHeld: (lease) => isHeld(lab, lease),
  });
  if (!taken.leased) {
    const [first] = taken.blockers;
    const { run: other = 'another run', project: their = 'another project' } = first?.lease ?? {};
    return refuse(`GPU ${first?.uuid ?? ''} was just leased to ${other} of ${their}`);
  }
  leave(lab, run);
  return { gpus: choice.gpus, env: cudaEnv(choice.gpus, survey) };
}

const hadGpus = (project: Project): boolean =>
  readRuns(project.paths.runs).records.some((run) => run.gpus.length > 0);

/** GPUs that the person’s own environment is limited to. */
function chosenByPerson(visible: string | undefined): 'auto' | string[] {
  return visible === undefined || visible === '' ? 'auto' : visible.split(',').map((name) => name.trim());
}

const whose = (waiter: { run: string; project: string }): string =>
  `${waiter.run} of ${basename(waiter.project)}, which has waited longer`;

function capWords(want: number, max: number, held: number, kept: SetAside): string {
  const wish = `${want} GPU${want === 1 ? '' : 's'} wanted, at most ${max} at once (gpu.max)`;
  if (want > max) return `${wish}: this can never be started`;
  const later =
    kept.first === null
      ? ''
      : `, and ${kept.count} ${kept.count === 1 ? 'goes' : 'go'} to ${whose(kept.first)}`;
  return `${wish}: runs of yours hold ${held}${later}`;
}

function leave(lab: LeaseLab, { line, id }: Claimant): void {
  if (line !== null) stopWaiting(lab.leases, { project: line, run: id });
}

/** A place in the line is worth less than the watching that a full disk must not end. */
function unlessFull(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

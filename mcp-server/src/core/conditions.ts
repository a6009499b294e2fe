import { z } from 'zod';
import type { Gpu } from './gpu.js';
import { whoComputes } from './gpus/free.js';

/** `runs/<id>/conditions.json`: under what a run ran, as far as it could be seen. */
export const Conditions = z.strictObject({
  gpus: z.array(z.string().nullable()).describe('models of the leased ones; null = the driver does not tell'),
  samples: z.number().int().describe('how often the driver was asked while it ran'),
  shared: z.number().int().describe('in how many of them somebody else computed on one of its GPUs'),
  tenant: z.string().nullable().describe('who that was, the first time'),
  work: z.string().nullable().describe('hash of code, command and settings: equal work, equal key'),
  seconds: z.number().nullable(),
  steps_per_s: z.number().nullable().describe('over the whole run, its beginning included'),
});
export type Conditions = z.output<typeof Conditions>;

export const UNSEEN: Conditions = {
  gpus: [],
  samples: 0,
  shared: 0,
  tenant: null,
  work: null,
  seconds: null,
  steps_per_s: null,
};

/** Models in an order that does not hang on which slot each has. */
export const namesOf = (gpus: readonly Gpu[]): Conditions['gpus'] => gpus.map(({ name }) => name).sort();

/** Two paces are alike within this share of the slower one. */
const PACE = 0.2;
/** In shorter runs (seconds) the pace is that of imports and compilers. */
const LONG_S = 60;

export interface Unlike {
  words: string;
  /** False where the runs differ in code as well, so that the change may be what made it slower or faster. */
  certain: boolean;
}

/**
 * Who computes on a leased GPU beside the run, in words. `own` are the run's processes: where none of them is listed, those
 * that are may be its own in disguise, for instance in a container that it started.
 */
export function tenantOn(
  gpu: Gpu,
  own: ReadonlySet<number>,
  isAlive: (pid: number) => boolean,
): string | null {
  if (!gpu.processes.some(({ pid }) => own.has(pid))) return null;
  // In a container the driver may tell numbers of the host, which say nothing here.
  const others = gpu.processes.filter(({ pid }) => !own.has(pid) && isAlive(pid));
  const who = whoComputes({ ...gpu, processes: others });
  return who === null ? null : `${who} on GPU ${gpu.index}`;
}

/** Adds what one look at the GPUs of a run gave. */
export function withSample(known: Conditions, tenant: string | null): Conditions {
  return {
    ...known,
    samples: known.samples + 1,
    shared: known.shared + (tenant === null ? 0 : 1),
    tenant: known.tenant ?? tenant,
  };
}

/**
 * Why run `a` cannot be compared with `b` after equal time, or null. What was not seen is no difference. Without `b`, whether `a`
 * had its GPUs for itself.
 */
export function unlike(a: Conditions, b: (Conditions & { run: string }) | null): Unlike | null {
  if (a.tenant !== null) return { words: `its GPU was shared with ${a.tenant}`, certain: true };
  if (b === null) return null;
  if (b.tenant !== null) return { words: `the GPU of ${b.run} was shared with ${b.tenant}`, certain: true };
  const [mine, other] = [modelsOf(a), modelsOf(b)];
  if (mine !== null && other !== null && mine !== other)
    return { words: `it ran on ${mine}, ${b.run} on ${other}`, certain: true };
  return unlikePace(a, b);
}

function unlikePace(a: Conditions, b: Conditions & { run: string }): Unlike | null {
  if (a.steps_per_s === null || b.steps_per_s === null) return null;
  if ((a.seconds ?? 0) < LONG_S || (b.seconds ?? 0) < LONG_S) return null;
  const [slow, fast] = [a.steps_per_s, b.steps_per_s].sort((x, y) => x - y);
  if (slow === undefined || fast === undefined || fast <= slow * (1 + PACE)) return null;
  const certain = a.work !== null && a.work === b.work;
  const why = certain ? 'with the same code' : 'look whether the change or the machine is the reason';
  const [mine, other] = [a.steps_per_s, b.steps_per_s].map((pace) => pace.toPrecision(3));
  return { words: `it made ${mine} steps/s, ${b.run} ${other}: ${why}`, certain };
}

const modelsOf = ({ gpus }: Conditions): string | null =>
  gpus.length === 0 || gpus.includes(null) ? null : gpus.join(', ');

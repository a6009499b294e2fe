import type { Gpu, GpuSurvey } from '../gpu.js';
import { whyAside } from './aside.js';
import { isSlice, whoComputes, whyBusy } from './free.js';

/** What a lease is kept under: the UUID, else vendor and index, which are as good as it gets without one. */
export function gpuKey(gpu: Pick<Gpu, 'uuid' | 'vendor' | 'index'>): string {
  return gpu.uuid ?? `${gpu.vendor}-${gpu.index}`;
}

export interface Wanted {
  /** As it came from the driver, without `markReserved`. */
  survey: GpuSurvey;
  want: number;
  /** `auto` = any; else indices, UUIDs or unambiguous beginnings of UUIDs. */
  allowed: 'auto' | readonly (number | string)[];
  /** Leave the last GPU to people. A GPU that `allowed` names is taken all the same, and so is the only one there is. */
  reserveLast: boolean;
  /** `gpuKey`s that runs hold. */
  leased: readonly string[];
  /** `gpuKey`s that are kept for another run, and for which one, in words. */
  kept?: { keys: readonly string[]; who: string };
}

/**
 * The GPUs for a run, or why there are none now, in words for a person. Lowest indices first; several GPUs are of one
 * model where that is possible. Under `auto` a GPU must be free; one that is named may hold memory of programs that the
 * driver does not list (a screen), but never a computing process.
 */
export function chooseGpus(wanted: Wanted): { gpus: Gpu[] } | { why: string } {
  const { survey, want, allowed } = wanted;
  if (want === 0) return { gpus: [] };
  if (survey.gpus.length === 0) {
    return {
      why: survey.error ?? [`No GPU was found on ${survey.machine}.`, ...(survey.notes ?? [])].join(' '),
    };
  }
  const candidates = allowed === 'auto' ? { gpus: survey.gpus } : named(survey.gpus, allowed);
  if ('why' in candidates) return candidates;
  const refused: string[] = [];
  const usable = candidates.gpus.filter((gpu) => {
    const why = whyNot(gpu, wanted);
    if (why !== null) refused.push(`GPU ${gpu.index} ${why}`);
    return why === null;
  });
  if (usable.length >= want) return { gpus: ofOneModel(usable, want) ?? usable.slice(0, want) };
  const room =
    candidates.gpus.length < want ? `only ${candidates.gpus.length} may be used` : `${usable.length} free`;
  const because =
    refused.length === 0 ? '' : ` ${refused.slice(0, 8).join('; ')}${refused.length > 8 ? '; …' : ''}.`;
  return { why: `${want} GPU${want === 1 ? '' : 's'} wanted, ${room}.${because}` };
}

/** Shows free GPUs that are held by a lease, or left to people, as `reserved`. For views; busy ones stay busy. */
export function markReserved(survey: GpuSurvey, held: Pick<Wanted, 'reserveLast' | 'leased'>): GpuSurvey {
  const leased = new Set(held.leased);
  const last = held.reserveLast ? lastOf(survey.gpus) : undefined;
  const gpus = survey.gpus.map((gpu): Gpu => {
    const reserved = gpu.state === 'free' && (gpu === last || leased.has(gpuKey(gpu)));
    return reserved ? { ...gpu, state: 'reserved' } : gpu;
  });
  return { ...survey, gpus };
}

/** The keys of the GPUs that such a run may be given, now or when they are free. */
export function couldUse(wanted: Omit<Wanted, 'leased' | 'kept'>): string[] {
  const { survey, allowed } = wanted;
  const candidates = allowed === 'auto' ? { gpus: survey.gpus } : named(survey.gpus, allowed);
  if ('why' in candidates) return [];
  return candidates.gpus.filter((gpu) => whyNever(gpu, wanted) === null).map(gpuKey);
}

/** Why a GPU is not for this run at any time. */
function whyNever(gpu: Gpu, { survey, want, allowed, reserveLast }: Omit<Wanted, 'leased'>): string | null {
  const sick = survey.sick?.[gpuKey(gpu)];
  if (sick !== undefined) return sick;
  if (gpu.state === 'error') return 'does not tell its state';
  if (want > 1 && isSlice(gpu)) return 'is a MIG slice: one process can use only one of them';
  if (allowed !== 'auto') return null;
  const aside = whyAside(gpu, survey.gpus);
  if (aside !== null) return `${aside} (name it with --gpu ${gpu.index} to use it all the same)`;
  if (reserveLast && gpu === lastOf(survey.gpus)) return 'is left to people (gpu.reserve_last)';
  return null;
}

/** Why a GPU is not for this run now. */
function whyNot(gpu: Gpu, wanted: Wanted): string | null {
  const { allowed, leased, kept } = wanted;
  const never = whyNever(gpu, wanted);
  if (never !== null) return never;
  if (gpu.state === 'reserved' || leased.includes(gpuKey(gpu))) return 'is leased to a run';
  if (allowed !== 'auto') {
    const who = whoComputes(gpu);
    if (who !== null) return `is used by ${who}`;
  } else {
    const busy = whyBusy(gpu);
    if (busy !== null && whoComputes(gpu) !== null) return busy;
    if (busy !== null) return `${busy} (name it with --gpu ${gpu.index} to use it all the same)`;
  }
  return kept?.keys.includes(gpuKey(gpu)) === true ? `is kept for ${kept.who}` : null;
}

/** The only GPU is nobody's last one: reserving it would mean that nothing ever runs. */
function lastOf(gpus: readonly Gpu[]): Gpu | undefined {
  return gpus.length > 1 ? gpus.at(-1) : undefined;
}

function named(gpus: readonly Gpu[], names: readonly (number | string)[]): { gpus: Gpu[] } | { why: string } {
  const found = new Set<Gpu>();
  for (const name of names) {
    const isIndex = typeof name === 'number' || /^\d+$/.test(name);
    const matches = gpus.filter((gpu) =>
      isIndex ? gpu.index === Number(name) : name !== '' && gpu.uuid?.startsWith(String(name)) === true,
    );
    const [match] = matches;
    if (match === undefined) {
      return {
        why: `There is no GPU ${name}; there are ${[...new Set(gpus.map((gpu) => gpu.index))].join(', ')}.`,
      };
    }
    // The index of a divided GPU means any of its slices.
    const divided = isIndex && matches.every(isSlice);
    if (matches.length > 1 && !divided)
      return { why: `"${name}" means ${matches.length} GPUs; write the whole UUID.` };
    for (const one of matches) found.add(one);
  }
  return { gpus: [...found].sort((a, b) => a.index - b.index) };
}

/** The first `want` GPUs that share a model: a model split over unequal cards runs at the pace of the slowest. */
function ofOneModel(gpus: readonly Gpu[], want: number): Gpu[] | null {
  for (const { name } of gpus) {
    const alike = gpus.filter((gpu) => gpu.name === name);
    if (alike.length >= want) return alike.slice(0, want);
  }
  return null;
}

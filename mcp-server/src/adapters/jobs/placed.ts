import { LabError } from '../../core/errors.js';
import { machineKey, type Place } from '../../core/place.js';
import type { JobHandle, JobState, Jobs } from '../../core/ports.js';
import { unseen } from './watch.js';

/** Jobs wherever they are: each handle says itself where it belongs, and all of one machine are asked in one go. */
export function placedJobs(
  here: Jobs,
  at: (place: Place) => Promise<Jobs>,
  slurm: (place: Place | null) => Promise<Jobs>,
): Jobs {
  const of = async (handle: Pick<JobHandle, 'place' | 'slurm'> | undefined): Promise<Jobs> => {
    const place = handle?.place ?? null;
    if (handle?.slurm != null) return slurm(place);
    return place === null ? here : at(place);
  };
  /** A machine that may not be asked, because nobody agreed to how it is reached, keeps no other from being asked. */
  const ask = async (group: readonly JobHandle[]): Promise<JobState[]> => {
    let jobs: Jobs;
    try {
      jobs = await of(group[0]);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      return group.map(() =>
        unseen(`${group[0]?.place?.host} is not asked: ${error.message}; ${error.hint}`),
      );
    }
    return jobs.poll(group);
  };
  return {
    start: async (spec) => (await of(spec)).start(spec),
    async poll(handles) {
      const groups = new Map<string, number[]>();
      for (const [index, { place, slurm }] of handles.entries()) {
        const key = `${place == null ? '' : machineKey(place)}${slurm == null ? '' : ' slurm'}`;
        groups.set(key, [...(groups.get(key) ?? []), index]);
      }
      const states = new Array<JobState>(handles.length);
      await Promise.all(
        [...groups.values()].map(async (indices) => {
          const group = indices.flatMap((index) => handles[index] ?? []);
          const answers = await ask(group);
          for (const [at, index] of indices.entries()) {
            const answer = answers[at];
            if (answer !== undefined) states[index] = answer;
          }
        }),
      );
      return states;
    },
    survivors: async (handle) => (await of(handle)).survivors(handle),
    signal: async (handle, signal, options) => (await of(handle)).signal(handle, signal, options),
    forbid: async (handle: JobHandle) => (await of(handle)).forbid(handle),
  };
}

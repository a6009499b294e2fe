import { machineKey, type Place } from '../../core/place.js';
import type { JobHandle, JobState, Jobs } from '../../core/ports.js';

/** Jobs wherever they are: each handle says itself where it belongs, and all of one machine are asked in one go. */
export function placedJobs(here: Jobs, at: (place: Place) => Promise<Jobs>): Jobs {
  const of = async (place: Place | null | undefined): Promise<Jobs> => (place == null ? here : at(place));
  return {
    start: async (spec) => (await of(spec.place)).start(spec),
    async poll(handles) {
      const groups = new Map<string, number[]>();
      for (const [index, { place }] of handles.entries()) {
        const key = place == null ? '' : machineKey(place);
        groups.set(key, [...(groups.get(key) ?? []), index]);
      }
      const states = new Array<JobState>(handles.length);
      await Promise.all(
        [...groups.values()].map(async (indices) => {
          const group = indices.flatMap((index) => handles[index] ?? []);
          const answers = await (await of(group[0]?.place)).poll(group);
          for (const [at, index] of indices.entries()) {
            const answer = answers[at];
            if (answer !== undefined) states[index] = answer;
          }
        }),
      );
      return states;
    },
    survivors: async (handle) => (await of(handle.place)).survivors(handle),
    signal: async (handle, signal, options) => (await of(handle.place)).signal(handle, signal, options),
    forbid: async (handle: JobHandle) => (await of(handle.place)).forbid(handle),
  };
}

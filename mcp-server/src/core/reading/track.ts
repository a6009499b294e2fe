import type { Progress } from './progress.js';

/** Where training stands by the lines so far. Unknown numbers go in as NaN: this runs for every line that shows a step. */
export interface Track {
  /** `announced`: the line only says which epoch begins, so it holds for the lines after it. */
  note(announced: boolean, epoch: number, epochs: number, step: number, steps: number): void;
  /** The epoch of a record: its own, else the announced one, else NaN. */
  epochOf(own: number): number;
  announced(): number | null;
  progress(): Progress | null;
}

export function createTrack(state?: { epoch: number | null; progress: Progress | null }): Track {
  const known = Float64Array.of(
    state?.progress?.epoch ?? Number.NaN,
    state?.progress?.epochs ?? Number.NaN,
    state?.progress?.step ?? Number.NaN,
    state?.progress?.steps ?? Number.NaN,
  );
  let announcedEpoch = state?.epoch ?? null;

  const get = (index: number): number | null => {
    const value = known[index] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
  const put = (index: number, value: number): void => {
    if (!Number.isNaN(value)) known[index] = value;
  };

  return {
    note(announced, epoch, epochs, step, steps) {
      // `Epoch 3: val_loss improved …` between an announcement and its record changes nothing.
      if (!Number.isNaN(epoch) && epoch !== announcedEpoch) announcedEpoch = announced ? epoch : null;
      put(0, epoch);
      put(1, epochs);
      put(2, step);
      put(3, steps);
    },
    epochOf: (own) => (Number.isNaN(own) ? (announcedEpoch ?? Number.NaN) : own),
    announced: () => announcedEpoch,
    progress() {
      const [epoch, epochs, step, steps] = [get(0), get(1), get(2), get(3)];
      return epoch === null && step === null
        ? null
        : { epoch: epoch ?? null, epochs: epochs ?? null, step: step ?? null, steps: steps ?? null };
    },
  };
}

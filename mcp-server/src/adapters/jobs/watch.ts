import { LabError } from '../../core/errors.js';
import type { Clock, JobHandle, JobState } from '../../core/ports.js';

/** How long a caller waits for an answer before it goes on with what was known. */
const PATIENCE_MS = 1500;
const LONGEST_PAUSE_MS = 30_000;

export interface Watch {
  poll(handles: readonly JobHandle[]): Promise<JobState[]>;
  /** Something was done to this run: what was known of it is old. */
  forget(handle: JobHandle): void;
}

/**
 * Asks a machine after its runs without keeping anybody waiting: a machine that does not answer must not hold up those
 * that do. A lost link is not a lost run: it is tried again after a growing pause, and until then nothing is said of
 * the runs but since when they cannot be seen. `round` is one question for all.
 */
export function createWatch(
  name: string,
  clock: Clock,
  round: (handles: readonly JobHandle[]) => Promise<JobState[]>,
): Watch {
  const known = new Map<string, JobState>();
  let asking: Promise<void> | null = null;
  let outage: { since: number; why: LabError; pause: number } | null = null;
  let next = Number.NEGATIVE_INFINITY;

  const ask = async (handles: readonly JobHandle[]): Promise<void> => {
    try {
      const states = await round(handles);
      for (const [index, { marker }] of handles.entries()) {
        const state = states[index];
        if (state !== undefined) known.set(marker, state);
      }
      outage = null;
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      const pause = Math.min(LONGEST_PAUSE_MS, (outage?.pause ?? 500) * 2);
      outage = { since: outage?.since ?? clock(), why: error, pause };
      next = clock() + pause;
    }
  };

  return {
    async poll(handles) {
      if (handles.length === 0) return [];
      for (let turn = 0; turn < 2; turn++) {
        if (asking === null && clock() >= next) {
          asking = ask(handles).finally(() => {
            asking = null;
          });
          // Whoever waits for it sees the error; nobody may.
          asking.catch(() => undefined);
        }
        if (asking !== null) await patiently(asking);
        // The question that was under way was about others.
        if (outage !== null || handles.every(({ marker }) => known.has(marker))) break;
      }
      const lost = outage;
      if (lost !== null)
        return handles.map(() =>
          unseen(`${name} is unreachable since ${timeOf(lost.since)}: ${lost.why.message}; ${lost.why.hint}`),
        );
      return handles.map(({ marker }) => known.get(marker) ?? unseen(null));
    },
    forget({ marker }) {
      known.delete(marker);
    },
  };
}

async function patiently(asking: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  try {
    await Promise.race([asking, enough]);
  } finally {
    clearTimeout(timer);
  }
}

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A run of which nothing can be learned now, and why. */
export const unseen = (note: string | null): JobState => ({
  life: 'unknown',
  pid: null,
  child: null,
  startedAt: null,
  exitedAt: null,
  exitCode: null,
  oomKills: 0,
  rebooted: false,
  note,
});

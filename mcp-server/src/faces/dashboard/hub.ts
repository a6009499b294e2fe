import { type ProjectWatch, type WatchLab, watchProject } from '../../engine/board/watch.js';
import type { Lab } from '../../engine/lab.js';
import type { Waker } from './waker.js';

export interface Seat {
  lab: Lab;
  watch: ProjectWatch;
}

/** The projects of one dashboard, looked at while somebody looks at the page. */
export interface Hub {
  seats: readonly Seat[];
  /** Wakes `waker` after each change of any project until `leave` is called. */
  join(waker: Waker): { leave(): void };
  readers(): number;
}

/** After the last reader has left, projects are looked at for so long: a page that is loaded anew finds them as they are. */
const LINGER_MS = 2000;

export function createHub(labs: readonly { lab: Lab; folder: string }[], signal: AbortSignal): Hub {
  const seats = labs.map(({ lab, folder }) => ({ lab, watch: watchProject(lab satisfies WatchLab, folder) }));
  const wakers = new Set<Waker>();
  let following: AbortController | null = null;
  let lingering: NodeJS.Timeout | undefined;

  const changed = (): void => {
    for (const waker of wakers) waker.wake();
  };
  const begin = (): void => {
    clearTimeout(lingering);
    if (following !== null) return;
    following = new AbortController();
    const both = AbortSignal.any([signal, following.signal]);
    for (const { watch } of seats) void watch.follow(both, changed);
  };
  const end = (): void => {
    lingering = setTimeout(() => {
      following?.abort();
      following = null;
    }, LINGER_MS);
    lingering.unref();
  };

  return {
    seats,
    join(waker) {
      wakers.add(waker);
      begin();
      return {
        leave() {
          if (wakers.delete(waker) && wakers.size === 0) end();
        },
      };
    },
    readers: () => wakers.size,
  };
}

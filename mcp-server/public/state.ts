import type { Board } from '../src/engine/board/board.js';
import type { LogPart } from '../src/engine/board/log-lines.js';
import type { RunRow } from '../src/engine/board/row.js';
import type { ProjectState } from '../src/engine/board/watch.js';

export type { Board, LogPart, RunRow };

/** What the page knows. Only `live.ts` changes it. */
export interface State {
  project: number;
  projects: ProjectState[];
  board: Partial<Board>;
  runs: Map<string, RunRow>;
  error: { message: string; hint: string } | null;
}

/** Which parts are new: names of the board’s sections, `runs`, `projects`, `error`. */
type Changed = ReadonlySet<string>;

export interface Store {
  state: State;
  /** Runs whose rows are new in the change that is being told. */
  fresh: ReadonlySet<string>;
  /** Called after each change. */
  watch(see: (changed: Changed) => void): void;
  change(changed: Iterable<string>, fresh?: Iterable<string>): void;
}

export function createStore(): Store {
  const watchers: ((changed: Changed) => void)[] = [];
  const store: Store = {
    state: { project: 0, projects: [], board: {}, runs: new Map(), error: null },
    fresh: new Set(),
    watch: (see) => void watchers.push(see),
    change(changed, fresh = []) {
      store.fresh = new Set(fresh);
      const names = new Set(changed);
      for (const see of watchers) see(names);
    },
  };
  return store;
}

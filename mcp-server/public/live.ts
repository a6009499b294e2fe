import { el, fill, say, section } from './dom.js';
import type { Board, LogPart, RunRow, State, Store } from './state.js';

interface Change {
  whole: boolean;
  error?: State['error'];
  board: Partial<Board>;
  runs: Record<string, RunRow | null>;
}

export interface Live {
  /** Shows another project. */
  open(project: number): void;
  /** Follows a run’s log besides; null = none. */
  follow(run: string | null, see: (part: LogPart) => void): void;
}

const AGAIN_MS = 1500;

/**
 * Keeps the store as the server has it. A page that nobody sees holds no connection (browsers give a site six in all), and goes
 * on from where it was when it is seen again.
 */
export function goLive(store: Store): Live {
  let source: EventSource | null = null;
  let last = '';
  let log: { run: string; see: (part: LogPart) => void } | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;

  const show = (words: string, kind: string): void => {
    const link = section('link');
    say(link, words);
    link.className = `link ${kind}`;
  };

  /** A dashboard that was started anew has another key. */
  const askWhy = async (): Promise<void> => {
    const { status } = await fetch('/icon.svg').catch(() => ({ status: 0 }));
    if (status !== 403) return;
    clearTimeout(again);
    const problem = section('problem');
    fill(problem, el('b', {}, 'The dashboard was started anew. Open the address that it printed.'));
    problem.hidden = false;
  };

  const connect = (): void => {
    source?.close();
    clearTimeout(again);
    if (document.hidden) {
      source = null;
      return;
    }
    const query = new URLSearchParams({ project: String(store.state.project) });
    if (last !== '') query.set('last', last);
    if (log !== null) query.set('log', log.run);
    const events = new EventSource(`/api/events?${query}`);
    source = events;
    events.addEventListener('open', () => show('live', 'live'));
    events.addEventListener('error', () => {
      show('not connected', 'lost');
      // The browser tries again by itself unless it was refused.
      if (events.readyState !== EventSource.CLOSED) return;
      again = setTimeout(connect, AGAIN_MS);
      void askWhy();
    });
    events.addEventListener('projects', (event) => {
      store.state.projects = JSON.parse(event.data);
      store.change(['projects']);
    });
    events.addEventListener('change', (event) => {
      last = event.lastEventId;
      take(JSON.parse(event.data));
    });
    events.addEventListener('log', (event) => log?.see(JSON.parse(event.data)));
  };

  const take = (change: Change): void => {
    const { state } = store;
    if (change.whole) state.runs.clear();
    Object.assign(state.board, change.board);
    const ids = Object.keys(change.runs);
    for (const id of ids) {
      const row = change.runs[id];
      if (row) state.runs.set(id, row);
      else state.runs.delete(id);
    }
    const names = Object.keys(change.board);
    if (change.error !== undefined) {
      state.error = change.error;
      names.push('error');
    }
    if (change.whole || ids.length > 0) names.push('runs');
    store.change(names, ids);
  };

  document.addEventListener('visibilitychange', connect);
  connect();
  return {
    open(project) {
      store.state.project = project;
      store.state.board = {};
      store.state.runs.clear();
      store.state.error = null;
      last = '';
      log = null;
      store.change(['project']);
      connect();
    },
    follow(run, see) {
      log = run === null ? null : { run, see };
      connect();
    },
  };
}

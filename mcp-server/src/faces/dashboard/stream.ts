import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { followLog, type LogPart } from '../../engine/board/log-lines.js';
import { createBell } from '../../engine/runs/bell.js';
import { type RunPaths, runPaths } from '../../store/paths.js';
import { readRun } from '../../store/runs.js';
import type { Hub, Seat } from './hub.js';
import { createWaker } from './waker.js';

/** A line without meaning, so that both ends learn of a connection that is gone. */
const BEAT_MS = 15_000;
/** A log may grow by the millisecond: it is told so often at most. */
const LOG_MS = 300;

/**
 * The changes of one project, of the list of projects, and of one log, as events. Each event is made when its reader has taken
 * the one before, of all that changed since: a slow reader costs no memory. `Last-Event-ID` of this process goes on from there.
 */
export function openStream(
  c: Context,
  hub: Hub,
  seat: Seat,
  at: { boot: string; log: string | null },
): Response {
  const last = new RegExp(`^${at.boot}-(\\d+)$`).exec(
    c.req.header('last-event-id') ?? c.req.query('last') ?? '',
  );
  const files = at.log === null ? null : filesOf(seat, at.log);
  return streamSSE(c, async (stream) => {
    const waker = createWaker();
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    const { leave } = hub.join(waker);
    const log = files === null ? null : openLog(seat, files, waker.wake, gone.signal);
    try {
      await tell(stream, hub, seat, {
        version: Number(last?.[1] ?? 0),
        boot: at.boot,
        log,
        gone: gone.signal,
        wait: waker.wait,
      });
    } finally {
      leave();
      gone.abort();
    }
  });
}

interface Telling {
  version: number;
  boot: string;
  log: { read(): Promise<LogPart | null> } | null;
  gone: AbortSignal;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

async function tell(stream: SSEStreamingApi, hub: Hub, seat: Seat, telling: Telling): Promise<void> {
  const { boot, log, gone } = telling;
  let { version } = telling;
  let projects = '';
  while (!gone.aborted) {
    const states = JSON.stringify(hub.seats.map(({ watch }) => watch.state()));
    if (states !== projects) await stream.writeSSE({ event: 'projects', data: states });
    projects = states;
    const now = seat.watch.pieces.version();
    if (now > version) {
      await stream.writeSSE({ event: 'change', id: `${boot}-${now}`, data: changeOf(seat, version) });
      version = now;
    }
    const part = (await log?.read()) ?? null;
    if (part !== null) await stream.writeSSE({ event: 'log', data: JSON.stringify(part) });
    const before = performance.now();
    await telling.wait(BEAT_MS, gone);
    if (performance.now() - before >= BEAT_MS) await stream.writeSSE({ event: 'beat', data: '' });
    else if (log !== null) await stream.sleep(LOG_MS);
  }
}

/** The pieces are JSON already: put together, not made anew for each reader. */
function changeOf(seat: Seat, version: number): string {
  const pieces = seat.watch.pieces.since(version);
  const of = (prefix: string): string =>
    pieces
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, json]) => `${JSON.stringify(name.slice(prefix.length))}:${json ?? 'null'}`)
      .join(',');
  const error = pieces.find(([name]) => name === 'error')?.[1];
  return `{"whole":${version === 0},${error === undefined ? '' : `"error":${error},`}"board":{${of('board.')}},"runs":{${of('run.')}}}`;
}

/** Throws LabError for an unknown run. */
function filesOf(seat: Seat, id: string): RunPaths {
  const { runs } = (seat.watch.project() ?? seat.lab.open()).paths;
  readRun(runs, id);
  return runPaths(runs, id);
}

function openLog(seat: Seat, files: RunPaths, wake: () => void, signal: AbortSignal): Telling['log'] {
  const bell = createBell([], signal);
  bell.add(files.dir, (name) => name === 'log');
  void (async () => {
    while (!signal.aborted) {
      await bell.wait(BEAT_MS);
      wake();
    }
    bell.close();
  })();
  const { config } = seat.watch.project() ?? seat.lab.open();
  return followLog(seat.lab, files.log, config.experiment.secret_env);
}

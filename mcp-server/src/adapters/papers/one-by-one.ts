import type { Paper, PaperIds } from '../../core/paper/paper.js';
import type { PaperSource, Reply } from '../../core/paper/source.js';
import { ask, type Body, type HttpDoor } from './http.js';

const DAY_MS = 24 * 60 * 60_000;

/** `lookUp` of a source that is asked for one paper at a time. A paper without an address there is null, and costs nothing. */
export function oneByOne(
  door: HttpDoor,
  request: {
    urlOf: (ids: PaperIds) => string | null;
    read: (body: Body) => { papers: readonly (Paper | null)[]; notes: string[] };
    /** How long an answer is good. */
    days: number;
    secret?: Record<string, string>;
  },
): NonNullable<PaperSource['lookUp']> {
  return async (papers, signal) => {
    const reply: Reply<(Paper | null)[]> = { value: [], stale: false, at: door.clock(), bytes: 0, notes: [] };
    for (const { ids } of papers) {
      const url = request.urlOf(ids);
      if (url === null) {
        reply.value.push(null);
        continue;
      }
      const freshUntil = door.clock() + request.days * DAY_MS;
      const secret = request.secret === undefined ? {} : { secret: request.secret };
      const body = await ask(door, { url, freshUntil, check: request.read, ...secret }, signal);
      const found = request.read(body);
      reply.value.push(found.papers[0] ?? null);
      reply.notes.push(...found.notes);
      reply.stale ||= body.stale;
      reply.at = Math.min(reply.at, body.at);
      reply.bytes += body.bytes.length;
    }
    return reply;
  };
}

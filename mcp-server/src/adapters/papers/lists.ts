import type { Paper } from '../../core/paper/paper.js';
import { type Reply, SourceError } from '../../core/paper/source.js';
import type { Edition } from '../../core/paper/venues.js';
import { ask, type Body, type HttpDoor } from './http.js';

const DAY_MS = 24 * 60 * 60_000;

/** Until when a list counts as complete: one of a past year does not change, one of this year may still grow. */
export function listFreshUntil(door: HttpDoor, { year }: Edition): number {
  const now = door.clock();
  return now + (year < new Date(now).getUTCFullYear() ? 60 : 1) * DAY_MS;
}

/** Fetches and reads one list. An empty one, or none at all, is “not published” in the words of its own kind. */
export async function readList(
  door: HttpDoor,
  request: { url: string; edition: Edition; accept?: string; maxBytes?: number },
  parse: (body: Body) => { papers: Paper[]; notes: string[] },
  signal: AbortSignal,
): Promise<Reply<Paper[]>> {
  const { url, edition } = request;
  const { host } = new URL(url);
  const nothing = (cause?: unknown) =>
    new SourceError(
      'not_published',
      `${host} has no list of ${edition.venue.name} ${edition.year} yet`,
      'it usually appears around the conference; another source may have a part of it',
      { cause },
    );
  try {
    const options = {
      ...(request.accept === undefined ? {} : { accept: request.accept }),
      ...(request.maxBytes === undefined ? {} : { maxBytes: request.maxBytes }),
    };
    const read = (body: Body) => {
      const list = parse(body);
      if (list.papers.length === 0) throw nothing();
      return list;
    };
    const freshUntil = listFreshUntil(door, edition);
    const body = await ask(door, { url, freshUntil, check: read, ...options }, signal);
    const { papers, notes } = read(body);
    return { value: papers, stale: body.stale, at: body.at, bytes: body.bytes.length, notes };
  } catch (error) {
    if (error instanceof SourceError && error.trouble === 'not_found') throw nothing(error);
    throw error;
  }
}

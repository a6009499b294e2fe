import { type PaperText, SourceError } from '../../core/paper/source.js';
import { ask, type Body, type HttpDoor, textOf } from './http.js';

const MONTH_MS = 30 * 24 * 60 * 60_000;
const MIB = 1024 * 1024;

/** The source archive and the HTML of a paper on arXiv. */
export function arxivText(door: HttpDoor): PaperText {
  const fetchOr = async (url: string, maxBytes: number, signal: AbortSignal): Promise<Body | null> => {
    try {
      return await ask(door, { url, freshUntil: door.clock() + MONTH_MS, maxBytes }, signal);
    } catch (error) {
      if (error instanceof SourceError && error.trouble === 'not_found') return null;
      throw error;
    }
  };
  const name = (id: string, version: number | null): string =>
    `${id}${version === null ? '' : `v${version}`}`;
  return {
    async source(id, version, signal) {
      const body = await fetchOr(`https://export.arxiv.org/e-print/${name(id, version)}`, 50 * MIB, signal);
      return body?.bytes ?? null;
    },
    async html(id, version, signal) {
      const body = await fetchOr(`https://arxiv.org/html/${name(id, version)}`, 30 * MIB, signal);
      return body === null ? null : textOf(body);
    },
  };
}

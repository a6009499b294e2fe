import { nextBatchAt } from '../../core/paper/calendar.js';
import { parseArxiv } from '../../core/paper/identity.js';
import type { Paper } from '../../core/paper/paper.js';
import type { PaperSource, Question, Reply } from '../../core/paper/source.js';
import { stemmedWords } from '../../core/paper/words.js';
import { parseAtom } from './arxiv-atom.js';
import { ask, type HttpDoor, textOf } from './http.js';

const URL_BASE = 'https://export.arxiv.org/api/query';
/** Papers per page; the API allows 2,000. */
const PAGE = 200;
const MOST_PAGES = 10;
const IDS_AT_ONCE = 50;

/** arXiv's search API. Its answers change once a day, so they are kept until the next announcement. */
export function arxivApi(door: HttpDoor): PaperSource {
  const pages = async (params: Record<string, string>, limit: number, signal: AbortSignal) => {
    const reply: Reply<Paper[]> & { total: number | null } = {
      value: [],
      stale: false,
      at: door.clock(),
      bytes: 0,
      notes: [],
      total: null,
    };
    for (let page = 0; page < MOST_PAGES && reply.value.length < limit; page++) {
      const query = { ...params, start: String(page * PAGE), max_results: String(Math.min(PAGE, limit)) };
      const url = `${URL_BASE}?${encode(query)}`;
      const body = await ask(
        door,
        { url, freshUntil: nextBatchAt(door.clock()), check: (got) => parseAtom(textOf(got)) },
        signal,
      );
      const found = parseAtom(textOf(body));
      reply.value.push(...found.papers);
      reply.notes.push(...found.notes);
      reply.stale ||= body.stale;
      reply.at = Math.min(reply.at, body.at);
      reply.bytes += body.bytes.length;
      reply.total = found.total;
      if (found.total === null || found.start + PAGE >= found.total || found.papers.length === 0) break;
    }
    return reply;
  };
  return {
    name: 'arxiv',
    async search(question, signal) {
      const sortBy = question.sort === 'date' ? 'submittedDate' : 'relevance';
      return pages(
        { search_query: searchQuery(question), sortBy, sortOrder: 'descending' },
        Math.min(PAGE, Math.max(question.limit, 50)),
        signal,
      );
    },
    async submitted(categories, { from, to }, signal) {
      const query = `(${categories.map((one) => `cat:${one}`).join(' OR ')}) AND submittedDate:[${stamp(from)} TO ${stamp(to)}]`;
      const limit = PAGE * MOST_PAGES;
      const found = await pages(
        { search_query: query, sortBy: 'submittedDate', sortOrder: 'ascending' },
        limit,
        signal,
      );
      const papers = found.value.map((paper) => ({ ...paper, announced: 'new' as const }));
      return { ...found, value: { day: null, papers, total: found.total } };
    },
    async lookUp(papers, signal) {
      const ids = papers.map(({ ids }) => ids.arxiv ?? null);
      const wanted = [...new Set(ids.filter((id) => id !== null))];
      const known = new Map<string, Paper>();
      const reply: Reply<(Paper | null)[]> = {
        value: [],
        stale: false,
        at: door.clock(),
        bytes: 0,
        notes: [],
      };
      for (let at = 0; at < wanted.length; at += IDS_AT_ONCE) {
        const part = wanted.slice(at, at + IDS_AT_ONCE);
        const found = await pages({ id_list: part.join(',') }, IDS_AT_ONCE, signal);
        for (const paper of found.value) known.set(paper.ids.arxiv ?? '', paper);
        reply.stale ||= found.stale;
        reply.bytes += found.bytes;
        reply.notes.push(...found.notes);
      }
      reply.value = ids.map((id) => (id === null ? null : (known.get(id) ?? null)));
      return reply;
    },
  };
}

/** arXiv wants spaces as `+` and leaves `:` and brackets as they are. */
function encode(params: Record<string, string>): string {
  return Object.entries(params)
    .map(
      ([key, value]) =>
        `${key}=${encodeURIComponent(value).replace(/%20/g, '+').replace(/%3A/g, ':').replace(/%2C/g, ',')}`,
    )
    .join('&');
}

/** The words in parentheses: without them the API joins the rest with OR. A phrase in quotes stays one. */
function searchQuery({ words, from, to }: Question): string {
  const id = parseArxiv(words);
  if (id !== null) return `id:${id.id}`;
  const phrases = [...words.matchAll(/"([^"]{2,100})"/g)].map(
    (match) => `all:"${match[1]?.replace(/[\\()]/g, ' ')}"`,
  );
  const single = stemmedWords(words.replace(/"[^"]*"/g, ' ')).map(({ word }) => `all:${word}`);
  const terms = [...phrases, ...single].slice(0, 12);
  const range =
    from === null && to === null
      ? ''
      : ` AND submittedDate:[${from ?? 1990}01010000 TO ${(to ?? 2100) + 1}01010000]`;
  return `(${terms.join(' AND ') || `all:${words.replace(/[^\p{L}\p{N} ]/gu, ' ').trim()}`})${range}`;
}

/** `YYYYMMDDHHMM` in UTC. */
function stamp(at: number): string {
  return new Date(at).toISOString().replace(/[-T:]/g, '').slice(0, 12);
}

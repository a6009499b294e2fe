import { z } from 'zod';
import { idsOfDoi, parseArxiv } from '../../core/paper/identity.js';
import { cleanText, dayOf, type Paper, type PaperIds, paperOf, yearOf } from '../../core/paper/paper.js';
import { type PaperSource, type Reply, SourceError } from '../../core/paper/source.js';
import { ask, type Body, type HttpDoor, jsonOf } from './http.js';

const BASE = 'https://api.semanticscholar.org/graph/v1';
const FIELDS =
  'title,abstract,authors.name,year,venue,publicationDate,publicationTypes,citationCount,externalIds,openAccessPdf';
const WEEK_MS = 7 * 24 * 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const BATCH = 500;

const S2Paper = z.object({
  paperId: z.string().nullish(),
  title: z.string().nullish(),
  abstract: z.string().nullish(),
  authors: z.array(z.object({ name: z.string().nullish() })).nullish(),
  year: z.number().nullish(),
  venue: z.string().nullish(),
  journal: z
    .object({ name: z.string().nullish(), pages: z.string().nullish(), volume: z.string().nullish() })
    .nullish(),
  publicationDate: z.string().nullish(),
  publicationTypes: z.array(z.string()).nullish(),
  citationCount: z.number().nullish(),
  externalIds: z.record(z.string(), z.union([z.string(), z.number()]).nullable()).nullish(),
  openAccessPdf: z.object({ url: z.string().nullish() }).nullish(),
});

/** Semantic Scholar: citation counts and abstracts in one call, and search. A key is optional. */
export function semanticScholar(door: HttpDoor, key: string | undefined): PaperSource {
  const secret = key === undefined || key === '' ? {} : { secret: { 'x-api-key': key } };
  const check = (body: Body) => parseS2(jsonOf(body, 'Semantic Scholar'));
  return {
    name: 'semantic-scholar',
    async search({ words, from, to, limit, sort }, signal) {
      const params = new URLSearchParams({ query: words.slice(0, 300), fields: FIELDS });
      if (from !== null || to !== null) params.set('year', `${from ?? ''}-${to ?? ''}`);
      // The search by relevance cannot sort; the one in bulk cannot rank.
      if (sort === 'relevance') params.set('limit', String(Math.min(100, Math.max(limit, 50))));
      else params.set('sort', sort === 'citations' ? 'citationCount:desc' : 'publicationDate:desc');
      const path = sort === 'relevance' ? 'search' : 'search/bulk';
      const url = `${BASE}/paper/${path}?${params}`;
      const body = await ask(door, { url, freshUntil: door.clock() + DAY_MS, check, ...secret }, signal);
      const { papers, notes } = parseS2(jsonOf(body, 'Semantic Scholar'));
      const value = papers.filter((paper) => paper !== null).slice(0, 200);
      return { value, stale: body.stale, at: body.at, bytes: body.bytes.length, notes };
    },
    async lookUp(papers, signal) {
      const ids = papers.map(({ ids }) => s2Id(ids));
      const reply: Reply<(Paper | null)[]> = {
        value: [],
        stale: false,
        at: door.clock(),
        bytes: 0,
        notes: [],
      };
      const asked = ids.filter((id) => id !== null);
      const known = new Map<string, Paper | null>();
      for (let at = 0; at < asked.length; at += BATCH) {
        const part = asked.slice(at, at + BATCH);
        const url = `${BASE}/paper/batch?fields=${FIELDS}`;
        const body = await ask(
          door,
          { url, post: { ids: part }, freshUntil: door.clock() + WEEK_MS, check, ...secret },
          signal,
        );
        const found = parseS2(jsonOf(body, 'Semantic Scholar'));
        if (found.papers.length !== part.length)
          throw new SourceError(
            'malformed',
            `Semantic Scholar answered ${found.papers.length} of ${part.length}`,
            'try again later',
          );
        for (const [i, id] of part.entries()) known.set(id, found.papers[i] ?? null);
        reply.stale ||= body.stale;
        reply.bytes += body.bytes.length;
        reply.notes.push(...found.notes);
      }
      reply.value = ids.map((id) => (id === null ? null : (known.get(id) ?? null)));
      return reply;
    },
  };
}

function s2Id(ids: PaperIds): string | null {
  if (ids.s2 !== undefined) return ids.s2;
  if (ids.arxiv !== undefined) return `ARXIV:${ids.arxiv}`;
  if (ids.doi !== undefined) return `DOI:${ids.doi}`;
  return ids.acl === undefined ? null : `ACL:${ids.acl}`;
}

/**
 * Papers in any answer of Semantic Scholar: a search (which has no `data` when it finds nothing), a batch (with null for
 * those it does not know), recommendations, citations, references, snippets, or one paper. Throws SourceError for its errors.
 */
export function parseS2(data: unknown): { papers: (Paper | null)[]; notes: string[] } {
  const notes: string[] = [];
  const found = itemsOf(data).map((item) => {
    if (item === null) return null;
    const parsed = S2Paper.safeParse(item);
    const paper = parsed.success ? paperOfS2(parsed.data) : null;
    if (paper === null)
      notes.push(`a record of Semantic Scholar without a title: ${cleanText(JSON.stringify(item), 80)}`);
    return paper;
  });
  return { papers: found, notes };
}

function itemsOf(data: unknown): unknown[] {
  if (Array.isArray(data)) return data;
  const object: Record<string, unknown> = typeof data === 'object' && data !== null ? { ...data } : {};
  const error = object.error ?? object.message;
  if (typeof error === 'string' && !('data' in object)) {
    const missing = /not found/i.test(error);
    const limited = /too many requests/i.test(error);
    throw new SourceError(
      missing ? 'not_found' : limited ? 'rate_limited' : 'malformed',
      `Semantic Scholar: ${cleanText(error, 200)}`,
      missing ? 'look at the id' : 'try again later',
    );
  }
  for (const key of ['data', 'recommendedPapers']) {
    const list = object[key];
    if (Array.isArray(list)) return list.map(inner);
  }
  if ('total' in object || 'offset' in object) return [];
  if ('paperId' in object || 'citingPaper' in object || 'citedPaper' in object) return [inner(object)];
  throw new SourceError('malformed', 'Semantic Scholar answered in a form that is not known', 'report this');
}

/** Citations and snippets wrap the paper. */
function inner(item: unknown): unknown {
  const object: Record<string, unknown> = typeof item === 'object' && item !== null ? { ...item } : {};
  return object.citingPaper ?? object.citedPaper ?? object.paper ?? item;
}

function paperOfS2(item: z.output<typeof S2Paper>): Paper | null {
  const title = cleanText(item.title ?? '', 500);
  if (title === '') return null;
  const external = item.externalIds ?? {};
  const name = (key: string): string => String(external[key] ?? '');
  const arxiv = parseArxiv(name('ArXiv'))?.id;
  const venue = cleanText(item.venue ?? item.journal?.name ?? '', 200) || null;
  const preprint = venue === null || /^arxiv/i.test(venue);
  const types = item.publicationTypes ?? [];
  const date = dayOf(item.publicationDate);
  return paperOf({
    ids: {
      ...idsOfDoi(name('DOI')),
      ...(arxiv === undefined ? {} : { arxiv }),
      ...(name('ACL') === '' ? {} : { acl: name('ACL') }),
      ...(name('DBLP') === '' ? {} : { dblp: name('DBLP') }),
      ...(item.paperId == null ? {} : { s2: item.paperId }),
    },
    title,
    authors: (item.authors ?? []).map((author) => cleanText(author.name ?? '', 120)).filter(Boolean),
    abstract: cleanText(item.abstract ?? ''),
    year: item.year ?? yearOf(date),
    date,
    venue: preprint ? null : venue,
    kind: preprint
      ? 'preprint'
      : types.includes('Conference')
        ? 'conference'
        : types.includes('JournalArticle')
          ? 'journal'
          : 'other',
    citations: item.citationCount ?? null,
    pages: item.journal?.pages?.trim() || null,
    volume: item.journal?.volume?.trim() || null,
    url:
      arxiv === undefined
        ? `https://www.semanticscholar.org/paper/${item.paperId ?? ''}`
        : `https://arxiv.org/abs/${arxiv}`,
    pdf: item.openAccessPdf?.url || (arxiv === undefined ? null : `https://arxiv.org/pdf/${arxiv}`),
    sources: ['semantic-scholar'],
  });
}

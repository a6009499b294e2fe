import { z } from 'zod';
import { idsOfDoi, parseArxiv } from '../../core/paper/identity.js';
import { cleanText, dayOf, type Paper, paperOf } from '../../core/paper/paper.js';
import { type PaperSource, SourceError } from '../../core/paper/source.js';
import { type HttpDoor, jsonOf } from './http.js';
import { oneByOne } from './one-by-one.js';

const Work = z.object({
  id: z.string().nullish(),
  doi: z.string().nullish(),
  display_name: z.string().nullish(),
  title: z.string().nullish(),
  publication_year: z.number().nullish(),
  publication_date: z.string().nullish(),
  type: z.string().nullish(),
  cited_by_count: z.number().nullish(),
  authorships: z
    .array(z.object({ author: z.object({ display_name: z.string().nullish() }).nullish() }))
    .nullish(),
  primary_location: z
    .object({
      landing_page_url: z.string().nullish(),
      source: z.object({ display_name: z.string().nullish(), type: z.string().nullish() }).nullish(),
    })
    .nullish(),
  open_access: z.object({ oa_url: z.string().nullish() }).nullish(),
  abstract_inverted_index: z.record(z.string(), z.array(z.number())).nullish(),
});

/** OpenAlex: single works cost nothing, searches cost credits, so only single works are asked for. */
export function openAlex(door: HttpDoor, key: string | undefined): PaperSource {
  const secret = key === undefined || key === '' ? {} : { secret: { authorization: `Bearer ${key}` } };
  return {
    name: 'openalex',
    lookUp: oneByOne(door, {
      urlOf: ({ doi, openalex }) =>
        doi !== undefined
          ? `https://api.openalex.org/works/https://doi.org/${doi}`
          : openalex === undefined
            ? null
            : `https://api.openalex.org/works/${openalex}`,
      read: (body) => parseOpenAlex(jsonOf(body, 'OpenAlex')),
      days: 7,
      ...secret,
    }),
  };
}

/** A work, or a list. A selection without a title, and entities that are no works, are told in `notes`. Throws SourceError. */
export function parseOpenAlex(data: unknown): { papers: Paper[]; notes: string[] } {
  const object: Record<string, unknown> = typeof data === 'object' && data !== null ? { ...data } : {};
  const error = object.error ?? (object.message === undefined ? undefined : object.message);
  if (typeof error === 'string') {
    const limited = /credit|budget|rate|limit/i.test(`${error} ${String(object.message ?? '')}`);
    throw new SourceError(
      limited ? 'rate_limited' : 'malformed',
      `OpenAlex: ${cleanText(`${error} ${String(object.message ?? '')}`, 200)}`,
      'try again later',
    );
  }
  const items = Array.isArray(object.results)
    ? object.results
    : 'id' in object || 'doi' in object
      ? [object]
      : null;
  if (items === null)
    throw new SourceError('malformed', 'OpenAlex answered in a form that is not known', 'try again later');
  const papers: Paper[] = [];
  const notes: string[] = [];
  for (const item of items) {
    const work = Work.safeParse(item);
    const isWork = work.success && (work.data.doi != null || /openalex\.org\/W/.test(work.data.id ?? ''));
    const title = work.success ? cleanText(work.data.display_name ?? work.data.title ?? '', 500) : '';
    if (!work.success || !isWork || title === '')
      notes.push(`a record of OpenAlex that is no work with a title: ${cleanText(JSON.stringify(item), 80)}`);
    else papers.push(paperOfWork(work.data, title));
  }
  return { papers, notes };
}

function paperOfWork(work: z.output<typeof Work>, title: string): Paper {
  const source = work.primary_location?.source;
  const landing = work.primary_location?.landing_page_url ?? '';
  const arxiv = parseArxiv(landing)?.id;
  const preprint = work.type === 'preprint' || source?.type === 'repository';
  const id = /W\d+/.exec(work.id ?? '')?.[0];
  return paperOf({
    ids: {
      ...idsOfDoi(work.doi),
      ...(arxiv === undefined ? {} : { arxiv }),
      ...(id === undefined ? {} : { openalex: id }),
    },
    title,
    authors: (work.authorships ?? [])
      .map((one) => cleanText(one.author?.display_name ?? '', 120))
      .filter(Boolean),
    abstract: cleanText(unfold(work.abstract_inverted_index ?? {})),
    year: work.publication_year ?? null,
    date: dayOf(work.publication_date),
    venue: preprint ? null : cleanText(source?.display_name ?? '', 200) || null,
    kind: preprint
      ? 'preprint'
      : source?.type === 'conference'
        ? 'conference'
        : source?.type === 'journal'
          ? 'journal'
          : 'other',
    citations: work.cited_by_count ?? null,
    url: landing || work.doi || null,
    pdf: work.open_access?.oa_url ?? null,
    sources: ['openalex'],
  });
}

/** OpenAlex tells at which places each word stands. */
function unfold(index: Readonly<Record<string, readonly number[]>>): string {
  const words: string[] = [];
  for (const [word, places] of Object.entries(index))
    for (const place of places) if (place >= 0 && place < 5000) words[place] = word;
  return words.filter((word) => word !== undefined).join(' ');
}

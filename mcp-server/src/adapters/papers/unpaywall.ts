import { z } from 'zod';
import { idsOfDoi } from '../../core/paper/identity.js';
import { cleanText, dayOf, type Paper, paperOf } from '../../core/paper/paper.js';
import { type PaperSource, SourceError } from '../../core/paper/source.js';
import { type HttpDoor, jsonOf } from './http.js';
import { oneByOne } from './one-by-one.js';

const Item = z.object({
  doi: z.string().nullish(),
  title: z.string().nullish(),
  year: z.number().nullish(),
  published_date: z.string().nullish(),
  genre: z.string().nullish(),
  journal_name: z.string().nullish(),
  doi_url: z.string().nullish(),
  z_authors: z
    .array(
      z.object({
        given: z.string().nullish(),
        family: z.string().nullish(),
        raw_author_name: z.string().nullish(),
      }),
    )
    .nullish(),
  best_oa_location: z.object({ url_for_pdf: z.string().nullish(), url: z.string().nullish() }).nullish(),
});

/** Unpaywall: where a DOI can be read for free. It wants an address to write to, so without one it is not asked. */
export function unpaywall(door: HttpDoor, contact: string | undefined): PaperSource {
  return {
    name: 'unpaywall',
    lookUp: oneByOne(door, {
      urlOf: ({ doi }) =>
        doi === undefined || contact === undefined
          ? null
          : `https://api.unpaywall.org/v2/${encodeURIComponent(doi)}?email=${encodeURIComponent(contact)}`,
      read: (body) => parseUnpaywall(jsonOf(body, 'Unpaywall')),
      days: 7,
    }),
  };
}

/** One DOI, or a search. Throws SourceError for other JSON. */
export function parseUnpaywall(data: unknown): { papers: Paper[]; notes: string[] } {
  const object: Record<string, unknown> = typeof data === 'object' && data !== null ? { ...data } : {};
  const items = Array.isArray(object.results)
    ? object.results.map((one: unknown) =>
        typeof one === 'object' && one !== null && 'response' in one ? one.response : one,
      )
    : 'doi' in object
      ? [object]
      : null;
  if (items === null)
    throw new SourceError(
      'malformed',
      `Unpaywall: ${cleanText(String(object.message ?? 'an unknown form'), 160)}`,
      'look at the DOI',
    );
  const papers: Paper[] = [];
  const notes: string[] = [];
  for (const one of items) {
    const item = Item.safeParse(one);
    const title = item.success ? cleanText(item.data.title ?? '', 500) : '';
    if (!item.success || title === '') notes.push('a record of Unpaywall without a title');
    else
      papers.push(
        paperOf({
          ids: idsOfDoi(item.data.doi),
          title,
          authors: (item.data.z_authors ?? [])
            .map((author) =>
              cleanText(author.raw_author_name ?? `${author.given ?? ''} ${author.family ?? ''}`, 120),
            )
            .filter(Boolean),
          year: item.data.year ?? null,
          date: dayOf(item.data.published_date),
          venue: item.data.journal_name ?? null,
          kind:
            item.data.genre === 'journal-article'
              ? 'journal'
              : item.data.genre === 'posted-content'
                ? 'preprint'
                : 'other',
          url: item.data.doi_url ?? null,
          pdf: item.data.best_oa_location?.url_for_pdf ?? null,
          sources: ['unpaywall'],
        }),
      );
  }
  return { papers, notes };
}

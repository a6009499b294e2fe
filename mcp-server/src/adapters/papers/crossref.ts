import { z } from 'zod';
import { idsOfDoi } from '../../core/paper/identity.js';
import { cleanText, type Paper, paperOf } from '../../core/paper/paper.js';
import { type PaperSource, SourceError } from '../../core/paper/source.js';
import { type HttpDoor, jsonOf } from './http.js';
import { oneByOne } from './one-by-one.js';

const Parts = z.object({ 'date-parts': z.array(z.array(z.number().nullable())).nullish() }).nullish();
const Work = z.object({
  DOI: z.string().nullish(),
  title: z.array(z.string()).nullish(),
  author: z
    .array(
      z.object({ given: z.string().nullish(), family: z.string().nullish(), name: z.string().nullish() }),
    )
    .nullish(),
  abstract: z.string().nullish(),
  type: z.string().nullish(),
  'container-title': z.array(z.string()).nullish(),
  event: z.object({ name: z.string().nullish() }).nullish(),
  issued: Parts,
  published: Parts,
  'is-referenced-by-count': z.number().nullish(),
  page: z.string().nullish(),
  volume: z.string().nullish(),
  URL: z.string().nullish(),
});

/** Crossref: what publishers say about a DOI. */
export function crossref(door: HttpDoor, contact: string | undefined): PaperSource {
  return {
    name: 'crossref',
    lookUp: oneByOne(door, {
      urlOf: ({ doi }) =>
        doi === undefined
          ? null
          : `https://api.crossref.org/works/${encodeURIComponent(doi)}${contact === undefined ? '' : `?mailto=${encodeURIComponent(contact)}`}`,
      read: (body) => parseCrossref(jsonOf(body, 'Crossref')),
      days: 7,
    }),
  };
}

/** A work, or a list of works. Works without a title are told in `notes`. Throws SourceError for other JSON. */
export function parseCrossref(data: unknown): { papers: Paper[]; notes: string[] } {
  const envelope: Record<string, unknown> = typeof data === 'object' && data !== null ? { ...data } : {};
  const message = envelope.message ?? data;
  const inner: Record<string, unknown> =
    typeof message === 'object' && message !== null ? { ...message } : {};
  const items = Array.isArray(inner.items)
    ? inner.items
    : 'DOI' in inner || 'title' in inner
      ? [inner]
      : null;
  if (items === null)
    throw new SourceError('malformed', 'Crossref answered in a form that is not known', 'look at the DOI');
  const papers: Paper[] = [];
  const notes: string[] = [];
  for (const item of items) {
    const work = Work.safeParse(item);
    const title = work.success ? cleanText(work.data.title?.[0] ?? '', 500) : '';
    if (!work.success || title === '')
      notes.push(`a work of Crossref without a title: ${cleanText(JSON.stringify(item), 80)}`);
    else papers.push(paperOfWork(work.data, title));
  }
  return { papers, notes };
}

function paperOfWork(work: z.output<typeof Work>, title: string): Paper {
  const [year = null, month, day] = (work.issued ?? work.published)?.['date-parts']?.[0] ?? [];
  const two = (part: number): string => String(part).padStart(2, '0');
  const venue = cleanText(work['container-title']?.[0] ?? work.event?.name ?? '', 300) || null;
  const type = work.type ?? '';
  return paperOf({
    ids: idsOfDoi(work.DOI),
    title,
    authors: (work.author ?? [])
      .map((one) => cleanText(one.name ?? `${one.given ?? ''} ${one.family ?? ''}`, 120))
      .filter(Boolean),
    abstract: cleanText(work.abstract ?? '').replace(/^Abstract[:\s]+/, ''),
    year,
    date: year === null || month == null || day == null ? null : `${year}-${two(month)}-${two(day)}`,
    venue,
    kind:
      type === 'journal-article'
        ? 'journal'
        : type === 'proceedings-article'
          ? 'conference'
          : type === 'posted-content'
            ? 'preprint'
            : 'other',
    citations: work['is-referenced-by-count'] ?? null,
    pages: work.page ?? null,
    volume: work.volume ?? null,
    url: work.URL ?? null,
    sources: ['crossref'],
  });
}

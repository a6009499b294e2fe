import { z } from 'zod';
import { idsOfDoi } from '../../core/paper/identity.js';
import { cleanText, type Paper, paperOf, yearOf } from '../../core/paper/paper.js';
import { type PaperSource, type Reply, SourceError } from '../../core/paper/source.js';
import { ask, type HttpDoor, jsonOf } from './http.js';
import { listFreshUntil } from './lists.js';

/** A list with one element comes as that element. */
const many = <T extends z.ZodType>(item: T) =>
  z
    .union([z.array(item), item.transform((one) => [one])])
    .nullish()
    .transform((found) => found ?? []);
const Author = z.union([
  z.string(),
  z.object({ text: z.string().nullish() }).transform(({ text }) => text ?? ''),
]);
const Hit = z.object({
  info: z.object({
    authors: z.object({ author: many(Author) }).nullish(),
    title: z.string().nullish(),
    venue: many(z.string()),
    pages: z.string().nullish(),
    volume: z.string().nullish(),
    year: z.string().nullish(),
    type: z.string().nullish(),
    key: z.string().nullish(),
    doi: z.string().nullish(),
    ee: many(z.string()),
    url: z.string().nullish(),
  }),
});
const Answer = z.object({
  result: z.object({
    hits: z.object({ '@total': z.string().nullish(), hit: z.array(z.unknown()).nullish() }),
  }),
});

const PAGE = 1000;
const MOST_PAGES = 8;

/** DBLP: every venue's table of contents in one form, without abstracts and citations. The fallback for all lists. */
export function dblp(door: HttpDoor): PaperSource {
  return {
    name: 'dblp',
    async list(edition, signal) {
      const reply: Reply<Paper[]> = { value: [], stale: false, at: door.clock(), bytes: 0, notes: [] };
      for (const table of edition.venue.dblp) {
        const toc = `toc:db/${table.replace('{year}', String(edition.year))}.bht:`;
        for (let page = 0; page < MOST_PAGES; page++) {
          const url = `https://dblp.org/search/publ/api?q=${encodeURIComponent(toc)}&format=json&h=${PAGE}&f=${page * PAGE}`;
          const body = await ask(
            door,
            {
              url,
              freshUntil: listFreshUntil(door, edition),
              check: (got) => parseDblp(jsonOf(got, 'DBLP')),
            },
            signal,
          );
          const found = parseDblp(jsonOf(body, 'DBLP'));
          reply.value.push(...found.papers.filter(({ kind }) => kind !== 'other'));
          reply.notes.push(...found.notes);
          reply.stale ||= body.stale;
          reply.at = Math.min(reply.at, body.at);
          reply.bytes += body.bytes.length;
          if (found.total <= (page + 1) * PAGE) break;
        }
      }
      if (reply.value.length === 0)
        throw new SourceError(
          'not_published',
          `DBLP has no table of contents of ${edition.venue.name} ${edition.year} yet`,
          'it follows the proceedings by some weeks',
        );
      const value = reply.value.map((paper) => ({ ...paper, venue: edition.venue.name, year: edition.year }));
      return { ...reply, value };
    },
  };
}

/** Hits of DBLP’s search. None at all comes without a list. Throws SourceError for other JSON. */
export function parseDblp(data: unknown): { papers: Paper[]; total: number; notes: string[] } {
  const answer = Answer.safeParse(data);
  if (!answer.success)
    throw new SourceError('malformed', 'DBLP answered in a form that is not known', 'try again later');
  const { hits } = answer.data.result;
  const papers: Paper[] = [];
  const notes: string[] = [];
  for (const one of hits.hit ?? []) {
    const hit = Hit.safeParse(one);
    const title = hit.success ? cleanText(hit.data.info.title ?? '', 500).replace(/\.$/, '') : '';
    if (!hit.success || title === '')
      notes.push(`a hit of DBLP without a title: ${cleanText(JSON.stringify(one), 80)}`);
    else papers.push(paperOfHit(hit.data.info, title));
  }
  return { papers, total: Number(hits['@total'] ?? 0) || 0, notes };
}

function paperOfHit(info: z.output<typeof Hit>['info'], title: string): Paper {
  const preprint = info.key?.startsWith('journals/corr/') === true;
  const type = info.type ?? '';
  const link = info.ee[0];
  const ids = idsOfDoi(info.doi ?? link);
  return paperOf({
    ids: { ...ids, ...(info.key == null ? {} : { dblp: info.key }) },
    title,
    // People of one name are told apart by four digits.
    authors: (info.authors?.author ?? []).map((name) => cleanText(name, 120).replace(/\s+\d{4}$/, '')),
    year: yearOf(info.year),
    venue: preprint ? null : (info.venue[0] ?? null),
    kind: preprint
      ? 'preprint'
      : /conference/i.test(type)
        ? 'conference'
        : /journal/i.test(type)
          ? 'journal'
          : 'other',
    pages: info.pages ?? null,
    volume: info.volume ?? null,
    url: link ?? info.url ?? null,
    sources: ['dblp'],
  });
}

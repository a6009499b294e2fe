import { z } from 'zod';
import { parseArxiv } from '../../core/paper/identity.js';
import { cleanText, type Paper, paperOf } from '../../core/paper/paper.js';
import { type PaperSource, SourceError } from '../../core/paper/source.js';
import { type HttpDoor, jsonOf } from './http.js';
import { readList } from './lists.js';
import { oneByOne } from './one-by-one.js';

/** Version 2 wraps each value; version 1 does not. */
const value = <T extends z.ZodType>(inner: T) =>
  z.union([z.object({ value: inner.nullish() }).transform((o) => o.value), inner]).nullish();
const Note = z.object({
  id: z.string().nullish(),
  forum: z.string().nullish(),
  content: z.object({
    title: value(z.string()),
    authors: value(z.array(z.string())),
    abstract: value(z.string()),
    venue: value(z.string()),
    venueid: value(z.string()),
    pdf: value(z.string()),
  }),
});

/** OpenReview. Closed to callers without a login for lists since 2026, so others come first. */
export function openReview(door: HttpDoor): PaperSource {
  const notes = (query: string) => `https://api2.openreview.net/notes?${query}`;
  return {
    name: 'openreview',
    list(edition, signal) {
      const group = edition.venue.openreview?.replace('{year}', String(edition.year));
      if (group === undefined || edition.year < 2023) return null;
      const url = notes(`content.venueid=${encodeURIComponent(group)}&limit=1000`);
      return readList(
        door,
        { url, edition },
        (body) => {
          const found = parseOpenReview(jsonOf(body, 'OpenReview'));
          const papers = found.papers.map((paper) => ({
            ...paper,
            venue: edition.venue.name,
            year: edition.year,
          }));
          return { papers, notes: found.notes };
        },
        signal,
      );
    },
    lookUp: oneByOne(door, {
      urlOf: ({ openreview }) =>
        openreview === undefined ? null : notes(`forum=${encodeURIComponent(openreview)}&limit=1`),
      read: (body) => parseOpenReview(jsonOf(body, 'OpenReview')),
      days: 1,
    }),
  };
}

/** Notes that are papers. Rejected and withdrawn ones are told in `notes`. Throws SourceError for a refusal. */
export function parseOpenReview(data: unknown): { papers: Paper[]; notes: string[] } {
  const object: Record<string, unknown> = typeof data === 'object' && data !== null ? { ...data } : {};
  if (typeof object.name === 'string' && typeof object.message === 'string')
    throw new SourceError(
      'refused',
      `OpenReview: ${cleanText(object.message, 160)}`,
      'its lists are closed to programs; others are used',
    );
  if (!Array.isArray(object.notes))
    throw new SourceError('malformed', 'OpenReview answered in a form that is not known', 'try again later');
  const papers: Paper[] = [];
  const notes: string[] = [];
  for (const one of object.notes) {
    const note = Note.safeParse(one);
    const title = note.success ? cleanText(note.data.content.title ?? '', 500) : '';
    if (!note.success || title === '') notes.push('a note without a title');
    else if (/reject|withdraw|desk/i.test(note.data.content.venueid ?? ''))
      notes.push(`not accepted: ${title.slice(0, 80)}`);
    else papers.push(paperOfNote(note.data, title));
  }
  return { papers, notes };
}

function paperOfNote({ id, forum, content }: z.output<typeof Note>, title: string): Paper {
  const venue = cleanText(content.venue ?? '', 200) || null;
  const preprint = venue === null || /^(?:CoRR|arXiv)\b/i.test(venue);
  const name = forum ?? id ?? '';
  const arxiv = parseArxiv(content.pdf ?? '')?.id;
  return paperOf({
    ids: { ...(name === '' ? {} : { openreview: name }), ...(arxiv === undefined ? {} : { arxiv }) },
    title,
    authors: (content.authors ?? []).map((author) => cleanText(author, 120)),
    abstract: cleanText(content.abstract ?? ''),
    year: Number(/\b(20\d{2})\b/.exec(venue ?? '')?.[1] ?? 0) || null,
    venue: preprint ? null : venue,
    kind: preprint ? 'preprint' : 'conference',
    track: /\b(oral|spotlight|poster)\b/i.exec(venue ?? '')?.[1]?.toLowerCase() ?? null,
    url: `https://openreview.net/forum?id=${name}`,
    pdf: `https://openreview.net/pdf?id=${name}`,
    sources: ['openreview'],
  });
}

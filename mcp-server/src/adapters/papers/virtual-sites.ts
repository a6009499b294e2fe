import { z } from 'zod';
import { parseArxiv } from '../../core/paper/identity.js';
import { mergePapers } from '../../core/paper/merge.js';
import { cleanText, type Paper, type PaperIds, paperOf } from '../../core/paper/paper.js';
import { type PaperSource, SourceError } from '../../core/paper/source.js';
import type { Edition } from '../../core/paper/venues.js';
import { type HttpDoor, jsonOf } from './http.js';
import { readList } from './lists.js';

const Event = z.object({
  id: z.union([z.number(), z.string()]).nullish(),
  name: z.string().nullish(),
  authors: z.array(z.object({ fullname: z.string().nullish() })).nullish(),
  abstract: z.string().nullish(),
  decision: z.string().nullish(),
  eventtype: z.string().nullish(),
  virtualsite_url: z.string().nullish(),
  paper_url: z.string().nullish(),
  paper_pdf_url: z.string().nullish(),
  visible: z.boolean().nullish(),
});
const Events = z.object({ count: z.number().nullish(), results: z.array(z.unknown()) });

/** The JSON lists behind the virtual conference sites of NeurIPS, ICML, ICLR, CVPR, ECCV, MLSys and others. */
export function virtualSites(door: HttpDoor): PaperSource {
  return {
    name: 'conference-site',
    list(edition, signal) {
      const { virtual, name } = edition.venue;
      if (virtual === undefined || edition.year < 2020) return null;
      const url = `https://${virtual}/static/virtual/data/${name.toLowerCase()}-${edition.year}-orals-posters.json`;
      return readList(
        door,
        { url, edition, accept: 'application/json', maxBytes: 256 * 1024 * 1024 },
        (body) => parseVirtual(jsonOf(body, virtual), edition),
        signal,
      );
    },
  };
}

/**
 * Accepted papers among the events of a site. A paper with a poster and a talk is one; workshop events, position papers
 * and retracted ones are counted in `notes`. Throws SourceError for other JSON.
 */
export function parseVirtual(data: unknown, edition: Edition): { papers: Paper[]; notes: string[] } {
  const parsed = Events.safeParse(data);
  if (!parsed.success)
    throw new SourceError(
      'malformed',
      `the list of ${edition.venue.name} ${edition.year} has another form than known`,
      'report this',
    );
  const papers: Paper[] = [];
  const left = new Map<string, number>();
  const leave = (why: string): void => void left.set(why, (left.get(why) ?? 0) + 1);
  for (const result of parsed.data.results) {
    const event = Event.safeParse(result);
    const title = event.success ? cleanText(event.data.name ?? '', 500) : '';
    if (!event.success || title === '') leave('without a title');
    else if (event.data.visible === false) leave('not visible');
    else if (/workshop/i.test(event.data.eventtype ?? '')) leave('of workshops');
    else if (/retract|reject|withdraw/i.test(event.data.decision ?? '')) leave('retracted or rejected');
    else if (/^position\s*:/i.test(title) || /position/i.test(event.data.decision ?? ''))
      leave('position papers');
    else papers.push(paperOfEvent(event.data, title, edition));
  }
  const total = parsed.data.count ?? parsed.data.results.length;
  const notes = [...left].map(([why, count]) => `${count} events left out: ${why}`);
  if (total > parsed.data.results.length)
    notes.push(`the list holds ${parsed.data.results.length} of ${total} events: the site cuts it`);
  // The talk says more about a paper than its poster.
  const order = ['oral', 'spotlight', 'poster'];
  const rank = (paper: Paper): number => (order.indexOf(paper.track ?? '') + 4) % 4;
  return { papers: mergePapers(papers.sort((a, b) => rank(a) - rank(b))), notes };
}

function paperOfEvent(event: z.output<typeof Event>, title: string, { venue, year }: Edition): Paper {
  const link = event.paper_url ?? '';
  const forum = /openreview\.net\/forum\?id=([\w-]+)/.exec(link)?.[1];
  const arxiv = parseArxiv(link)?.id;
  const ids: PaperIds = {
    ...(forum === undefined ? {} : { openreview: forum }),
    ...(arxiv === undefined ? {} : { arxiv }),
  };
  const kind = `${event.decision ?? ''} ${event.eventtype ?? ''}`.toLowerCase();
  const site = event.virtualsite_url ? `https://${venue.virtual}${event.virtualsite_url}` : null;
  return paperOf({
    ids,
    title,
    authors: (event.authors ?? []).map((author) => cleanText(author.fullname ?? '', 120)).filter(Boolean),
    abstract: cleanText(event.abstract ?? ''),
    year,
    venue: venue.name,
    kind: 'conference',
    track: /oral/.test(kind)
      ? 'oral'
      : /spotlight/.test(kind)
        ? 'spotlight'
        : /poster/.test(kind)
          ? 'poster'
          : null,
    url: /^https:\/\//.test(link) ? link : site,
    pdf: forum === undefined ? (event.paper_pdf_url ?? null) : `https://openreview.net/pdf?id=${forum}`,
    sources: ['conference-site'],
  });
}

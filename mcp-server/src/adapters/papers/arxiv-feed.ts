import { nextBatchAt } from '../../core/paper/calendar.js';
import { idsOfDoi, parseArxiv } from '../../core/paper/identity.js';
import {
  type Announcement,
  cleanText,
  dayOf,
  isWithdrawal,
  type Paper,
  paperOf,
  yearOf,
} from '../../core/paper/paper.js';
import { type Feed, type PaperSource, SourceError } from '../../core/paper/source.js';
import { ask, type HttpDoor, textOf } from './http.js';
import { list, parseXml, record, textIn } from './xml.js';

const KINDS: readonly Announcement[] = ['new', 'cross', 'replace', 'replace-cross'];
/** More entries than this are cut off by arXiv without a word. */
const FEED_LIMIT = 2000;
const RECHECK_MS = 10 * 60_000;

/** arXiv's feeds of announcements: one request for all categories, with abstracts. */
export function arxivFeed(door: HttpDoor): PaperSource {
  return {
    name: 'arxiv-feed',
    async announced(categories, signal) {
      const url = `https://rss.arxiv.org/atom/${categories.join('+')}`;
      // Within a day the feed may still be filled late, so it is asked again after some minutes.
      const freshUntil = Math.min(door.clock() + RECHECK_MS, nextBatchAt(door.clock()));
      const body = await ask(door, { url, freshUntil, check: (got) => parseFeed(textOf(got)) }, signal);
      const { feed, notes } = parseFeed(textOf(body));
      if (feed.papers.length >= FEED_LIMIT)
        notes.push(
          `the feed holds ${feed.papers.length} entries, as many as arXiv puts into one: take fewer categories`,
        );
      return { value: feed, stale: body.stale, at: body.at, bytes: body.bytes.length, notes };
    },
  };
}

/** A feed, Atom or RSS. Throws SourceError for an unknown category. */
export function parseFeed(text: string): { feed: Feed; notes: string[] } {
  const root = parseXml(text, 'arXiv’s feed');
  const channel = 'rss' in root ? record(record(root.rss).channel) : record(root.feed);
  const title = cleanText(textIn(channel.title), 200);
  if (/feed error/i.test(title))
    throw new SourceError(
      'not_found',
      `arXiv: ${title}`,
      'look at papers.categories: https://arxiv.org/category_taxonomy',
    );
  const papers: Paper[] = [];
  const notes: string[] = [];
  const days = new Set<string>();
  for (const item of [...list(channel.entry), ...list(channel.item)].map(record)) {
    const day = newYorkDay(textIn(item.published) || textIn(item.pubDate));
    const paper = paperOfItem(item, day);
    if (paper === null) {
      notes.push(
        `an entry of the feed without a readable id: ${cleanText(textIn(item.id) || textIn(item.guid), 80)}`,
      );
      continue;
    }
    if (day !== null) days.add(day);
    papers.push(paper);
  }
  const latest = [...days].sort().at(-1);
  return {
    feed: {
      day: latest ?? newYorkDay(textIn(channel.updated) || textIn(channel.pubDate)),
      papers,
      total: papers.length,
    },
    notes,
  };
}

/** The day of `2025-08-20T00:00:00-04:00` or `Fri, 23 Feb 2024 00:00:00 -0500` where it was written. */
function newYorkDay(text: string): string | null {
  const iso = dayOf(text.trim());
  if (iso !== null) return iso;
  const at = Date.parse(text);
  const zone = /([+-])(\d{2})(\d{2})\s*$/.exec(text);
  if (!Number.isFinite(at)) return null;
  const minutes = zone === null ? 0 : Number(`${zone[1]}1`) * (Number(zone[2]) * 60 + Number(zone[3]));
  return new Date(at + minutes * 60_000).toISOString().slice(0, 10);
}

function paperOfItem(item: Record<string, unknown>, day: string | null): Paper | null {
  const link = textIn(record(list(item.link)[0])['@href']) || textIn(item.link);
  const id = [textIn(item.id), textIn(item.guid), link].map(parseArxiv).find((found) => found !== null);
  if (id === undefined) return null;
  const kind = textIn(item.announce_type).trim();
  const body = cleanText(textIn(item.summary) || textIn(item.description), 6000);
  const abstract = body.replace(/^.*?\bAbstract:\s*/, '');
  const creators = textIn(item.creator) || textIn(record(list(item.author)[0]).name);
  const journal = cleanText(textIn(item.journal_reference), 300) || null;
  return paperOf({
    ids: { ...idsOfDoi(textIn(item.DOI) || textIn(item.doi)), arxiv: id.id },
    title: cleanText(textIn(item.title), 500),
    authors: cleanText(creators, 20_000)
      .split(/,\s+(?!Jr)/)
      .map((name) => name.replace(/\s*\([^)]*\)/g, '').trim())
      .filter(Boolean)
      .slice(0, 200),
    abstract,
    year: yearOf(day),
    date: day,
    venue: journal,
    kind: journal === null ? 'preprint' : 'journal',
    categories: list(item.category)
      .map((one) => textIn(record(one)['@term']) || textIn(one))
      .filter(Boolean),
    version: id.version ?? (Number(/v(\d+)\b/.exec(body.slice(0, 60))?.[1] ?? 0) || null),
    announced: KINDS.find((known) => known === kind) ?? null,
    withdrawn: isWithdrawal(abstract),
    url: `https://arxiv.org/abs/${id.id}`,
    pdf: `https://arxiv.org/pdf/${id.id}`,
    sources: ['arxiv-feed'],
  });
}

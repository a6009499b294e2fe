import { parseArxiv } from '../../core/paper/identity.js';
import { cleanText, type Paper, paperOf } from '../../core/paper/paper.js';
import type { PaperSource } from '../../core/paper/source.js';
import type { Edition } from '../../core/paper/venues.js';
import { type HttpDoor, textOf } from './http.js';
import { readList } from './lists.js';

/** CVF Open Access (CVPR, ICCV, WACV) and ECVA (ECCV): one page with every title, its authors and its PDF. */
export function cvf(door: HttpDoor): PaperSource {
  return {
    name: 'cvf',
    list(edition, signal) {
      const { venue, year } = edition;
      if (venue.cvf === true && year >= 2013) {
        // Until 2017 one page holds all; later ones are cut by day and have a page for all days.
        const url = `https://openaccess.thecvf.com/${venue.name}${year}${year >= 2018 ? '?day=all' : ''}`;
        return readList(door, { url, edition }, (body) => parseCvf(textOf(body), edition), signal);
      }
      if (venue.ecva !== true || year < 2018) return null;
      return readList(
        door,
        { url: 'https://www.ecva.net/papers.php', edition },
        (body) => parseCvf(textOf(body), edition),
        signal,
      );
    },
  };
}

/** Papers of such a page. ECVA shows all years on one: its links tell the year. */
export function parseCvf(html: string, edition: Edition): { papers: Paper[]; notes: string[] } {
  const papers: Paper[] = [];
  const notes: string[] = [];
  const host = edition.venue.ecva === true ? 'https://www.ecva.net' : 'https://openaccess.thecvf.com';
  for (const part of html.split(/<dt\b[^>]*class="?ptitle"?[^>]*>/i).slice(1)) {
    const title = cleanText(/<a\b[^>]*>([\s\S]*?)<\/a>/i.exec(part)?.[1] ?? '', 500);
    const page = /<a\b[^>]*href="?([^"\s>]+)/i.exec(part)?.[1] ?? '';
    if (edition.venue.ecva === true && !new RegExp(`eccv_?${edition.year}`, 'i').test(page)) continue;
    if (title === '') {
      notes.push('an entry without a title');
      continue;
    }
    const named = [...part.matchAll(/name="query_author"\s+value="([^"]*)"/gi)].map(
      (match) => match[1] ?? '',
    );
    const listed = /<dd>([\s\S]*?)<\/dd>/i.exec(part)?.[1] ?? '';
    const authors = named.length > 0 ? named : listed.split(/,|\band\b/);
    const pdf = /<a\b[^>]*href="?([^"\s>]+\.pdf)"?/i.exec(part)?.[1];
    const arxiv = parseArxiv(/https?:\/\/arxiv\.org\/abs\/[^"\s>]+/i.exec(part)?.[0] ?? '')?.id;
    papers.push(
      paperOf({
        ids: arxiv === undefined ? {} : { arxiv },
        title,
        authors: authors.map((name) => cleanText(name, 120).replace(/\*+$/, '')).filter(Boolean),
        year: edition.year,
        venue: edition.venue.name,
        kind: 'conference',
        url: new URL(page, `${host}/`).href,
        pdf: pdf === undefined ? null : new URL(pdf, `${host}/`).href,
        pages: /pages\s*=\s*\{([\d-]+)\}/i.exec(part)?.[1] ?? null,
        sources: ['cvf'],
      }),
    );
  }
  return { papers, notes };
}

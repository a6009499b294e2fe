import { cleanText, type Paper, paperOf } from '../../core/paper/paper.js';
import type { PaperSource } from '../../core/paper/source.js';
import type { Edition } from '../../core/paper/venues.js';
import { type HttpDoor, textOf } from './http.js';
import { readList } from './lists.js';

/** The proceedings page of IJCAI. */
export function ijcai(door: HttpDoor): PaperSource {
  return {
    name: 'ijcai',
    list(edition, signal) {
      if (edition.venue.ijcai !== true || edition.year < 2017) return null;
      const url = `https://www.ijcai.org/proceedings/${edition.year}/`;
      return readList(door, { url, edition }, (body) => parseIjcai(textOf(body), edition), signal);
    },
  };
}

export function parseIjcai(html: string, { venue, year }: Edition): { papers: Paper[]; notes: string[] } {
  const papers: Paper[] = [];
  const notes: string[] = [];
  for (const part of html.split(/<div\b[^>]*class="paper_wrapper"[^>]*>/i).slice(1)) {
    const field = (name: string): string =>
      cleanText(
        new RegExp(`<div\\b[^>]*class="${name}"[^>]*>([\\s\\S]*?)</div>`, 'i').exec(part)?.[1] ?? '',
        2000,
      );
    const title = field('title');
    const number = /href="\/proceedings\/\d{4}\/(\d+)"/.exec(part)?.[1];
    if (title === '') {
      notes.push('an entry without a title');
      continue;
    }
    papers.push(
      paperOf({
        ids: number === undefined ? {} : { doi: `10.24963/ijcai.${year}/${number}` },
        title,
        authors: field('authors').split(/,\s*/).filter(Boolean),
        year,
        venue: venue.name,
        kind: 'conference',
        url: `https://www.ijcai.org/proceedings/${year}/${number ?? ''}`,
        pdf:
          number === undefined
            ? null
            : `https://www.ijcai.org/proceedings/${year}/${number.padStart(4, '0')}.pdf`,
        sources: ['ijcai'],
      }),
    );
  }
  return { papers, notes };
}

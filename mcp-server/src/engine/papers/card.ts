import { z } from 'zod';
import { idOf } from '../../core/paper/identity.js';
import type { Paper } from '../../core/paper/paper.js';
import { clip } from '../../core/text.js';

/** A paper in a list: enough to choose, under 350 characters. */
export const PaperCard = z.strictObject({
  id: z.string(),
  title: z.string(),
  authors: z.string(),
  /** Where and when: `CVPR 2025 oral`, `preprint 2025`. */
  where: z.string(),
  /** Null when nobody said. */
  citations: z.number().nullable(),
  relevance: z.number(),
  /** Words of the query that it shares, the weightiest first. */
  why: z.array(z.string()),
});
export type PaperCard = z.output<typeof PaperCard>;

export function toCard(paper: Paper, relevance: number, why: readonly string[]): PaperCard {
  const venue = paper.venue === null ? 'preprint' : clip(paper.venue, 40);
  const year = paper.year !== null && !venue.includes(String(paper.year)) ? ` ${paper.year}` : '';
  return {
    id: clip(idOf(paper), 80),
    title: clip(paper.title, 110),
    authors: shortAuthors(paper.authors),
    where: `${venue}${year}${paper.track === null ? '' : ` ${paper.track}`}`,
    citations: paper.citations,
    relevance: Number(relevance.toFixed(3)),
    why: why.slice(0, 4).map((word) => clip(word, 24)),
  };
}

/** `Kaiming He et al.`: the first author, and the second where there are two. */
export function shortAuthors(authors: readonly string[]): string {
  const [first = '', second = ''] = authors.map((name) => clip(name, 40));
  if (authors.length === 2) return `${first} and ${second}`;
  return authors.length > 2 ? `${first} et al.` : first;
}

/** Text for an agent or a person, one paper per line. What comes from the sources stands after its number and is data. */
export function renderCards(cards: readonly PaperCard[]): string {
  return cards
    .map((card, i) => {
      const cited = card.citations === null ? '' : ` · ${card.citations} citations`;
      const why = card.why.length === 0 ? '' : ` · matches ${card.why.join(', ')}`;
      return `${i + 1}. ${card.title}\n   ${card.authors} · ${card.where} · ${card.id}${cited} · relevance ${card.relevance}${why}`;
    })
    .join('\n');
}

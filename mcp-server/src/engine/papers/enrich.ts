import { areTwins } from '../../core/paper/identity.js';
import { merge } from '../../core/paper/merge.js';
import type { Paper } from '../../core/paper/paper.js';
import type { PaperSource } from '../../core/paper/source.js';
import { notesOf, outcomeOf } from './ask.js';

/**
 * Citations, ids and missing abstracts from Semantic Scholar: one batch call for papers with an id it knows, and one search
 * with the same words for the others, whose records are taken where title and authors agree. The papers keep their order
 * and what their list said of them.
 */
export async function enrich(
  sources: readonly PaperSource[],
  papers: readonly Paper[],
  words: string,
  signal: AbortSignal,
): Promise<{ papers: Paper[]; notes: string[]; bytes: number }> {
  const scholar = sources.find(({ name }) => name === 'semantic-scholar');
  if (scholar?.lookUp === undefined || papers.length === 0)
    return { papers: [...papers], notes: [], bytes: 0 };
  const notes: string[] = [];
  let bytes = 0;
  const known: (Paper | null)[] = papers.map(() => null);
  const outcome = await outcomeOf(scholar.lookUp(papers, signal));
  if (outcome.ok) {
    outcome.reply.value.forEach((paper, i) => {
      known[i] = paper;
    });
    bytes += outcome.reply.bytes;
    if (outcome.reply.stale) notes.push(...notesOf('semantic-scholar', { ...outcome.reply, notes: [] }));
  } else notes.push(`no citation counts: ${outcome.error.message}`);
  const years = papers.flatMap(({ year }) => year ?? []);
  if (outcome.ok && scholar.search !== undefined && known.some((paper) => paper === null) && words !== '') {
    const range = { from: Math.min(...years) - 2, to: Math.max(...years) + 1 };
    const question = {
      words,
      limit: 100,
      sort: 'relevance' as const,
      ...(years.length > 0 ? range : { from: null, to: null }),
    };
    const found = await outcomeOf(scholar.search(question, signal));
    if (found.ok) {
      bytes += found.reply.bytes;
      for (const [i, paper] of papers.entries())
        known[i] ??= found.reply.value.find((other) => areTwins(paper, other)) ?? null;
    } else notes.push(`citation counts of some papers are missing: ${found.error.message}`);
  }
  return { papers: papers.map((paper, i) => laidOver(paper, known[i] ?? null)), notes, bytes };
}

/** The list knows the venue; the other record adds to it. */
function laidOver(paper: Paper, other: Paper | null): Paper {
  if (other === null) return paper;
  const joined = merge(paper, other);
  return {
    ...joined,
    title: paper.title,
    venue: paper.venue ?? joined.venue,
    year: paper.year ?? joined.year,
    kind: paper.venue === null ? joined.kind : paper.kind,
    track: paper.track ?? joined.track,
  };
}

import { z } from 'zod';
import { LabError } from '../../core/errors.js';
import { mergePapers } from '../../core/paper/merge.js';
import type { Paper } from '../../core/paper/paper.js';
import { indexPapers } from '../../core/paper/rank.js';
import { type PaperSource, type Question, SourceError } from '../../core/paper/source.js';
import { editionName, parseVenue } from '../../core/paper/venues.js';
import type { Lab } from '../lab.js';
import { notesOf, outcomeOf, textOf } from './ask.js';
import { PaperCard, toCard } from './card.js';
import { enrich } from './enrich.js';
import { venueList } from './venue-list.js';

export interface SearchRequest {
  query: string;
  venue?: string | undefined;
  year?: number | undefined;
  limit: number;
  sort: Question['sort'];
}

export const SearchAnswer = z.strictObject({
  status: z.enum(['found', 'none', 'not_held', 'not_published', 'unavailable']),
  message: z.string(),
  papers: z.array(PaperCard),
  /** Papers that were ranked. */
  considered: z.number(),
  sources: z.array(z.string()),
  notes: z.array(z.string()),
});
export type SearchAnswer = z.output<typeof SearchAnswer>;

export interface Search {
  answer: SearchAnswer;
  /** The same papers whole, for exports. */
  papers: Paper[];
  /** Bytes of the raw bodies behind it. */
  bytes: number;
}

/** Sorting by citations or date is among papers that have at least this share of the best one’s relevance. */
const RELEVANT = 0.3;
/** Papers whose citations are asked for. */
const ENRICHED = 100;

/**
 * Papers about some words: among the accepted papers of a venue, ranked here, or over arXiv and Semantic Scholar. Only
 * the words themselves are sent anywhere. Throws LabError for a question that makes no sense; a source that fails is told
 * in the answer.
 */
export async function searchPapers(
  lab: Pick<Lab, 'literature' | 'clock'>,
  contact: string | undefined,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<Search> {
  if (request.query.trim() === '') throw new LabError('what to search for?', 'give some words as the query');
  const { sources } = await lab.literature(contact);
  return request.venue === undefined
    ? searchEverywhere(sources, request, signal)
    : searchVenue(sources, request, request.venue, lab.clock(), signal);
}

async function searchVenue(
  sources: readonly PaperSource[],
  request: SearchRequest,
  venue: string,
  now: number,
  signal: AbortSignal,
): Promise<Search> {
  const edition = parseVenue(venue, request.year);
  const list = await venueList(sources, edition, now, signal);
  if (list.status !== 'listed') {
    const answer = {
      status: list.status,
      message: list.message,
      papers: [],
      considered: 0,
      sources: [],
      notes: list.notes,
    };
    return { answer, papers: [], bytes: 0 };
  }
  const ranked = rank(list.papers, request.query);
  const chosen = ranked.slice(0, Math.max(ENRICHED, request.limit));
  const known = await enrich(
    sources,
    chosen.map(({ paper }) => paper),
    request.query,
    signal,
  );
  const full = chosen.map((one, i) => ({ ...one, paper: known.papers[i] ?? one.paper }));
  return answerOf(full, request, {
    where: editionName(edition),
    considered: list.papers.length,
    sources: [list.source],
    notes: [...list.notes, ...known.notes],
    bytes: list.bytes + known.bytes,
  });
}

async function searchEverywhere(
  sources: readonly PaperSource[],
  request: SearchRequest,
  signal: AbortSignal,
): Promise<Search> {
  const question: Question = {
    words: request.query,
    from: request.year ?? null,
    to: request.year ?? null,
    limit: request.limit,
    sort: request.sort,
  };
  const asked = sources.filter((source) => source.search !== undefined);
  const outcomes = await Promise.all(
    asked.map(async (source) => ({
      name: source.name,
      outcome: await outcomeOf(source.search?.(question, signal) ?? none()),
    })),
  );
  const found: Paper[] = [];
  const notes: string[] = [];
  const answered: string[] = [];
  let bytes = 0;
  for (const { name, outcome } of outcomes) {
    if (!outcome.ok) {
      notes.push(outcome.error.message);
      continue;
    }
    answered.push(name);
    found.push(...outcome.reply.value);
    notes.push(...notesOf(name, { ...outcome.reply, notes: outcome.reply.notes.slice(0, 1) }));
    bytes += outcome.reply.bytes;
  }
  if (answered.length === 0) {
    const message = `no source answers now: ${notes.join('; ')}`;
    return {
      answer: { status: 'unavailable', message, papers: [], considered: 0, sources: [], notes: [] },
      papers: [],
      bytes,
    };
  }
  const merged = mergePapers(found).filter((paper) => !paper.withdrawn);
  const withdrawn = mergePapers(found).length - merged.length;
  if (withdrawn > 0) notes.push(`${withdrawn} withdrawn papers left out`);
  const inYear =
    request.year === undefined ? merged : merged.filter(({ year }) => year === null || year === request.year);
  return answerOf(rank(inYear, request.query), request, {
    where: 'arXiv and Semantic Scholar',
    considered: inYear.length,
    sources: answered,
    notes,
    bytes,
  });
}

interface Ranked {
  paper: Paper;
  relevance: number;
  why: string[];
}

/** Papers that share a word with the query, the most relevant first. */
function rank(papers: readonly Paper[], query: string): Ranked[] {
  const index = indexPapers(papers.map(textOf));
  const asked = { title: query, abstract: '' };
  return index
    .score(asked)
    .map((relevance, i) => ({ relevance, i }))
    .filter(({ relevance }) => relevance > 0)
    .sort((a, b) => b.relevance - a.relevance)
    .flatMap(({ relevance, i }) => {
      const paper = papers[i];
      return paper === undefined ? [] : [{ paper, relevance, why: index.matched(asked, i, 4) }];
    });
}

function answerOf(
  ranked: readonly Ranked[],
  { limit, sort, query }: SearchRequest,
  told: { where: string; considered: number; sources: string[]; notes: string[]; bytes: number },
): Search {
  const best = ranked[0]?.relevance ?? 0;
  const near =
    sort === 'relevance' ? [...ranked] : ranked.filter(({ relevance }) => relevance >= RELEVANT * best);
  if (sort === 'citations') near.sort((a, b) => (b.paper.citations ?? -1) - (a.paper.citations ?? -1));
  if (sort === 'date')
    near.sort((a, b) =>
      (b.paper.date ?? String(b.paper.year ?? '')).localeCompare(a.paper.date ?? String(a.paper.year ?? '')),
    );
  const shown = near.slice(0, limit);
  const message =
    shown.length === 0
      ? `none of ${told.considered} papers of ${told.where} shares a word with "${query.slice(0, 80)}"`
      : `${shown.length} of ${told.considered} papers of ${told.where}, by ${sort}`;
  return {
    answer: {
      status: shown.length === 0 ? 'none' : 'found',
      message,
      papers: shown.map(({ paper, relevance, why }) => toCard(paper, relevance, why)),
      considered: told.considered,
      sources: told.sources,
      notes: told.notes.slice(0, 8),
    },
    papers: shown.map(({ paper }) => paper),
    bytes: told.bytes,
  };
}

function none(): never {
  throw new SourceError('unavailable', 'this source has no search', 'report this');
}

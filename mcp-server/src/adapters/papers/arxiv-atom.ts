import { idsOfDoi, parseArxiv } from '../../core/paper/identity.js';
import { cleanText, dayOf, isWithdrawal, type Paper, paperOf, yearOf } from '../../core/paper/paper.js';
import { SourceError } from '../../core/paper/source.js';
import { list, parseXml, record, textIn } from './xml.js';

export interface AtomPage {
  papers: Paper[];
  /** Papers that there are in all; null when it is not said. */
  total: number | null;
  start: number;
  /** Entries without a readable id, in words. */
  notes: string[];
}

/**
 * A page of arXiv's search API, in the format of until 2025 and in the one of 2026. Throws SourceError for an error entry
 * and for a page that is empty although there should be more: a known flake, never “no papers”.
 */
export function parseAtom(text: string): AtomPage {
  const feed = record(parseXml(text, 'arXiv').feed);
  const total = number(textIn(feed.totalResults));
  const start = number(textIn(feed.startIndex)) ?? 0;
  const papers: Paper[] = [];
  const notes: string[] = [];
  const entries = list(feed.entry).map(record);
  for (const entry of entries) {
    if (/arxiv\.org\/api\/errors/.test(textIn(entry.id)))
      throw new SourceError(
        'malformed',
        `arXiv: ${cleanText(textIn(entry.summary), 200) || 'error'}`,
        'change the question',
      );
    const paper = paperOfEntry(entry);
    if (paper === null) notes.push(`an entry without a readable id: ${cleanText(textIn(entry.id), 80)}`);
    else papers.push(paper);
  }
  if (entries.length === 0 && total !== null && start < total)
    throw new SourceError(
      'unavailable',
      `arXiv says that there are ${total} papers and shows none of them`,
      'a known trouble of its search; try again in some minutes',
    );
  return { papers, total, start, notes };
}

function number(text: string): number | null {
  return /^\s*\d+\s*$/.test(text) ? Number(text) : null;
}

function paperOfEntry(entry: Record<string, unknown>): Paper | null {
  const id = parseArxiv(textIn(entry.id));
  if (id === null) return null;
  const terms = list(entry.category).map((one) => textIn(record(one)['@term']));
  const primary = textIn(record(entry.primary_category)['@term']);
  const comment = cleanText(textIn(entry.comment), 500) || null;
  const journal = cleanText(textIn(entry.journal_ref), 300) || null;
  const abstract = cleanText(textIn(entry.summary));
  const published = dayOf(textIn(entry.published).trim());
  return paperOf({
    ids: { ...idsOfDoi(textIn(entry.doi)), arxiv: id.id },
    title: cleanText(textIn(entry.title), 500),
    authors: list(entry.author)
      .map((author) => cleanText(textIn(record(author).name), 120))
      .filter(Boolean),
    abstract,
    year: yearOf(published),
    date: published,
    venue: journal,
    kind: journal === null ? 'preprint' : 'journal',
    // ACM and MSC classes stand among the categories; arXiv's own have no spaces, digits or semicolons.
    categories: [...new Set([primary, ...terms])].filter((term) => /^[a-z-]+(?:\.[A-Za-z-]+)?$/.test(term)),
    version: id.version,
    comment,
    withdrawn: isWithdrawal(comment, abstract),
    url: `https://arxiv.org/abs/${id.id}`,
    pdf: `https://arxiv.org/pdf/${id.id}`,
    sources: ['arxiv'],
  });
}

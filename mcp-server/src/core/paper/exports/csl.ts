import type { Paper } from '../paper.js';
import { citationKeys, splitName, venueTitle } from './names.js';

const TYPES = {
  conference: 'paper-conference',
  journal: 'article-journal',
  preprint: 'article',
  other: 'document',
} as const;

/** The papers as CSL-JSON (citationstyles.org), for pandoc and Zotero. */
export function toCsl(papers: readonly Paper[]): string {
  const keys = citationKeys(papers);
  return `${JSON.stringify(
    papers.map((paper, i) => item(paper, keys[i] ?? `paper${i}`)),
    null,
    2,
  )}\n`;
}

function item(paper: Paper, id: string): Record<string, unknown> {
  const { arxiv, doi } = paper.ids;
  const parts = paper.date?.split('-').map(Number) ?? (paper.year === null ? null : [paper.year]);
  const known: Record<string, unknown> = {
    id,
    type: TYPES[paper.kind],
    title: paper.title,
    author: paper.authors.map((name) => {
      const { family, given } = splitName(name);
      return given === '' ? { literal: family } : { family, given };
    }),
    issued: parts === null ? undefined : { 'date-parts': [parts] },
    'container-title': venueTitle(paper) ?? undefined,
    volume: paper.volume ?? undefined,
    page: paper.pages ?? undefined,
    DOI: doi ?? (arxiv === undefined ? undefined : `10.48550/arXiv.${arxiv}`),
    URL: paper.url ?? undefined,
    abstract: paper.abstract || undefined,
    publisher: paper.kind === 'preprint' && arxiv !== undefined ? 'arXiv' : undefined,
    number: arxiv === undefined ? undefined : `arXiv:${arxiv}`,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

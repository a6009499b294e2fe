import { escapeMarkdown } from '../../escape.js';
import { idOf } from '../identity.js';
import type { Paper } from '../paper.js';
import { toBibtex } from './bibtex.js';
import { toCsl } from './csl.js';
import { toRis } from './ris.js';

export const FORMATS = ['bibtex', 'ris', 'csl-json', 'markdown', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Papers in a format of others. */
export function exportPapers(format: Format, papers: readonly Paper[]): string {
  switch (format) {
    case 'bibtex':
      return toBibtex(papers);
    case 'ris':
      return toRis(papers);
    case 'csl-json':
      return toCsl(papers);
    case 'markdown':
      return toMarkdown(papers);
    case 'json':
      return `${JSON.stringify(papers, null, 2)}\n`;
  }
}

function toMarkdown(papers: readonly Paper[]): string {
  return papers
    .map((paper) => {
      const title =
        paper.url === null ? escapeMarkdown(paper.title) : `[${escapeMarkdown(paper.title)}](${paper.url})`;
      const where = [paper.venue ?? 'preprint', paper.year ?? ''].join(' ').trim();
      const cited = paper.citations === null ? '' : `, ${paper.citations} citations`;
      return `- **${title}**, ${escapeMarkdown(paper.authors.slice(0, 6).join(', '))}${paper.authors.length > 6 ? ' et al.' : ''}. ${escapeMarkdown(where)}${cited}. ${idOf(paper)}\n`;
    })
    .join('');
}

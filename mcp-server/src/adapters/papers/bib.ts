import { idsOfDoi } from '../../core/paper/identity.js';
import { cleanText, type Paper, type PaperIds, paperOf, yearOf } from '../../core/paper/paper.js';
import { type BibEntry, bibAuthors, readBibtex } from '../../core/paper/read-bibtex.js';

/** Papers of a BibTeX file. Front matter (proceedings) and entries without a title are told in `notes`. */
export function parseBib(text: string, source: string): { papers: Paper[]; notes: string[] } {
  const { entries, notes } = readBibtex(text);
  const papers = entries.flatMap((entry) => {
    const paper = paperOfEntry(entry, source);
    if (paper === null) notes.push(`${entry.type} ${cleanText(entry.key, 60)}: no paper with a title`);
    return paper ?? [];
  });
  return { papers, notes };
}

function paperOfEntry({ type, key, fields }: BibEntry, source: string): Paper | null {
  const title = cleanText(fields.title ?? '', 500);
  if (title === '' || type === 'proceedings') return null;
  const acl = /aclanthology\.org\/([\w.-]+?)\/?$/.exec(fields.url ?? '')?.[1];
  const ids: PaperIds = {
    ...idsOfDoi(fields.doi),
    ...(acl === undefined ? {} : { acl }),
    ...(key.startsWith('DBLP:') ? { dblp: key.slice(5) } : {}),
  };
  const kind =
    type === 'article' ? 'journal' : /^(?:inproceedings|conference)$/.test(type) ? 'conference' : 'other';
  return paperOf({
    ids,
    title,
    authors: bibAuthors(fields.author ?? '').map((name) => cleanText(name.replace(/\s+\d{4}$/, ''), 120)),
    abstract: cleanText(fields.abstract ?? ''),
    year: yearOf(fields.year),
    venue: cleanText(fields.booktitle ?? fields.journal ?? '', 300) || null,
    kind,
    pages: fields.pages ?? null,
    volume: fields.volume ?? null,
    url: acl === undefined ? (fields.url ?? null) : `https://aclanthology.org/${acl}`,
    pdf: acl === undefined ? null : `https://aclanthology.org/${acl}.pdf`,
    sources: [source],
  });
}

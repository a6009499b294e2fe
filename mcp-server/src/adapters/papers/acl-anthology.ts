import { idsOfDoi } from '../../core/paper/identity.js';
import { cleanText, type Paper, paperOf, yearOf } from '../../core/paper/paper.js';
import { type PaperSource, type Reply, SourceError } from '../../core/paper/source.js';
import { parseBib } from './bib.js';
import { type HttpDoor, textOf } from './http.js';
import { readList } from './lists.js';
import { oneByOne } from './one-by-one.js';

/** The ACL Anthology: a BibTeX file per volume, with abstracts, and a page per paper. */
export function aclAnthology(door: HttpDoor): PaperSource {
  return {
    name: 'acl-anthology',
    list(edition, signal) {
      const volumes = edition.venue.acl;
      if (volumes === undefined || edition.year < 2020) return null;
      return readVolumes(volumes.map((volume) => volume.replace('{year}', String(edition.year))));
      async function readVolumes(names: readonly string[]): Promise<Reply<Paper[]>> {
        const replies: Reply<Paper[]>[] = [];
        let missing: unknown;
        for (const name of names) {
          const url = `https://aclanthology.org/volumes/${name}.bib`;
          try {
            const parse = (body: Parameters<typeof textOf>[0]) => parseBib(textOf(body), 'acl-anthology');
            replies.push(await readList(door, { url, edition }, parse, signal));
          } catch (error) {
            // Volumes have changed their names over the years: those that there are make the list.
            if (!(error instanceof SourceError) || error.trouble !== 'not_published') throw error;
            missing = error;
          }
        }
        if (replies.length === 0) throw missing;
        const papers = replies.flatMap((reply) => reply.value);
        return {
          value: papers.map((paper) => ({ ...paper, venue: edition.venue.name, year: edition.year })),
          stale: replies.some((reply) => reply.stale),
          at: Math.min(...replies.map((reply) => reply.at)),
          bytes: replies.reduce((sum, reply) => sum + reply.bytes, 0),
          notes: replies.flatMap((reply) => reply.notes),
        };
      }
    },
    lookUp: oneByOne(door, {
      urlOf: ({ acl }) => (acl === undefined ? null : `https://aclanthology.org/${acl}/`),
      read: (body) => ({ papers: [parseAclPage(textOf(body))], notes: [] }),
      days: 7,
    }),
  };
}

/** The page of one paper, by the meta elements that it has for search engines. Throws SourceError for other pages. */
export function parseAclPage(html: string): Paper {
  const metas = new Map<string, string[]>();
  for (const [tag] of html.matchAll(/<meta\b[^>]*>/gi)) {
    const name = /\bname=["']?(citation_\w+)/i.exec(tag)?.[1];
    const content = /\bcontent=(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(tag);
    if (name === undefined || content === null) continue;
    metas.set(name, [
      ...(metas.get(name) ?? []),
      cleanText(content[1] ?? content[2] ?? content[3] ?? '', 500),
    ]);
  }
  const one = (name: string): string => metas.get(name)?.[0] ?? '';
  const title = one('citation_title');
  if (title === '')
    throw new SourceError(
      'malformed',
      'the page of the ACL Anthology names no title',
      'look whether the id is right',
    );
  const abstract =
    /class=["']?card-body acl-abstract["']?[^>]*>([\s\S]{0,20000}?)<\/div>/i.exec(html)?.[1] ?? '';
  const pdf = one('citation_pdf_url');
  const acl = /aclanthology\.org\/([\w.-]+?)\.pdf/.exec(pdf)?.[1];
  const [from, to] = [one('citation_firstpage'), one('citation_lastpage')];
  const conference = one('citation_conference_title');
  const journal = one('citation_journal_title');
  return paperOf({
    ids: { ...idsOfDoi(one('citation_doi')), ...(acl === undefined ? {} : { acl }) },
    title,
    authors: metas.get('citation_author') ?? [],
    abstract: cleanText(abstract.replace(/<h5[\s\S]*?<\/h5>/i, '')),
    year: yearOf(one('citation_publication_date')),
    venue: conference || journal || null,
    kind: conference !== '' ? 'conference' : journal !== '' ? 'journal' : 'other',
    pages: from === '' ? null : to === '' ? from : `${from}-${to}`,
    url: acl === undefined ? null : `https://aclanthology.org/${acl}`,
    pdf: pdf || null,
    sources: ['acl-anthology'],
  });
}

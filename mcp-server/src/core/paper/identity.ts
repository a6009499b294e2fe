import { LabError } from '../errors.js';
import type { Paper, PaperIds } from './paper.js';

const ARXIV_NEW = /^(\d{4}\.\d{4,5})(?:v(\d{1,3}))?$/;
const ARXIV_OLD = /^([a-z-]+(?:\.[A-Za-z]{2})?\/\d{7})(?:v(\d{1,3}))?$/;

/** An id of arXiv in any of its forms (with version, abs, pdf, html and e-print addresses, `oai:`, DOI); null for others. */
export function parseArxiv(text: string): { id: string; version: number | null } | null {
  const bare = text
    .trim()
    .replace(/^https?:\/\/(?:www\.|export\.|browse\.)?arxiv\.org\/(?:abs|pdf|html|format|e-print|src)\//i, '')
    .replace(/^(?:https?:\/\/(?:dx\.)?doi\.org\/)?10\.48550\/arxiv\./i, '')
    .replace(/^oai:arxiv\.org:/i, '')
    .replace(/^arxiv:\s*/i, '')
    .replace(/[?#].*$/, '')
    .replace(/\.pdf$/i, '');
  const found = ARXIV_NEW.exec(bare) ?? ARXIV_OLD.exec(bare);
  if (found?.[1] === undefined) return null;
  // `math.GT/0309136` and `math/0309136` are one paper.
  const id = found[1].replace(/^([a-z-]+)\.[A-Za-z]{2}\//, '$1/');
  return { id, version: found[2] === undefined ? null : Number(found[2]) };
}

/** A DOI in lower case without a resolver; null for other text. */
function parseDoi(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^https?:\/\/(?:dx\.)?doi\.org\//i, '')
    .replace(/^doi:\s*/i, '');
  return /^10\.\d{4,9}\/\S+$/.test(bare) ? bare.toLowerCase() : null;
}

/** The ids in a DOI field: arXiv's own DOIs are arXiv ids, so that both forms meet. */
export function idsOfDoi(text: string | null | undefined): PaperIds {
  const arxiv = parseArxiv(text ?? '');
  if (arxiv !== null && /10\.48550\//i.test(text ?? '')) return { arxiv: arxiv.id };
  const doi = parseDoi(text ?? '');
  return doi === null ? {} : { doi };
}

const ORDER = ['arxiv', 'doi', 'openreview', 'acl', 'dblp', 's2', 'openalex'] as const;

/** All names of a paper, as `scheme:id`; the first is the one to show. A paper without any goes by its title. */
export function keysOf(paper: Paper): string[] {
  const keys = ORDER.flatMap((scheme) => {
    const id = paper.ids[scheme];
    return id === undefined ? [] : [`${scheme}:${id}`];
  });
  return keys.length > 0 ? keys : [`title:${fingerprint(paper.title)}`];
}

/** The name to show and to give to `papers show`. */
export function idOf(paper: Paper): string {
  return keysOf(paper)[0] ?? '';
}

/** What a person or an agent gave as the name of a paper. Throws LabError. */
export function parseId(text: string): { ids: PaperIds; version: number | null } {
  const bare = text.trim();
  const arxiv = parseArxiv(bare);
  if (arxiv !== null) return { ids: { arxiv: arxiv.id }, version: arxiv.version };
  const doi = parseDoi(bare);
  if (doi !== null) return { ids: { doi }, version: null };
  const forum = /openreview\.net\/(?:forum|pdf)\?(?:.*&)?id=([\w-]{6,20})/.exec(bare)?.[1];
  if (forum !== undefined) return { ids: { openreview: forum }, version: null };
  const acl = /aclanthology\.org\/([\w.-]+?)(?:\.pdf|\.bib)?\/?$/.exec(bare)?.[1];
  if (acl !== undefined) return { ids: { acl }, version: null };
  const [, scheme = '', id = ''] = /^(openreview|acl|dblp|s2|openalex):([\w./-]{3,80})$/i.exec(bare) ?? [];
  const known = ORDER.find((one) => one === scheme.toLowerCase());
  if (known !== undefined) return { ids: { [known]: id }, version: null };
  throw new LabError(
    `"${bare.slice(0, 120)}" is no id of a paper`,
    'give an arXiv id (2503.01234), a DOI (10.…), an address of one, or openreview:ID, acl:ID, s2:ID as search shows them',
  );
}

/** A title without what differs between sources: case, accents, TeX, punctuation, spaces. */
export function fingerprint(title: string): string {
  return title
    .replace(/\\[a-zA-Z]+\s?/g, '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** The family name in plain letters: before a comma, else the last word; homonym numbers of DBLP and `Jr.` do not count. */
export function familyName(author: string): string {
  const plain = author.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const comma = plain.indexOf(',');
  const words = (comma > 0 ? plain.slice(0, comma) : plain).split(/[\s~]+/).filter(Boolean);
  const last = words.filter((word) => !/^(?:jr|sr|ii|iii|iv|\d+)\.?$/.test(word)).at(-1);
  return (last ?? '').replace(/[^\p{L}]/gu, '');
}

/** Shorter titles (“Editorial”, “Preface”) say nothing about who is who. */
const LEAST_TITLE = 12;

/** Whether two records without a common id are one paper: the same title, a shared author, and years that are near. */
export function areTwins(a: Paper, b: Paper): boolean {
  const title = fingerprint(a.title);
  if (title.length < LEAST_TITLE || title !== fingerprint(b.title)) return false;
  if (a.year !== null && b.year !== null && Math.abs(a.year - b.year) > 2) return false;
  return sharesAuthors(a.authors, b.authors);
}

/** The first author is the same, or at least half of the shorter list. A source without authors cannot tell. */
function sharesAuthors(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return false;
  const [left, right] = [a.map(familyName), b.map(familyName)];
  if (left[0] !== '' && left[0] === right[0]) return true;
  const shared = left.filter((name) => name !== '' && right.includes(name)).length;
  return 2 * shared >= Math.min(left.length, right.length);
}

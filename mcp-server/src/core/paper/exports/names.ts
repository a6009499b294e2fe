import { familyName } from '../identity.js';
import type { Paper } from '../paper.js';
import { VENUES } from '../venues.js';

export interface Name {
  family: string;
  /** '' for a name of one word, or of a group. */
  given: string;
}

const PARTICLE = /^(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|ter|ten|zu|zur|bin|ibn|al|el)$/i;

/** A name in reading order, or with a comma, as family and given; particles belong to the family. */
export function splitName(name: string): Name {
  const comma = name.indexOf(',');
  if (comma > 0) return { family: name.slice(0, comma).trim(), given: name.slice(comma + 1).trim() };
  const words = name.trim().split(/\s+/);
  if (words.length < 2) return { family: words[0] ?? '', given: '' };
  let at = words.length - 1;
  if (/^(?:jr|sr|ii|iii|iv)\.?$/i.test(words[at] ?? '') && at > 1) at -= 1;
  while (at > 1 && PARTICLE.test(words[at - 1] ?? '')) at -= 1;
  return { family: words.slice(at).join(' '), given: words.slice(0, at).join(' ') };
}

/** Words that make no good part of a key. */
const DULL = new Set(
  'a an the on of for in to with and from by at towards toward is are can do does how what why when'.split(
    ' ',
  ),
);

/**
 * Citation keys `he2016deep`: family name, year, first word of the title that says something. The same paper always gets
 * the same key; papers that would share one are told apart by letters, in the order of their ids.
 */
export function citationKeys(papers: readonly Paper[]): string[] {
  const plain = papers.map(keyOf);
  const groups = new Map<string, number[]>();
  for (const [i, key] of plain.entries()) groups.set(key, [...(groups.get(key) ?? []), i]);
  const keys = [...plain];
  for (const [key, members] of groups) {
    if (members.length < 2) continue;
    const ordered = members.toSorted((a, b) =>
      (papers[a]?.title ?? '').localeCompare(papers[b]?.title ?? '', 'en'),
    );
    for (const [number, i] of ordered.entries()) keys[i] = key + letters(number);
  }
  return keys;
}

function keyOf(paper: Paper): string {
  const words = ascii(paper.title)
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !DULL.has(word));
  const family = ascii(familyName(paper.authors[0] ?? '')).replace(/[^a-z]/g, '');
  return `${family || 'anonymous'}${paper.year ?? ''}${words[0] ?? ''}`;
}

function letters(number: number): string {
  return number < 26
    ? String.fromCharCode(97 + number)
    : letters(Math.floor(number / 26) - 1) + letters(number % 26);
}

const ascii = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .replace(/ø/gi, 'o')
    .replace(/ł/gi, 'l')
    .toLowerCase();

/** The venue as proceedings name it: spelled out where we know it. */
export function venueTitle(paper: Paper): string | null {
  if (paper.venue === null) return null;
  const known = VENUES.find(({ name }) => name === paper.venue);
  if (known === undefined) return paper.venue;
  return known.name === 'NeurIPS' ? known.title : `Proceedings of the ${known.title}`;
}

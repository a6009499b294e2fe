import { stem } from './stem.js';

/** Words that say nothing about a subject. */
const STOP = new Set(
  'a about above after again against all also am an and any are as at be because been before being below between both but by can cannot could did do does doing down during each few for from further had has have having he her here hers him his how i if in into is it its itself just may me might more most must my no nor not now of off on once only or other our ours out over own per same shall she should so some such than that the their theirs them then there these they this those through thus to too under until up upon us very via was we were what when where which while who whom why will with within without would you your'.split(
    ' ',
  ),
);

/** The longest text that is looked at, in characters: abstracts have two thousand. */
const MAX_CHARS = 20_000;

/** The words of a text that carry meaning, in order: the stem, and the word as it is written there. `known` saves stemming twice. */
export function stemmedWords(
  text: string,
  known: Map<string, string> = new Map(),
): { stem: string; word: string }[] {
  const found: { stem: string; word: string }[] = [];
  const plain = text
    .slice(0, MAX_CHARS)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '');
  for (const [word] of plain.matchAll(/[\p{L}\p{N}]+/gu)) {
    const lower = word.toLowerCase();
    if (lower.length < 2 || lower.length > 60 || STOP.has(lower)) continue;
    const stemmed = known.get(lower) ?? (/^[a-z0-9]+$/.test(lower) ? stem(lower) : lower);
    known.set(lower, stemmed);
    found.push({ stem: stemmed, word });
  }
  return found;
}

/**
 * The stem of a lower-case English word: M. F. Porter, An algorithm for suffix stripping, Program 14(3), 1980, with the
 * two departures of the author's own reference programs (`abli` → `bli`, `logi` → `log`). Words of up to two letters
 * stay. The background table (background.ts) is keyed by these stems, so no other stemmer may be put in its place.
 */
export function stem(word: string): string {
  if (word.length < 3) return word;
  let w = word.startsWith('y') ? `Y${word.slice(1)}` : word;
  w = plurals(w);
  w = pastAndGerund(w);
  if (/[aeiouy].*y$/.test(shape(w))) w = `${w.slice(0, -1)}i`;
  w = replaceLast(w, DOUBLES, 0);
  w = replaceLast(w, TRIPLES, 0);
  w = dropEndings(w);
  w = finalE(w);
  if (w.endsWith('ll') && measure(w.slice(0, -1)) > 1) w = w.slice(0, -1);
  return w.startsWith('Y') ? `y${w.slice(1)}` : w;
}

type Ending = readonly [from: string, to: string];

const DOUBLES: readonly Ending[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
];
const TRIPLES: readonly Ending[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];
const LAST =
  /^(.+?)(al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize|(?<=[st])ion)$/;

/** Vowels as `a`, consonants as `b`; a `y` after a consonant is a vowel. */
function letters(w: string): string {
  let kinds = '';
  for (const letter of w) {
    const vowel = 'aeiou'.includes(letter) || (letter === 'y' && kinds.endsWith('b'));
    kinds += vowel ? 'a' : 'b';
  }
  return kinds;
}

/** The same with `y` where the last letter is one, for rules about a final y. */
function shape(w: string): string {
  return w.endsWith('y') ? `${letters(w.slice(0, -1))}y` : letters(w);
}

/** Porter's m: how often vowels are followed by consonants. */
function measure(w: string): number {
  return letters(w).match(/a+b+/g)?.length ?? 0;
}

const hasVowel = (w: string): boolean => letters(w).includes('a');

/** Consonant, vowel, consonant, the last none of w, x, y. */
const endsShort = (w: string): boolean => /bab$/.test(letters(w)) && !/[wxyY]$/.test(w);

function plurals(w: string): string {
  if (w.endsWith('sses') || w.endsWith('ies')) return w.slice(0, -2);
  return w.endsWith('s') && !w.endsWith('ss') ? w.slice(0, -1) : w;
}

function pastAndGerund(w: string): string {
  if (w.endsWith('eed')) return measure(w.slice(0, -3)) > 0 ? w.slice(0, -1) : w;
  const base = /^(.+)(?:ed|ing)$/.exec(w)?.[1];
  if (base === undefined || !hasVowel(base)) return w;
  if (/(?:at|bl|iz)$/.test(base)) return `${base}e`;
  if (/([^aeioulsz])\1$/.test(base) && letters(base).endsWith('bb')) return base.slice(0, -1);
  return measure(base) === 1 && endsShort(base) ? `${base}e` : base;
}

/** The longest ending of the list, replaced where what is before it measures more than `over`. */
function replaceLast(w: string, endings: readonly Ending[], over: number): string {
  const [from, to] = longest(w, endings);
  if (from === '') return w;
  const base = w.slice(0, w.length - from.length);
  return measure(base) > over ? base + to : w;
}

function longest(w: string, endings: readonly Ending[]): Ending {
  let best: Ending = ['', ''];
  for (const ending of endings) if (ending[0].length > best[0].length && w.endsWith(ending[0])) best = ending;
  return best;
}

function dropEndings(w: string): string {
  const base = LAST.exec(w)?.[1];
  return base !== undefined && measure(base) > 1 ? base : w;
}

function finalE(w: string): string {
  if (!w.endsWith('e')) return w;
  const base = w.slice(0, -1);
  const m = measure(base);
  return m > 1 || (m === 1 && !endsShort(base)) ? base : w;
}

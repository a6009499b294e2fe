/** LaTeX’s accents (`\'e`, `\"{o}`, `\c{c}`) as combining characters. */
const ACCENTS: Record<string, string> = {
  '`': '\u0300',
  "'": '\u0301',
  '^': '\u0302',
  '~': '\u0303',
  '=': '\u0304',
  u: '\u0306',
  '.': '\u0307',
  '"': '\u0308',
  r: '\u030a',
  H: '\u030b',
  v: '\u030c',
  c: '\u0327',
  k: '\u0328',
};
const LETTERS: Record<string, string> = {
  i: 'i',
  j: 'j',
  o: 'ø',
  O: 'Ø',
  l: 'ł',
  L: 'Ł',
  ss: 'ß',
  ae: 'æ',
  AE: 'Æ',
  oe: 'œ',
  OE: 'Œ',
  aa: 'å',
  AA: 'Å',
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  epsilon: 'ε',
  lambda: 'λ',
  mu: 'μ',
  pi: 'π',
  sigma: 'σ',
  textendash: '–',
  textemdash: '—',
  textquoteright: '’',
  textquoteleft: '‘',
  ldots: '…',
  dots: '…',
  times: '×',
};

/** LaTeX text as a person reads it: accents composed, commands dropped and their arguments kept, braces and `$` gone. */
export function plainLatex(text: string): string {
  return text
    .replace(/\\([`'^~=."])\s*(?:\{\s*(\\?[a-zA-Z])\s*\}|(\\?[a-zA-Z]))/g, accent)
    .replace(/\\([uvHtckr])(?:\{\s*(\\?[a-zA-Z])\s*\}|\s+(\\?[a-zA-Z]))/g, accent)
    .replace(/\\([a-zA-Z]+)(?![a-zA-Z])\s*/g, (_, name: string) => LETTERS[name] ?? '')
    .replace(/\\([&%#_$ {}])/g, (_, sign: string) => (sign === '{' || sign === '}' ? '' : sign))
    .replace(/\\\\/g, ' ')
    .replace(/(?<!\\)[{}$]/g, '')
    .replace(/~/g, ' ')
    .replace(/---/g, '—')
    .replace(/--/g, '–')
    .replace(/``|''/g, '"')
    .replace(/\s+/g, ' ')
    .trim()
    .normalize('NFC');
}

function accent(_: string, mark: string, inBraces: string | undefined, bare: string | undefined): string {
  return ((inBraces ?? bare ?? '').replace('\\', '') + (ACCENTS[mark] ?? '')).normalize('NFC');
}

import type { Paper } from '../paper.js';
import { citationKeys, splitName, venueTitle } from './names.js';

/** The papers as BibTeX: UTF-8, capitals that must stay in braces, one entry type for each kind of paper. */
export function toBibtex(papers: readonly Paper[]): string {
  const keys = citationKeys(papers);
  return papers.map((paper, i) => entry(paper, keys[i] ?? `paper${i}`)).join('\n');
}

function entry(paper: Paper, key: string): string {
  const { arxiv, doi } = paper.ids;
  const venue = venueTitle(paper);
  const type =
    venue === null
      ? 'misc'
      : paper.kind === 'conference'
        ? 'inproceedings'
        : paper.kind === 'journal'
          ? 'article'
          : 'misc';
  const field = type === 'inproceedings' ? 'booktitle' : type === 'article' ? 'journal' : 'howpublished';
  const fields: [string, string | null][] = [
    ['title', protectCapitals(paper.title)],
    ['author', authors(paper.authors)],
    [field, venue === null ? null : escapeTex(venue)],
    ['year', paper.year === null ? null : String(paper.year)],
    ['volume', paper.volume === null ? null : escapeTex(paper.volume)],
    ['pages', paper.pages === null ? null : escapeTex(paper.pages.replace(/\s*[-–—]+\s*/g, '--'))],
    ['doi', doi ?? null],
    ['eprint', arxiv ?? null],
    ['archivePrefix', arxiv === undefined ? null : 'arXiv'],
    ['primaryClass', arxiv === undefined ? null : (paper.categories[0] ?? null)],
    ['url', paper.url === null ? null : paper.url.replace(/[{}\\\s]/g, (c) => encodeURIComponent(c))],
  ];
  const lines = fields.flatMap(([name, value]) =>
    value === null || value === '' ? [] : [`  ${name} = {${value}}`],
  );
  return `@${type}{${key},\n${lines.join(',\n')}\n}\n`;
}

function authors(names: readonly string[]): string {
  return names
    .map((name) => {
      const { family, given } = splitName(name);
      // A name of one word, or with "and" in it, would be taken apart.
      if (given === '' || /\band\b/.test(name)) return `{${escapeTex(name)}}`;
      return `${escapeTex(family)}, ${escapeTex(given)}`;
    })
    .join(' and ');
}

const ESCAPES: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '&': '\\&',
  '%': '\\%',
  $: '\\$',
  '#': '\\#',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

/** Literal text. */
function escapeTex(text: string): string {
  return text.replace(/[\\{}&%$#_~^]/g, (c) => ESCAPES[c] ?? c);
}

/** Formulas stay as they are; every other word is literal, in braces where its capitals carry meaning. */
function protectCapitals(title: string): string {
  const words = title
    .split(/\s+/)
    .slice(1)
    .filter((word) => /^\p{L}{4,}/u.test(word));
  const capitals = words.filter((word) => /^\p{Lu}/u.test(word)).length;
  // In a title in sentence case a capital is a name.
  const sentence = capitals * 2 <= words.length;
  return title
    .split(/(\$[^$]+\$)/)
    .map((part, i) => (isFormula(part) ? part : literalWords(part, sentence, i === 0)))
    .join('');
}

const isFormula = (part: string): boolean => /^\$[^$]+\$$/.test(part) && balanced(part);

function literalWords(text: string, sentence: boolean, begins: boolean): string {
  let first = begins;
  return text.replace(/\S+/g, (word) => {
    const leads = first;
    first = false;
    const inner = /^.+\p{Lu}/u.test(word) || /^\p{Lu}$/u.test(word.replace(/[^\p{L}]/gu, ''));
    const name = sentence && !leads && /^[^\p{L}]*\p{Lu}/u.test(word);
    const literal = escapeTex(word);
    return inner || name ? `{${literal}}` : literal;
  });
}

function balanced(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '{') depth += 1;
    else if (text[i] === '}' && --depth < 0) return false;
  }
  return depth === 0;
}

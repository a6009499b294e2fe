import type { Paper } from '../paper.js';
import { splitName, venueTitle } from './names.js';

const TYPES = { conference: 'CONF', journal: 'JOUR', preprint: 'UNPB', other: 'GEN' } as const;

/** The papers as RIS, which Zotero, EndNote and Mendeley read. Lines end in CR LF, as the format asks. */
export function toRis(papers: readonly Paper[]): string {
  return papers.map(record).join('');
}

function record(paper: Paper): string {
  const venue = venueTitle(paper);
  const [first, last] = (paper.pages ?? '').split(/\s*[-–—]+\s*/);
  const lines: [string, string | null | undefined][] = [
    ['TI', paper.title],
    ...paper.authors.map((name): [string, string] => {
      const { family, given } = splitName(name);
      return ['AU', given === '' ? family : `${family}, ${given}`];
    }),
    ['PY', paper.year === null ? null : String(paper.year)],
    ['DA', paper.date?.replaceAll('-', '/')],
    [paper.kind === 'journal' ? 'JO' : 'T2', venue],
    ['VL', paper.volume],
    ['SP', first],
    ['EP', last],
    ['DO', paper.ids.doi ?? (paper.ids.arxiv === undefined ? null : `10.48550/arXiv.${paper.ids.arxiv}`)],
    ['UR', paper.url],
    ['L1', paper.pdf],
    ['AB', paper.abstract],
    ['AN', paper.ids.arxiv === undefined ? null : `arXiv:${paper.ids.arxiv}`],
  ];
  const body = lines.flatMap(([tag, value]) => (value ? [`${tag}  - ${value.replace(/\s+/g, ' ')}`] : []));
  return `${[`TY  - ${TYPES[paper.kind]}`, ...body, 'ER  - '].join('\r\n')}\r\n\r\n`;
}

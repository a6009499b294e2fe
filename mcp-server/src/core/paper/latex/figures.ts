import { cleanText } from '../paper.js';
import { plainLatex } from '../plain-latex.js';
import { argumentOf, braced, normal } from './whole.js';

export interface Figure {
  /** In order of appearance, from 1. */
  number: number;
  caption: string;
  label: string | null;
  /** Files of the archive, in order; empty for drawings made in LaTeX itself. */
  files: string[];
  /** Names that no file of the archive has. */
  missing: string[];
}

const EXTENSIONS = ['', '.pdf', '.png', '.jpg', '.jpeg', '.eps', '.svg', '.PDF', '.PNG', '.JPG'];

/** The figures of a paper in order, each with its caption and files. `paths` are all files of the archive. */
export function latexFigures(tex: string, paths: ReadonlySet<string>, main: string): Figure[] {
  const folders = graphicFolders(tex, main);
  const find = (name: string): string | null => {
    for (const folder of folders)
      for (const extension of EXTENSIONS) {
        const path = normal(`${folder}/${name}${extension}`);
        if (paths.has(path)) return path;
      }
    return null;
  };
  const figures: Figure[] = [];
  for (const match of tex.matchAll(
    /\\begin\s*\{(figure|wrapfigure|SCfigure|teaserfigure)(\*?)\}([\s\S]*?)\\end\s*\{\1\2\}/g,
  )) {
    const body = match[3] ?? '';
    const names = graphicsIn(body);
    const found = names.map(find);
    const caption = argumentOf(body, 'caption') ?? argumentOf(body, 'captionof');
    figures.push({
      number: figures.length + 1,
      caption:
        caption === null ? '' : cleanText(plainLatex(caption.replace(/\\label\s*\{[^{}]*\}/g, '')), 1500),
      label: argumentOf(body, 'label'),
      files: found.filter((path) => path !== null),
      missing: names.filter((_, i) => found[i] === null),
    });
  }
  return figures;
}

/** Names given to `\includegraphics` and its kin, in order. */
function graphicsIn(body: string): string[] {
  const names: string[] = [];
  for (const match of body.matchAll(
    /\\(?:includegraphics|includesvg|epsfig|psfig)\*?\s*(?:\[[^\]]{0,1000}\]\s*)?\{/g,
  )) {
    const inner = braced(body, match.index + match[0].length - 1)?.inner ?? '';
    const name = /(?:^|,)\s*(?:file|figure)\s*=\s*([^,]+)/.exec(inner)?.[1] ?? inner;
    const plain = name.replace(/[{}"]/g, '').trim();
    if (plain !== '') names.push(plain);
  }
  return names;
}

/** Where graphics are looked for: the main file's own folder, the root, and what `\graphicspath` names. */
function graphicFolders(tex: string, main: string): string[] {
  const own = main.includes('/') ? main.slice(0, main.lastIndexOf('/')) : '';
  const at = /\\graphicspath\s*\{/.exec(tex);
  const named = at === null ? '' : (braced(tex, at.index + at[0].length - 1)?.inner ?? '');
  const extra = [...named.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? '');
  return [...new Set([own, '', ...extra.flatMap((folder) => [`${own}/${folder}`, folder])])];
}

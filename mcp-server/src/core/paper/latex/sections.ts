import { cleanText } from '../paper.js';
import { plainLatex } from '../plain-latex.js';
import { argumentOf, braced } from './whole.js';

export interface Section {
  /** 0 = abstract and what has no number, 1 = section, 2 = subsection, 3 = below. */
  level: number;
  title: string;
  text: string;
}

const LEVELS: Record<string, number> = { chapter: 1, section: 1, subsection: 2, subsubsection: 3 };
const HEADING = /\\(chapter|section|subsection|subsubsection)\*?\s*(?:\[[^\]]{0,500}\]\s*)?\{/g;

/** The text of a paper by its sections, as prose: the abstract first, bibliography and preamble left out. */
export function latexSections(tex: string): Section[] {
  const body = /\\begin\s*\{document\}([\s\S]*?)(?:\\end\s*\{document\}|$)/.exec(tex)?.[1] ?? tex;
  const abstract =
    /\\begin\s*\{abstract\}([\s\S]*?)\\end\s*\{abstract\}/.exec(tex)?.[1] ?? argumentOf(tex, 'abstract');
  const sections: Section[] = [];
  if (abstract !== null && abstract !== undefined)
    sections.push({ level: 0, title: 'Abstract', text: prose(abstract) });
  const main = body
    .replace(/\\begin\s*\{abstract\}[\s\S]*?\\end\s*\{abstract\}/g, '')
    .replace(/\\begin\s*\{thebibliography\}[\s\S]*?(?:\\end\s*\{thebibliography\}|$)/g, '');
  const heads = [...main.matchAll(HEADING)].flatMap((match) => {
    const title = braced(main, match.index + match[0].length - 1);
    return title === null
      ? []
      : [{ at: match.index, end: title.end, level: LEVELS[match[1] ?? ''] ?? 3, title: title.inner }];
  });
  const opening = prose(main.slice(0, heads[0]?.at ?? main.length));
  if (opening.length > 200) sections.push({ level: 0, title: 'Opening', text: opening });
  for (const [i, head] of heads.entries()) {
    const title = cleanText(plainLatex(head.title), 160);
    sections.push({
      level: head.level,
      title,
      text: prose(main.slice(head.end, heads[i + 1]?.at ?? main.length)),
    });
  }
  return sections.filter(({ text, title }) => text !== '' || title !== '');
}

/** LaTeX as text to read: formulas and tables stay as written, figures and citations are named, commands go. */
function prose(tex: string): string {
  const kept: string[] = [];
  const keep = (whole: string): string => `\u0001${kept.push(whole) - 1}\u0001`;
  const text = tex
    .replace(/\\begin\s*\{(figure|wrapfigure|subfigure)\*?\}[\s\S]*?\\end\s*\{\1\*?\}/g, (whole) => {
      const caption = argumentOf(whole, 'caption');
      return caption === null ? '' : `\n\n[Figure: ${plainLatex(unlink(caption))}]\n\n`;
    })
    .replace(
      /\\begin\s*\{(equation|align|gather|multline|eqnarray|tabular|tabularx|algorithmic|verbatim|lstlisting)\*?\}[\s\S]*?\\end\s*\{\1\*?\}/g,
      keep,
    )
    .replace(/\$\$[\s\S]*?\$\$|\\\[[\s\S]*?\\\]|\$[^$]{1,2000}\$|\\\([\s\S]*?\\\)/g, keep);
  return unlink(text)
    .split(/\n\s*\n|\\par\b|\\item\b/)
    .map((paragraph) => plainLatex(paragraph.replace(/\\(?:begin|end)\s*\{[^{}]*\}(?:\[[^\]]*\])?/g, ' ')))
    .filter((paragraph) => /[\p{L}\p{N}\u0001]/u.test(paragraph))
    .join('\n\n')
    .replace(/\u0001(\d+)\u0001/g, (_, number: string) => (kept[Number(number)] ?? '').trim())
    .replace(/[\0-\x08\x0b-\x1f\x7f]/g, '');
}

/** Citations and references by their names; labels, spacing and colours gone. */
function unlink(tex: string): string {
  return tex
    .replace(/~?\\(?:cite\w*|parencite|textcite|autocite)\*?\s*(?:\[[^\]]*\]\s*){0,2}\{([^{}]*)\}/g, ' [$1]')
    .replace(/\\(?:ref|eqref|autoref|cref|Cref)\*?\s*\{([^{}]*)\}/g, '[$1]')
    .replace(
      /\\(?:label|vspace|hspace|vskip|hskip|color|textcolor|bibliographystyle|bibliography|thanks|footnotetext|centering|setlength)\*?\s*(?:\{[^{}]*\})/g,
      '',
    )
    .replace(/\\(?:href|textcolor|colorbox)\s*\{[^{}]*\}\s*\{([^{}]*)\}/g, '$1');
}

import type { Figure } from './latex/figures.js';
import type { Section } from './latex/sections.js';
import { cleanText } from './paper.js';

const MAX_CHARS = 8_000_000;
const SECTION_CHARS = 200_000;

/** The sections and figures of a paper's HTML as arXiv makes it (LaTeXML). Formulas appear as their LaTeX. */
export function htmlPaper(html: string): { sections: Section[]; figures: Figure[] } {
  const page = html
    .slice(0, MAX_CHARS)
    .replace(/<(script|style|nav|footer|svg)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<math\b[^>]*\balttext="([^"]*)"[\s\S]*?<\/math>/gi, (_, tex: string) => ` $${tex}$ `)
    .replace(/<section\b[^>]*class="[^"]*ltx_bibliography[\s\S]*?<\/section>/gi, ' ');
  const figures = [
    ...page.matchAll(/<figure\b[^>]*class="[^"]*ltx_figure[^"]*"[^>]*>([\s\S]*?)<\/figure>/gi),
  ].map((match, i) => {
    const body = match[1] ?? '';
    return {
      number: i + 1,
      caption: cleanText(/<figcaption\b[^>]*>([\s\S]*?)<\/figcaption>/i.exec(body)?.[1] ?? '', 1500),
      label: null,
      files: [...body.matchAll(/<img\b[^>]*\bsrc="([^"]+)"/gi)].map((image) =>
        cleanText(image[1] ?? '', 300),
      ),
      missing: [],
    };
  });
  const text = page.replace(/<figure\b[\s\S]*?<\/figure>/gi, ' ');
  const heads = [...text.matchAll(/<h([1-6])\b[^>]*class="[^"]*ltx_title[^"]*"[^>]*>([\s\S]*?)<\/h\1>/gi)];
  const sections = heads.flatMap((head, i) => {
    if (/ltx_title_document/.test(head[0])) return [];
    const from = head.index + head[0].length;
    const level = /abstract/.test(head[0])
      ? 0
      : /subsubsection/.test(head[0])
        ? 3
        : /subsection/.test(head[0])
          ? 2
          : 1;
    return [
      {
        level,
        title: cleanText(head[2] ?? '', 160),
        text: paragraphs(text.slice(from, heads[i + 1]?.index)),
      },
    ];
  });
  return { sections, figures };
}

function paragraphs(html: string): string {
  return html
    .split(/<\/?(?:p|div|li|section|h[1-6])\b[^>]*>/i)
    .map((part) => cleanText(part, SECTION_CHARS))
    .filter((part) => part !== '')
    .join('\n\n');
}

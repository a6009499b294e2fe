/** The LaTeX files of a paper as one text, and which of them is the main one. */

type Files = ReadonlyMap<string, string>;

const MAX_CHARS = 6_000_000;
const MAX_DEPTH = 12;

/** Without comments; an escaped percent sign stays. */
function withoutComments(tex: string): string {
  return tex
    .replace(/\\begin\{comment\}[\s\S]*?\\end\{comment\}/g, '')
    .replace(/(?<!\\)((?:\\\\)*)%[^\n]*\n?[ \t]*/g, '$1');
}

/** The file that LaTeX is run on: it has a class and a body. Several: the one that a `.bbl` is named after, else the longest. */
export function mainFile(files: Files): string | null {
  const candidates = [...files]
    .filter(([name]) => /\.(?:tex|ltx|latex)$/i.test(name) || !name.includes('.'))
    .map(([name, text]) => ({ name, text: withoutComments(text) }))
    .filter(
      ({ text }) =>
        /\\document(?:class|style)\b/.test(text) &&
        /\\begin\s*\{document\}/.test(text) &&
        !/\\documentclass\s*(?:\[[^\]]*\])?\s*\{(?:standalone|subfiles)\}/.test(text),
    );
  const rank = ({ name, text }: { name: string; text: string }): number =>
    (files.has(name.replace(/\.[^.]+$/, '.bbl')) ? 1e9 : 0) +
    (/(?:^|\/)(?:main|ms|paper|root|arxiv)[^/]*$/i.test(name) ? 1e8 : 0) +
    expand(files, name).length +
    text.length / 1e7;
  const [best] = candidates
    .map((one) => ({ name: one.name, rank: rank(one) }))
    .sort((a, b) => b.rank - a.rank);
  return best?.name ?? null;
}

/** A file with all that it inputs, includes and takes in as a subfile. A file that names itself is taken once. */
export function expand(files: Files, main: string): string {
  const folder = main.includes('/') ? main.slice(0, main.lastIndexOf('/') + 1) : '';
  let room = MAX_CHARS;
  const read = (name: string, trail: readonly string[]): string => {
    const path = [name, `${name}.tex`, folder + name, `${folder}${name}.tex`]
      .map(normal)
      .find((one) => files.has(one) && !trail.includes(one));
    if (path === undefined || trail.length > MAX_DEPTH || room <= 0) return '';
    const text = withoutComments(files.get(path) ?? '').slice(0, room);
    room -= text.length;
    return text
      .replace(
        /\\(?:input|include|subfile|subfileinclude)(?:\s*\{([^{}]+)\}|\s+([\w./-]+))/g,
        (_, braced: string | undefined, bare: string | undefined) =>
          ` ${read((braced ?? bare ?? '').trim(), [...trail, path])} `,
      )
      .replace(/\\(?:import|subimport)\s*\{([^{}]*)\}\s*\{([^{}]+)\}/g, (_, dir: string, file: string) =>
        read(`${dir}/${file}`, [...trail, path]),
      );
  };
  return read(main, []);
}

/** `./a//b/../c` as `a/c`; nothing climbs out. */
export function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** What stands in the braces that begin at `at` (the index of `{`), and where they end; null when they never do. */
export function braced(text: string, at: number): { inner: string; end: number } | null {
  let depth = 0;
  for (let i = at; i < text.length && i < at + 200_000; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '{') depth += 1;
    else if (text[i] === '}' && --depth === 0) return { inner: text.slice(at + 1, i), end: i + 1 };
  }
  return null;
}

/** The argument of the first `\name{…}` or `\name[…]{…}`; null when there is none. */
export function argumentOf(text: string, name: string): string | null {
  const found = new RegExp(`\\\\${name}\\*?\\s*(?:\\[[^\\]]{0,500}\\]\\s*)?\\{`).exec(text);
  return found === null ? null : (braced(text, found.index + found[0].length - 1)?.inner ?? null);
}

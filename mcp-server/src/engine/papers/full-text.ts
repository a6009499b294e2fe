import { gunzipSync } from 'node:zlib';
import { errorText } from '../../core/errors.js';
import { htmlPaper } from '../../core/paper/html-text.js';
import { type Figure, latexFigures } from '../../core/paper/latex/figures.js';
import { latexSections, type Section } from '../../core/paper/latex/sections.js';
import { expand, mainFile } from '../../core/paper/latex/whole.js';
import { type PaperText, SourceError } from '../../core/paper/source.js';
import { isTar, readTar, type TarMember } from '../../core/paper/tar.js';

export interface FullText {
  /** `latex` and `html`: read · `pdf`: only a PDF exists · `none`: nothing could be had. */
  from: 'latex' | 'html' | 'pdf' | 'none';
  sections: Section[];
  figures: Figure[];
  files: TarMember[];
  notes: string[];
}

const MIB = 1024 * 1024;
/** As large as real papers get, and far below what could hurt. */
const LIMITS = { members: 2000, bytesEach: 30 * MIB, bytes: 150 * MIB, depth: 20 };
const NOTHING: FullText = { from: 'none', sections: [], figures: [], files: [], notes: [] };

/** The text of a paper on arXiv: its LaTeX source, else its HTML, else word that there is a PDF alone. */
export async function fullText(
  text: PaperText,
  id: string,
  version: number | null,
  signal: AbortSignal,
): Promise<FullText> {
  const notes: string[] = [];
  let pdf = false;
  try {
    const archive = await text.source(id, version, signal);
    if (archive === null) notes.push('arXiv has no source of it');
    else {
      const read = readSource(archive);
      if (read.from === 'latex') return read;
      pdf = read.from === 'pdf';
      notes.push(...read.notes);
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    notes.push(`the source: ${error.message}`);
  }
  try {
    const html = await text.html(id, version, signal);
    const read = html === null ? null : htmlPaper(html);
    if (read !== null && read.sections.length > 0) return { ...NOTHING, ...read, from: 'html', notes };
    notes.push('arXiv has no HTML of it');
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    notes.push(`the HTML: ${error.message}`);
  }
  return { ...NOTHING, from: pdf ? 'pdf' : 'none', notes };
}

/** An archive as arXiv gives it: a compressed tar, one compressed file, or a PDF. */
function readSource(archive: Uint8Array): FullText {
  if (startsWith(archive, '%PDF')) return { ...NOTHING, from: 'pdf', notes: ['it was submitted as a PDF'] };
  const unpacked = unzip(archive);
  if (typeof unpacked === 'string') return { ...NOTHING, notes: [unpacked] };
  if (startsWith(unpacked, '%PDF')) return { ...NOTHING, from: 'pdf', notes: ['it was submitted as a PDF'] };
  const { files, refused } = isTar(unpacked)
    ? readTar(unpacked, LIMITS)
    : { files: [{ path: 'main.tex', data: unpacked }], refused: [] };
  const notes = refused.slice(0, 5).map((why) => `not unpacked: ${why}`);
  if (refused.length > 5) notes.push(`${refused.length - 5} more members were not unpacked`);
  const decoder = new TextDecoder();
  const texts = new Map(
    files
      .filter(({ path }) => /\.(?:tex|ltx|latex|bbl|sty|txt)$/i.test(path) || !path.includes('.'))
      .map(({ path, data }) => [path, decoder.decode(data)]),
  );
  const main = mainFile(texts);
  if (main === null) {
    const pdf = files.some(({ path }) => /\.pdf$/i.test(path));
    return {
      ...NOTHING,
      from: pdf ? 'pdf' : 'none',
      files,
      notes: [...notes, 'no LaTeX file in it has a body'],
    };
  }
  const tex = expand(texts, main);
  const figures = latexFigures(tex, new Set(files.map(({ path }) => path)), main);
  return { from: 'latex', sections: latexSections(tex), figures, files, notes };
}

/** The bytes, or why they cannot be had. A bomb ends at the limit. */
function unzip(archive: Uint8Array): Uint8Array | string {
  if (archive[0] !== 0x1f || archive[1] !== 0x8b) return archive;
  try {
    return gunzipSync(archive, { maxOutputLength: LIMITS.bytes + 10 * MIB });
  } catch (error) {
    return `the source cannot be unpacked: ${errorText(error)}`;
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text;
}

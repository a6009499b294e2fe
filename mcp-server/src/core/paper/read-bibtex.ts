import { plainLatex } from './plain-latex.js';

export interface BibEntry {
  type: string;
  key: string;
  /** Field names in lower case; values without braces and TeX. */
  fields: Record<string, string>;
}

/** Longest file: the Anthology’s volumes have 5 MB. */
const MAX_CHARS = 64_000_000;

/**
 * The entries of a BibTeX file: braces or quotes around values, `#` between them, months and further names as they are,
 * `@string` resolved. What cannot be read is told in `notes` and skipped up to the next entry.
 */
export function readBibtex(text: string): { entries: BibEntry[]; notes: string[] } {
  const entries: BibEntry[] = [];
  const notes: string[] = [];
  const strings = new Map<string, string>();
  const source = text.slice(0, MAX_CHARS);
  const start = /@\s*([A-Za-z]+)\s*([{(])/g;
  for (let found = start.exec(source); found !== null; found = start.exec(source)) {
    const type = (found[1] ?? '').toLowerCase();
    if (type === 'comment' || type === 'preamble') continue;
    const reader = { at: start.lastIndex };
    try {
      const key = type === 'string' ? '' : upTo(source, reader, ',').trim();
      const fields = readFields(source, reader, strings);
      if (type === 'string') for (const [name, value] of Object.entries(fields)) strings.set(name, value);
      else entries.push({ type, key, fields });
      start.lastIndex = reader.at;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      notes.push(
        `a BibTeX entry cannot be read near "${source.slice(found.index, found.index + 40).replace(/\s+/g, ' ')}": ${error.message}`,
      );
    }
  }
  return { entries, notes };
}

interface Reader {
  at: number;
}

function upTo(text: string, reader: Reader, mark: string): string {
  const end = text.indexOf(mark, reader.at);
  const close = text.indexOf('}', reader.at);
  if (end < 0 || (close >= 0 && close < end)) throw new SyntaxError('no key');
  const part = text.slice(reader.at, end);
  reader.at = end + 1;
  return part;
}

function readFields(
  text: string,
  reader: Reader,
  strings: ReadonlyMap<string, string>,
): Record<string, string> {
  const fields: Record<string, string> = {};
  for (;;) {
    const name = /[\s,]*([A-Za-z][\w-]*)\s*=\s*/y;
    name.lastIndex = reader.at;
    const found = name.exec(text);
    if (found === null) break;
    reader.at = name.lastIndex;
    let value = readValue(text, reader, strings);
    for (let more = after(text, reader, '#'); more; more = after(text, reader, '#'))
      value += readValue(text, reader, strings);
    fields[(found[1] ?? '').toLowerCase()] = plainLatex(value);
  }
  if (!after(text, reader, ',') && !/[\s})]/.test(text[reader.at] ?? '}'))
    throw new SyntaxError('a field is not closed');
  const end = /[\s,]*[})]/y;
  end.lastIndex = reader.at;
  if (end.exec(text) === null) throw new SyntaxError('the entry is not closed');
  reader.at = end.lastIndex;
  return fields;
}

function after(text: string, reader: Reader, mark: string): boolean {
  const found = new RegExp(`\\s*${mark}\\s*`, 'y');
  found.lastIndex = reader.at;
  if (found.exec(text) === null) return false;
  reader.at = found.lastIndex;
  return true;
}

function readValue(text: string, reader: Reader, strings: ReadonlyMap<string, string>): string {
  const first = text[reader.at];
  if (first !== '{' && first !== '"') {
    const word = /[^\s,#{}"=]+/y;
    word.lastIndex = reader.at;
    const found = word.exec(text)?.[0];
    if (found === undefined) throw new SyntaxError('a field has no value');
    reader.at = word.lastIndex;
    return strings.get(found.toLowerCase()) ?? found;
  }
  let depth = 0;
  for (let i = reader.at; i < text.length; i++) {
    const letter = text[i];
    if (letter === '\\') i += 1;
    else if (letter === '{') depth += 1;
    else if (letter === '}') depth -= 1;
    const closed = first === '{' ? depth === 0 : letter === '"' && depth === 0 && i > reader.at;
    if (!closed) continue;
    const value = text.slice(reader.at + 1, i);
    reader.at = i + 1;
    return value;
  }
  throw new SyntaxError('a value is not closed');
}

/** `Family, Given and Other Name` as names in reading order. */
export function bibAuthors(text: string): string[] {
  return text
    .split(/\s+and\s+/)
    .map((name) => {
      const [family = '', ...given] = name.split(',').map((part) => part.trim());
      return [...given.reverse(), family].filter(Boolean).join(' ');
    })
    .filter((name) => name !== '' && name !== 'others');
}

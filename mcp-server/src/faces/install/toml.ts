import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { errorText, LabError } from '../../core/errors.js';

/** Stands above the table that we write, so that a person knows whose it is. */
const NOTE =
  '# Written by "auto-experiment install"; "auto-experiment install --uninstall" takes this table out.';

/** One table of a TOML file that is ours, for instance `mcp_servers.autoexp`, and its lines without the header. */
export interface TomlTable {
  keys: readonly string[];
  lines: readonly string[];
}

/**
 * The text with our table at its end; all that was there stays byte by byte. Null when the file has a table of that name
 * that is not ours. Throws LabError when the file is not TOML or holds these names in a form that cannot be added to.
 */
export function addTable(text: string, table: TomlTable, path: string): string | null {
  const before = read(text, path);
  if (at(before, table.keys) !== undefined) return null;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const gap = text === '' ? '' : text.endsWith('\n') ? eol : `${eol}${eol}`;
  const after = `${text}${gap}${[NOTE, `[${table.keys.join('.')}]`, ...table.lines].join(eol)}${eol}`;
  try {
    if (isDeepStrictEqual(without(parseToml(after), table.keys), pruned(before, table.keys))) return after;
  } catch {
    // Said below: for instance an inline table, which no later header can add to.
  }
  throw new LabError(
    `${path} holds ${table.keys.slice(0, -1).join('.')} in a form to which [${table.keys.join('.')}] cannot be added`,
    `write it as [${table.keys.slice(0, -1).join('.')}.NAME] tables and run this again; nothing was changed`,
  );
}

/**
 * The text without our table and its subtables (hosts write approvals there), wherever they stand now. Lines of others
 * stay byte by byte. Throws LabError when that cannot be done safely.
 */
export function removeTable(text: string, keys: readonly string[], path: string): string {
  const before = read(text, path);
  const sections = sectionsOf(text);
  const isOurs = (index: number): boolean =>
    keys.every((key, depth) => sections[index]?.table?.[depth] === key);
  let after = '';
  for (const [index, { from }] of sections.entries()) {
    const part = text.slice(from, sections[index + 1]?.from ?? text.length);
    if (!isOurs(index)) after += part;
    else {
      after = withoutNote(after);
      // Comments and blank lines at the end of a section belong to what follows it.
      if (index + 1 < sections.length && !isOurs(index + 1)) after += trailing(part);
    }
  }
  if (!isDeepStrictEqual(pruned(parseToml(after), keys), pruned(before, keys)))
    throw new LabError(
      `[${keys.join('.')}] cannot be taken out of ${path} safely`,
      'take it out by hand; nothing was changed',
    );
  return after;
}

/** Whether the table stands there as wished; subtables do not count. */
export function holdsTable(text: string, table: TomlTable, path: string): boolean {
  const own = (value: unknown) =>
    isTable(value) ? Object.fromEntries(Object.entries(value).filter(([, one]) => !isTable(one))) : null;
  const wished = at(parseToml([`[${table.keys.join('.')}]`, ...table.lines].join('\n')), table.keys);
  return isDeepStrictEqual(own(tableAt(text, table.keys, path)), own(wished));
}

/** The table, or undefined. Throws LabError when the file is not TOML. */
export function tableAt(text: string, keys: readonly string[], path: string): unknown {
  return at(read(text, path), keys);
}

type Data = Record<string, unknown>;

/** Integers beyond 2^53 are valid TOML. */
const parseToml = (text: string): Data => parse(text, { integersAsBigInt: true });

function read(text: string, path: string): Data {
  try {
    return parseToml(text);
  } catch (error) {
    throw new LabError(
      `${path} is not valid TOML: ${errorText(error).split('\n')[0]}`,
      'mend it and run this again; nothing was changed',
      { cause: error },
    );
  }
}

function at(data: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((value, key) => (isTable(value) ? value[key] : undefined), data);
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

function without(data: Data, keys: readonly string[]): unknown {
  if (at(data, keys) === undefined) throw new Error('the table is not where it was written');
  return pruned(data, keys);
}

/** A copy without the value at `keys`, and without tables that are empty then. */
function pruned(data: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined || !isTable(data)) return data;
  const { [key]: value, ...others } = data;
  if (rest.length === 0 || value === undefined) return others;
  const inner = pruned(value, rest);
  return isTable(inner) && Object.keys(inner).length === 0 ? others : { ...others, [key]: inner };
}

interface Section {
  from: number;
  /** The header's keys; null for what stands before the first header. */
  table: string[] | null;
}

/** Where the tables of a valid TOML text begin. Strings and arrays may hold lines that look like headers. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [{ from: 0, table: null }];
  let depth = 0;
  for (let i = 0, fresh = true; i < text.length; ) {
    const c = text.charAt(i);
    if (fresh && depth === 0 && c === '[') {
      const end = lineEnd(text, i);
      sections.push({ from: lineStart(text, i), table: headerKeys(text.slice(i, end).trimEnd()) });
      i = end;
    } else if (c === '#') i = lineEnd(text, i);
    else if (c === '"' || c === "'") {
      i = stringEnd(text, i, c);
      fresh = false;
    } else {
      if (c === '[' || c === '{') depth++;
      if (c === ']' || c === '}') depth--;
      if (c === '\n') fresh = true;
      else if (!/\s/.test(c)) fresh = false;
      i++;
    }
  }
  return sections;
}

const lineStart = (text: string, from: number): number => text.lastIndexOf('\n', from) + 1;

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function stringEnd(text: string, from: number, quote: string): number {
  const close = text.startsWith(quote.repeat(3), from) ? quote.repeat(3) : quote;
  let i = from + close.length;
  while (i < text.length && !text.startsWith(close, i)) i += quote === '"' && text[i] === '\\' ? 2 : 1;
  i += close.length;
  // A text in three quotes may end in up to two more of them.
  if (close.length === 3) while (text[i] === quote) i++;
  return i;
}

/** `[a."b.c"]` → a, b.c: the header alone is a valid file whose only content is that chain of tables. */
function headerKeys(header: string): string[] {
  const keys: string[] = [];
  let value: unknown = parseToml(header);
  for (;;) {
    if (Array.isArray(value)) value = value[0];
    if (!isTable(value)) return keys;
    const [key] = Object.keys(value);
    if (key === undefined) return keys;
    keys.push(key);
    value = value[key];
  }
}

/** The comments and blank lines at the end of a section; our own note is none of them. */
function trailing(part: string): string {
  return /(?:(?<=\n)[ \t]*(?:#[^\n]*)?\r?\n)*$/.exec(part)?.[0] ?? '';
}

/** The text before our table without our note and the blank line that we put above it. */
function withoutNote(text: string): string {
  const note = text.lastIndexOf(NOTE);
  if (note < 0 || text.slice(note + NOTE.length).trim() !== '') return text;
  return text.slice(0, note).replace(/(?<=\n)\r?\n$/, '');
}

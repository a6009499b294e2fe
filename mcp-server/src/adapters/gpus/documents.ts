import { parseJson } from '../../core/parse-json.js';

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * The JSON documents in a text, one after the other, as programs print them that warn before, stream, or are cut off:
 * what stands around them is left out. A list that was never closed still gives the entries that are whole.
 */
export function jsonIn(text: string): unknown[] {
  const whole = parseJson(text);
  if (typeof whole === 'object' && whole !== null) return [whole];
  const found: unknown[] = [];
  let from = 0;
  for (;;) {
    const begin = nextBegin(text, from);
    if (begin < 0 || found.length >= MOST) return found;
    const end = endOf(text, begin);
    const value = end < 0 ? null : parseJson(text.slice(begin, end));
    if (typeof value === 'object' && value !== null) {
      found.push(value);
      from = end;
    } else from = begin + 1;
  }
}

/** Entries looked for in one text. */
const MOST = 1000;

/** A bracket that begins a line, or stands within a list that was cut off. */
function nextBegin(text: string, from: number): number {
  const at = /[{[]/g;
  at.lastIndex = from;
  for (let match = at.exec(text); match !== null; match = at.exec(text)) {
    const before = text.slice(Math.max(0, match.index - 80), match.index);
    if (/(?:^|[\n,[\]}])\s*$/.test(before)) return match.index;
  }
  return -1;
}

/** Behind the bracket that closes the one at `begin`; -1 where none does. */
function endOf(text: string, begin: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = begin; at < text.length; at += 1) {
    const sign = text[at];
    if (quoted) {
      if (sign === '\\') at += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** The first of these fields, on a path of field names. */
export function at(fields: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((value, name) => fieldsOf(value)[name], fields);
}

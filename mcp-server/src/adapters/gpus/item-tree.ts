import { XMLParser } from 'fast-xml-parser';
import { errorCode } from '../../core/errors.js';

/** A report of nested entries, in order. Keys are lower case with `_`: `fb_memory_usage`. */
export interface Item {
  key: string;
  value: string;
  items: Item[];
}

const SEPARATOR = /\s*:(?:\s|$)/;

/** `Key : Value` lines, nested by their indentation. A line without a value begins a section. */
export function readIndented(text: string): Item {
  const root: Item = { key: '', value: '', items: [] };
  const open: { indent: number; item: Item }[] = [{ indent: -1, item: root }];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const indent = line.search(/\S/);
    const at = SEPARATOR.exec(line);
    const key = at === null ? line.trim() : line.slice(0, at.index).trim();
    const value = at === null ? '' : line.slice(at.index + at[0].length).trim();
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    const item: Item = { key: keyOf(key), value, items: [] };
    (open.at(-1)?.item ?? root).items.push(item);
    open.push({ indent, item });
  }
  return root;
}

/** The elements of an XML document; null when it is none. Attributes are left out but for `id`. */
export function readXml(text: string): Item | null {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
  });
  // nvidia-smi names its document type; no document type of ours is ever expanded.
  const plain = text.replace(/<!DOCTYPE[^>[]*(?:\[[^\]]*\])?[^>]*>/, '');
  try {
    return { key: '', value: '', items: itemsOf(parser.parse(plain)) };
  } catch (error) {
    if (errorCode(error) !== undefined) throw error;
    return null;
  }
}

function itemsOf(value: unknown): Item[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (Array.isArray(inner) ? inner : [inner]).map((one) => ({
      key: keyOf(key),
      value: typeof one === 'string' ? one.trim() : '',
      items: itemsOf(one),
    })),
  );
}

function keyOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9@:.]+/g, '_');
}

/** The first entry below that has one of these names. */
export function child(item: Item | undefined, ...keys: string[]): Item | undefined {
  for (const key of keys) {
    const found = item?.items.find((one) => one.key === key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The value of the first entry on the path; each step may have several names. */
export function valueAt(item: Item | undefined, ...path: (string | string[])[]): string | undefined {
  let at = item;
  for (const step of path) at = child(at, ...[step].flat());
  return at?.value;
}

/** All entries with this name, at any depth. */
export function allBelow(item: Item, match: (key: string) => boolean): Item[] {
  return item.items.flatMap((one) => (match(one.key) ? [one] : allBelow(one, match)));
}

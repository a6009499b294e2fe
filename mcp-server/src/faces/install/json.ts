import { isDeepStrictEqual } from 'node:util';
import {
  createScanner,
  findNodeAtLocation,
  type Node,
  type ParseError,
  parse,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { z } from 'zod';
import { LabError } from '../../core/errors.js';

type Path = (string | number)[];

/** A value that we set at a place that was empty, or an item that we appended to a list. */
const Mine = z.strictObject({ keys: z.array(z.string()), value: z.json() });
export type Mine = z.infer<typeof Mine>;

/** What of a JSON file is ours. */
export const OwnedJson = z.strictObject({
  kind: z.literal('json'),
  values: z.array(Mine),
  items: z.array(Mine),
  /** Objects and lists that were not there before, outermost first: they go when they are empty. */
  parents: z.array(z.array(z.string())),
});
export type OwnedJson = z.infer<typeof OwnedJson>;

export interface JsonWish {
  values: readonly Mine[];
  items: readonly Mine[];
}

export interface AddedJson {
  text: string;
  owned: OwnedJson;
  /** Places that hold something else already, which stays. */
  kept: string[];
}

/** Sets what is not there yet; comments, order and spaces of the rest stay. Throws LabError for what is no JSON object. */
export function addJson(text: string, wish: JsonWish, path: string): AddedJson {
  const added: AddedJson = {
    text: text.trim() === '' ? '{}\n' : text,
    owned: { kind: 'json', values: [], items: [], parents: [] },
    kept: [],
  };
  for (const mine of wish.values) {
    const there = at(read(added.text, path), mine.keys);
    if (there === undefined) {
      set(added, mine.keys, mine.value, path);
      added.owned.values.push(mine);
    } else if (!isDeepStrictEqual(there, mine.value)) added.kept.push(mine.keys.join('.'));
  }
  for (const mine of wish.items) {
    const there = at(read(added.text, path), mine.keys);
    if (there === undefined) {
      set(added, mine.keys, [mine.value], path);
      added.owned.parents.push(mine.keys);
    } else if (!Array.isArray(there)) {
      throw new LabError(
        `${mine.keys.join('.')} in ${path} is not a list`,
        'mend it and run this again; nothing was changed',
      );
    } else if (there.some((item) => isDeepStrictEqual(item, mine.value))) continue;
    else added.text = put(added.text, mine.keys, (write) => write(mine.value));
    added.owned.items.push(mine);
  }
  return added;
}

/** Takes out what is ours. A value that was changed since stays, except where `always` names its place. */
export function removeJson(
  text: string,
  owned: OwnedJson,
  path: string,
  always: (keys: readonly string[]) => boolean,
): { text: string; kept: string[] } {
  let rest = text;
  const kept: string[] = [];
  for (const { keys, value } of owned.items) {
    const list = at(read(rest, path), keys);
    const index = Array.isArray(list) ? list.findIndex((item) => isDeepStrictEqual(item, value)) : -1;
    if (index >= 0) rest = cut(rest, [...keys, index], path);
    else if (Array.isArray(list) && list.length > 0) kept.push(keys.join('.'));
  }
  for (const { keys, value } of owned.values) {
    const there = at(read(rest, path), keys);
    if (there === undefined) continue;
    if (isDeepStrictEqual(there, value) || always(keys)) rest = cut(rest, keys, path);
    else kept.push(keys.join('.'));
  }
  for (const keys of owned.parents.toReversed()) {
    const there = at(read(rest, path), keys);
    if (typeof there === 'object' && there !== null && Object.keys(there).length === 0)
      rest = cut(rest, keys, path);
  }
  return { text: rest, kept };
}

/** The value at a place of a JSON text with comments, or undefined. Throws LabError for what is no JSON object. */
export function valueAt(text: string, keys: readonly string[], path: string): unknown {
  return text.trim() === '' ? undefined : at(read(text, path), keys);
}

function read(text: string, path: string): unknown {
  const errors: ParseError[] = [];
  const data: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined || typeof data !== 'object' || data === null || Array.isArray(data)) {
    const line = text.slice(0, first?.offset ?? 0).split('\n').length;
    throw new LabError(
      `${path} is not a JSON object${first === undefined ? '' : `: ${printParseErrorCode(first.error)} in line ${line}`}`,
      'mend it and run this again; nothing was changed',
    );
  }
  return data;
}

function at(data: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Object.getOwnPropertyDescriptor(value, key)?.value
        : undefined,
    data,
  );
}

/** Sets a value where nothing is, and notes the objects that had to be made for it. */
function set(added: AddedJson, keys: readonly string[], value: unknown, path: string): void {
  for (let depth = 1; depth < keys.length; depth++) {
    const parent = keys.slice(0, depth);
    const there = at(read(added.text, path), parent);
    if (there === undefined) added.owned.parents.push(parent);
    else if (typeof there !== 'object' || there === null || Array.isArray(there))
      throw new LabError(
        `${parent.join('.')} in ${path} is not an object`,
        'mend it and run this again; nothing was changed',
      );
  }
  const deepest = keys.findLastIndex(
    (_, depth) => at(read(added.text, path), keys.slice(0, depth)) !== undefined,
  );
  const inner = keys.slice(deepest + 1).reduceRight<unknown>((made, key) => ({ [key]: made }), value);
  added.text = put(
    added.text,
    keys.slice(0, deepest),
    (write) => `${JSON.stringify(keys[deepest])}: ${write(inner)}`,
  );
}

type Write = (value: unknown) => string;

/** Adds at the end of an object or a list, laid out as what stands there; nothing else of the text changes. */
function put(text: string, place: Path, piece: (write: Write) => string): string {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const node = tree === undefined ? undefined : findNodeAtLocation(tree, place);
  if (node === undefined) return text;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const own = lineIndent(text, node.offset);
  const last = node.children?.at(-1);
  if (last !== undefined && !text.slice(node.offset, last.offset).includes('\n')) {
    const end = last.offset + last.length;
    return `${text.slice(0, end)}, ${piece((value) => JSON.stringify(value))}${text.slice(end)}`;
  }
  const unit = /^([\t ]+)"/m.exec(text)?.[1] ?? '  ';
  const indent = last === undefined ? own + unit : lineIndent(text, last.offset);
  const said = piece((value) => JSON.stringify(value, null, unit).replaceAll('\n', eol + indent));
  const end = last === undefined ? node.offset + 1 : last.offset + last.length;
  const rest = text.slice(end);
  const closing =
    last === undefined && !text.slice(end, node.offset + node.length).includes('\n') ? eol + own : '';
  return `${text.slice(0, end)}${last === undefined ? '' : ','}${eol}${indent}${said}${closing}${rest}`;
}

function lineIndent(text: string, offset: number): string {
  return /^[\t ]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
}

/** Takes out one property or item and one comma; comments of others stay. */
function cut(text: string, place: Path, path: string): string {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const value = tree === undefined ? undefined : findNodeAtLocation(tree, place);
  const node: Node | undefined = value?.parent?.type === 'property' ? value.parent : value;
  const siblings = node?.parent?.children;
  if (node === undefined || siblings === undefined) return text;
  const last = siblings.at(-1) === node;
  const { commas, comments } = marksOf(text);
  const previous = siblings[siblings.indexOf(node) - 1];
  const next = siblings[siblings.indexOf(node) + 1];
  const end = node.offset + node.length;
  const comma = last
    ? commas.find(
        (one) => previous !== undefined && one >= previous.offset + previous.length && one < node.offset,
      )
    : commas.find((one) => one >= end && next !== undefined && one < next.offset);
  // The line break before us goes along, except where it ends a line comment.
  const space = /(\r?\n)?[ \t]*$/.exec(text.slice(0, node.offset))?.[0] ?? '';
  const start = node.offset - space.length;
  const from = comments.includes(start) ? node.offset - space.trimStart().length : start;
  const ranges: [number, number][] = [[from, end]];
  if (comma !== undefined) ranges.push([comma, comma + 1]);
  let rest = text;
  for (const [begin, stop] of ranges.sort((a, b) => b[0] - a[0]))
    rest = rest.slice(0, begin) + rest.slice(stop);
  const parent = node.parent;
  if (siblings.length === 1 && parent !== undefined) {
    const inside = rest.slice(
      parent.offset + 1,
      parent.offset + parent.length - (text.length - rest.length) - 1,
    );
    if (inside.trim() === '')
      rest = rest.slice(0, parent.offset + 1) + rest.slice(parent.offset + 1 + inside.length);
  }
  read(rest, path);
  return rest;
}

/** Offsets of all commas that are no part of a text or a comment, and of the ends of line comments. */
function marksOf(text: string): { commas: number[]; comments: number[] } {
  const scanner = createScanner(text);
  const marks = { commas: [] as number[], comments: [] as number[] };
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const [from, length] = [scanner.getTokenOffset(), scanner.getTokenLength()];
    if (text[from] === ',') marks.commas.push(from);
    if (text.startsWith('//', from)) marks.comments.push(from + length);
  }
  return marks;
}

import { isDeepStrictEqual } from 'node:util';
import { addJson, type JsonWish, type Mine, removeJson } from './json.js';
import type { Owned, Owner } from './record.js';
import { addTable, holdsTable, removeTable, type TomlTable } from './toml.js';

/** Files that are wholly ours: a folder such as a skill, or one file. Left alone where something of others stands at `root`. */
export interface FilesWish {
  owner: Owner;
  /** For people: `skill gpu-status`. */
  what: string;
  root: string;
  files: { path: string; data: Buffer; mode: number }[];
}

/** Entries of ours in a file that belongs to others too. */
export interface EditWish {
  owner: Owner;
  path: string;
  /** Permissions when the file has to be made. */
  mode: number;
  content: ({ kind: 'json' } & JsonWish) | ({ kind: 'toml' } & TomlTable);
}

export interface Wishes {
  files: FilesWish[];
  edits: EditWish[];
}

/** What a host calls our MCP server, in the forms that its settings have for it. */
export const SERVER = 'autoexp';

export interface Added {
  text: string;
  owned: Owned | null;
  /** Entries that others have made under these names. They stay. */
  kept: string[];
}

export function addTo(text: string, { content, path }: EditWish): Added {
  if (content.kind === 'toml') {
    const after = addTable(text, content, path);
    if (after === null) return { text, owned: null, kept: [content.keys.join('.')] };
    return { text: after, owned: { kind: 'toml', keys: [...content.keys] }, kept: [] };
  }
  const added = addJson(text, content, path);
  const any = added.owned.values.length + added.owned.items.length > 0;
  return any ? added : { text, owned: null, kept: added.kept };
}

/** Whether all that is wished stands in the file already, and nothing of ours that is not wished any more. */
export function holds(text: string, wish: EditWish, owned: Owned): boolean {
  const { content, path } = wish;
  if (content.kind === 'toml') return holdsTable(text, content, path);
  if (owned.kind !== 'json') return false;
  const among = (all: readonly Mine[]) => (mine: Mine) => all.some((one) => isDeepStrictEqual(one, mine));
  if (!owned.values.every(among(content.values)) || !owned.items.every(among(content.items))) return false;
  const { owned: missing, kept } = addJson(text, content, path);
  return missing.values.length + missing.items.length + kept.length === 0;
}

/** Takes out what is ours. The server's own entry goes even when it was changed since: without us it means nothing. */
export function takeFrom(text: string, owned: Owned, path: string): { text: string; kept: string[] } {
  if (owned.kind === 'toml') return { text: removeTable(text, owned.keys, path), kept: [] };
  return removeJson(text, owned, path, (keys) => keys.at(-1) === SERVER);
}

/** The entries of an edit, one line each, for people. */
export function entriesOf({ content }: EditWish): string[] {
  if (content.kind === 'toml')
    return [`[${content.keys.join('.')}]`, ...content.lines.map((line) => `  ${line}`)];
  const line = ({ keys, value }: Mine) => `${keys.join('.')} = ${JSON.stringify(value)}`;
  return [
    ...content.values.map(line),
    ...content.items.map(({ keys, value }) => `${keys.join('.')} += ${JSON.stringify(value)}`),
  ];
}

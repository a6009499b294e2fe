import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  readSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from '../core/config.js';
import { errorCode, LabError } from '../core/errors.js';
import { assertVault } from '../core/trust.js';
import { holdFolder, openBeneath, splitRelative } from './beneath.js';
import { readBeneath, writeBeneath } from './beneath-files.js';
import { readTextIfThere, writeAtomic } from './files.js';
import { makeFolders, type Project, storageError } from './project.js';
import { expandHome } from './user-config.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Where notes go: a folder that is there, and the project's own below it. */
export interface NotePlace {
  root: string;
  /** Below the root; '' = the root itself. */
  folder: string;
  vault: boolean;
  /** Tells projects of the same name apart in one vault. */
  id: string;
}

const MAX_NOTE_BYTES = 4 * 1024 * 1024;

/** The vault where one is named, else a folder below the workspace. Throws LabError for a vault that is not there or not agreed to. */
export function notePlace(project: Project, env: Env): NotePlace {
  const { obsidian } = project.config;
  const id = createHash('sha256').update(project.paths.root).digest('hex').slice(0, 8);
  if (obsidian.vault_path === undefined || obsidian.vault_path.trim() === '') return localPlace(project);
  assertVault(project.untrustedNotes, project.paths.root);
  const path = resolve(project.paths.root, expandHome(obsidian.vault_path.trim(), env));
  return { root: vaultAt(path), folder: folderOf(obsidian, project), vault: true, id };
}

/** The folder below the workspace, which is made. Throws LabError. */
export function localPlace(project: Project): NotePlace {
  const { paths, config } = project;
  const id = createHash('sha256').update(paths.root).digest('hex').slice(0, 8);
  try {
    makeFolders(paths.workspace);
  } catch (error) {
    throw storageError(error, paths.workspace);
  }
  const folder = assertPlain(config.obsidian.local_fallback_dir, 'obsidian.local_fallback_dir');
  return { root: paths.workspace, folder, vault: false, id };
}

function vaultAt(path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LabError(
      `obsidian.vault_path: there is no folder ${path}`,
      'is the drive mounted, the path right? Notes are kept below the workspace until it is there',
      { cause: error },
    );
  }
  throw new LabError(`obsidian.vault_path: ${path} is no folder`, 'name the folder of the vault');
}

function folderOf(obsidian: Config['obsidian'], project: Project): string {
  const name =
    project.name.replace(/[\\/:*?"<>|#^[\]\p{Cc}]+/gu, '-').replace(/^\.+/, '') ||
    basename(project.paths.root);
  return assertPlain(obsidian.project_subdir.replaceAll('{project_name}', name), 'obsidian.project_subdir');
}

/** A folder below another one, and no hidden one: a vault keeps its own settings in those. */
function assertPlain(folder: string, key: string): string {
  const parts = folder.split('/').filter((part) => part !== '' && part !== '.');
  if (isAbsolute(folder) || parts.some((part) => part.startsWith('.') || /[\0-\x1f]/.test(part)))
    throw new LabError(
      `${key}: "${folder}" is no plain folder below`,
      'write for instance Research/my-project',
    );
  return parts.join('/');
}

export const noteName = ({ folder }: NotePlace, ...parts: string[]): string =>
  [folder, ...parts].filter((part) => part !== '').join('/');

/** The text of a note; null when there is none. Throws LabError for what is no ordinary file. */
export function readNote({ root }: NotePlace, name: string): string | null {
  if (!isThere(root, name)) return null;
  const { text, next } = readBeneath(root, name, { maxBytes: MAX_NOTE_BYTES });
  if (next !== null) throw new LabError(`${join(root, name)} is over 4 MiB`, 'move it away: a note is short');
  return text;
}

function isThere(root: string, name: string): boolean {
  return lstatSync(join(root, name), { throwIfNoEntry: false }) !== undefined;
}

/**
 * Writes our part of a note. What stands before and after it is the person's and stays; our part itself, where a person
 * has changed it, is kept below the new one. A note without our marks is not touched: the next free name is taken. Gives
 * the name that was written.
 */
export function writeOwnNote(place: NotePlace, names: readonly string[], block: string): string {
  // Once a name was taken it stays, also when the better one becomes free.
  const ours = names.filter((name) =>
    readNote(place, name)?.includes(`%% auto-experiment ${place.id} begins`),
  );
  for (const name of [...ours, ...names]) {
    const merged = mergeOwn(readNote(place, name), block, place.id);
    if (merged === null) continue;
    writeBeneath(place.root, name, merged);
    return name;
  }
  throw new LabError(
    `${names.map((name) => join(place.root, name)).join(' and ')}: notes of yours stand there`,
    'rename one of them, or choose another obsidian.dashboard_note',
  );
}

const digest = (text: string): string => createHash('sha256').update(text.trim()).digest('hex').slice(0, 12);

/** A note with our part replaced; null for a note that is not ours. */
function mergeOwn(text: string | null, block: string, id: string): string | null {
  const begin = (hash: string): string =>
    `%% auto-experiment ${id} begins ${hash}: written anew each time %%`;
  const end = `%% auto-experiment ${id} ends: write below or above, that stays %%`;
  const ours = `${begin(digest(block))}\n${block.trim()}\n${end}`;
  if (text === null || text.trim() === '') return `${ours}\n`;
  const found = new RegExp(
    `%% auto-experiment ${id} begins ([0-9a-f]{12})[^\\n]*%%\\r?\\n([\\s\\S]*?)\\r?\\n%% auto-experiment ${id} ends[^\\n]*%%`,
  ).exec(text);
  if (found === null) return null;
  const [whole, hash, old = ''] = found;
  const kept = digest(old) === hash ? '' : `\n\nKept from an edit of yours:\n\n${old.trim()}`;
  return `${text.slice(0, found.index)}${ours}${kept}${text.slice(found.index + whole.length)}`;
}

/** Appends to a note, making it with `head` where there is none. What stands there is never changed. */
export function appendNote(place: NotePlace, name: string, head: string, text: string): void {
  const path = join(place.root, name);
  try {
    holdFolder(place.root, splitRelative(name).slice(0, -1), name, true).close();
    const fd = openBeneath(place.root, name, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
    try {
      const { size } = fstatSync(fd);
      const last = Buffer.alloc(1);
      const open = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
      const data = Buffer.from(`${size === 0 ? `${head}\n\n` : open ? '\n' : ''}${text}\n`);
      if (writeSync(fd, data) !== data.length)
        throw Object.assign(new Error('not all of it fitted'), { code: 'ENOSPC' });
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw storageError(error, path);
  }
}

/** `notes.json`: how many records of the ledger each place of notes has, and what stood in the way last. */
const NotesState = z.strictObject({
  applied: z.record(z.string(), z.number().int().min(0)).default({}),
  dashboard: z.string().nullable().default(null),
  problem: z.string().nullable().default(null),
});
export type NotesState = z.output<typeof NotesState>;

/** An absent or damaged file is an empty one: entries that stand in a note already are not written again. */
export function readNotesState(path: string): NotesState {
  try {
    return NotesState.safeParse(JSON.parse(readTextIfThere(path) ?? '{}')).data ?? NotesState.parse({});
  } catch (error) {
    if (error instanceof SyntaxError) return NotesState.parse({});
    throw error;
  }
}

export function writeNotesState(path: string, state: NotesState): void {
  try {
    writeAtomic(path, `${JSON.stringify(state)}\n`, { mayLose: 'newest' });
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, path);
  }
}

import { linkSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';
import type { Clock } from '../core/ports.js';
import {
  archiveName,
  decodeDirective,
  listTaken,
  newTakenId,
  readDirective,
  TAKEN,
  timeOf,
} from './directive-files.js';
import { readBytesIfThere, syncFolder, tempName, writeAtomic } from './files.js';
import { withFolderLock } from './folder-lock.js';
import { makeFolders, storageError } from './project.js';

/** An order from a person, taken but not yet acted on. */
export interface Directive {
  /** Name it by this to `archiveDirective`. */
  id: string;
  /** At most 16 KiB; where more was written, the text says so and names the file that has all of it. */
  text: string;
  /** ISO 8601, UTC. */
  takenAt: string;
}

export interface PendingDirective {
  /** All of them, the oldest first. */
  text: string;
  /** Ids of those that were taken and not acted on. */
  taken: string[];
  /** True when one lies in HUMAN_DIRECTIVE.md and nobody has taken it yet. */
  waiting: boolean;
}

const FILE = 'HUMAN_DIRECTIVE.md';
const ARCHIVE = 'directive_archive';
const SEPARATOR = '\n\n';

/** What a person has ordered and nobody has acted on, taken or not; null when there is nothing. Changes nothing. */
export function pendingDirective(workspace: string): PendingDirective | null {
  return guarded(workspace, () => {
    const archive = join(workspace, ARCHIVE);
    const taken = listTaken(archive).flatMap((id) => textOf(archive, id) ?? []);
    const waiting = assertPlain(join(workspace, FILE)) ? readDirective(join(workspace, FILE), FILE) : null;
    const texts = [...taken.map((directive) => directive.text), ...(waiting === null ? [] : [waiting])];
    if (texts.length === 0) return null;
    return { text: texts.join(SEPARATOR), taken: taken.map(({ id }) => id), waiting: waiting !== null };
  });
}

/**
 * Takes the directive, if there is one, and returns all that were taken and not archived, the oldest first: also those of
 * a process that was killed. The file is renamed before it is read, so what a person writes meanwhile is the next one.
 * Directives without any text are archived at once and not returned. Throws LabError when the file is a link or a folder.
 */
export function takeDirective(workspace: string, clock: Clock): Directive[] {
  return guarded(workspace, () => {
    const archive = join(workspace, ARCHIVE);
    if (assertPlain(join(workspace, FILE))) {
      mkdirSync(archive, { recursive: true });
      locked(workspace, () => moved(join(workspace, FILE), join(archive, newTakenId(archive, clock()))));
      syncFolder(archive);
      syncFolder(workspace);
    }
    return listTaken(archive).flatMap((id) => {
      const directive = textOf(archive, id);
      if (directive === null) fileAway(archive, id, '-empty');
      return directive ?? [];
    });
  });
}

/** Files a directive away once it was acted on; its name is the time when it was taken. Doing so twice changes nothing. */
export function archiveDirective(workspace: string, id: string): void {
  if (!TAKEN.test(id)) {
    throw new LabError(`"${id.slice(0, 80)}" is no id of a directive`, 'use the id that takeDirective gave');
  }
  guarded(workspace, () => fileAway(join(workspace, ARCHIVE), id, ''));
}

/**
 * Leaves a directive for the next cycle. Where one is waiting, this one is added below it; nothing is lost when it is
 * taken at the same instant, when several write, or when a person saves the file. Throws LabError when there is no text
 * or no plain file in that place.
 */
export function writeDirective(workspace: string, text: string): void {
  const body = text.trim();
  if (body === '') throw new LabError('the directive is empty', 'say in words what the next cycle is to do');
  guarded(workspace, () => {
    makeFolders(workspace);
    locked(workspace, () => {
      while (!published(workspace, body) && !addedBelow(workspace, body));
    });
  });
}

function locked<T>(workspace: string, act: () => T): T {
  return withFolderLock(join(workspace, '.directive.lock'), act);
}

/** False when one is waiting already. */
function published(workspace: string, body: string): boolean {
  const file = join(workspace, FILE);
  if (assertPlain(file)) return false;
  const temp = join(workspace, tempName());
  writeAtomic(temp, `${body}\n`);
  try {
    linkSync(temp, file);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error;
    // A file system without hard links.
    renameSync(temp, file);
  } finally {
    rmSync(temp, { force: true });
  }
  syncFolder(workspace);
  return true;
}

class Saved extends Error {}

/** False when a person saved or removed the waiting one in this instant. */
function addedBelow(workspace: string, body: string): boolean {
  const file = join(workspace, FILE);
  const before = assertPlain(file) ? readBytesIfThere(file) : null;
  if (before === null) return false;
  const text = decodeDirective(before).trimEnd();
  const lastLook = () => {
    if (readBytesIfThere(file)?.equals(before) !== true) throw new Saved();
  };
  try {
    writeAtomic(file, text === '' ? `${body}\n` : `${text}${SEPARATOR}${body}\n`, { lastLook });
    return true;
  } catch (error) {
    if (error instanceof Saved) return false;
    throw error;
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function textOf(archive: string, id: string): Directive | null {
  const text = readDirective(join(archive, id), `${ARCHIVE}/${archiveName(id, '')}`);
  return text === null ? null : { id, text, takenAt: timeOf(id) };
}

/** Never over an older file: the name is reserved first, then the file is moved onto the reservation. */
function fileAway(archive: string, id: string, suffix: string): void {
  const from = join(archive, id);
  if (lstatSync(from, { throwIfNoEntry: false }) === undefined) return;
  for (let number = 1; ; number++) {
    const to = join(archive, archiveName(id, number === 1 ? suffix : `${suffix}-${number}`));
    try {
      writeFileSync(to, '', { flag: 'wx' });
    } catch (error) {
      if (errorCode(error) === 'EEXIST') continue;
      throw error;
    }
    if (!moved(from, to)) rmSync(to, { force: true });
    syncFolder(archive);
    return;
  }
}

/** True when there is a file, false when there is nothing. Throws LabError for a link, a folder or a device. */
function assertPlain(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (stat.isFile()) return true;
  const what = stat.isSymbolicLink()
    ? 'a symbolic link'
    : stat.isDirectory()
      ? 'a folder'
      : 'no regular file';
  throw new LabError(
    `${path} is ${what}`,
    'a directive is a plain text file: move this away, then write it with: auto-experiment directive TEXT',
  );
}

function guarded<T>(workspace: string, act: () => T): T {
  try {
    const stat = lstatSync(join(workspace, ARCHIVE), { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isDirectory()) {
      throw new LabError(
        `${join(workspace, ARCHIVE)} is not a folder`,
        'move it away: directives that were done are kept there',
      );
    }
    return act();
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw storageError(error, workspace);
  }
}

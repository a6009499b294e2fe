import type { Dirent, Stats } from 'node:fs';
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import picomatch from 'picomatch';
import { errorCode, LabError } from '../core/errors.js';
import type { ProjectPaths } from './paths.js';

/** Where the globs are looked for. */
export interface LockedPlaces {
  root: string;
  workspace: string;
  globs: readonly string[];
  /** Who asks, for the words of an error. */
  key?: string;
}

export interface LockedFile {
  /** Below the project, with `/`. */
  path: string;
  /** Of what it is in the end, links followed; null = a link that leads nowhere, or no right to look. */
  stat: Stats | null;
}

/** Most files that globs may mean, and most names that are looked at to find them. */
export const MAX_LOCKED = 20_000;
const MAX_NAMES = 200_000;

/** Made beside the code by tools while it runs; looked into only where a glob begins in one. */
const MADE =
  /^(?:\.git|\.hg|\.svn|node_modules|__pycache__|\.venv|venv|\.ipynb_checkpoints|\.(?:pytest|mypy|ruff)_cache|wandb|mlruns)$/;
const LITTER = /\.py[co]$|~$|^\.(?:DS_Store|nfs\w+)$|\.swp$/;

/** A name that tools make by the way; what is in such a folder is left out too. */
export const isMade = (name: string): boolean => MADE.test(name) || LITTER.test(name);

export const lockedPlaces = (paths: ProjectPaths, globs: readonly string[]): LockedPlaces => ({
  root: paths.root,
  workspace: paths.workspace,
  globs,
});

/** Whether a path below the project is meant. A glob without wildcards means a file, or all that is in a folder. */
export function lockedMatcher(globs: readonly string[]): (path: string) => boolean {
  const compile = (chosen: readonly string[]) =>
    picomatch(chosen.flatMap(patterns), { dot: true, nonegate: true });
  const meant = globs.filter((glob) => !glob.startsWith('!'));
  const spared = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const isMeant = meant.length === 0 ? () => false : compile(meant);
  const isSpared = spared.length === 0 ? () => false : compile(spared);
  return (path) => isMeant(path) && !isSpared(path);
}

const trimmed = (glob: string): string => glob.replace(/^(?:\.\/+)+/, '').replace(/\/{2,}/g, '/');

function patterns(glob: string): string[] {
  const plain = trimmed(glob).replace(/\/$/, '');
  if (plain === '' || plain === '.') return ['**'];
  if (!picomatch.scan(plain).isGlob) return [plain, `${plain}/**`];
  return [glob.endsWith('/') ? `${plain}/**` : plain];
}

/** The folder, or the file, above which a glob means nothing. */
function baseOf(glob: string): string {
  const plain = trimmed(glob).replace(/\/$/, '');
  return plain === '.' ? '' : picomatch.scan(plain).base.replace(/\/$/, '');
}

/**
 * The files that the globs mean now, by path; links are followed, the workspace and what tools make by the way
 * (`__pycache__`, `*.pyc`) are left out. Each step is one folder. Throws LabError when the globs mean too much.
 */
export function* findLocked({
  root,
  workspace,
  globs,
  key = 'locked',
}: LockedPlaces): Generator<void, LockedFile[]> {
  const matches = lockedMatcher(globs);
  const own = relative(root, workspace).replaceAll('\\', '/');
  const found = new Map<string, LockedFile>();
  let names = 0;

  const take = (path: string): string[] => {
    if (path === own || path.startsWith(`${own}/`)) return [];
    const stat = statOrNull(join(root, path));
    if (stat?.isDirectory() === true) return [path];
    if ((stat === null || stat.isFile()) && matches(path) && !found.has(path)) {
      if (found.size === MAX_LOCKED) throw tooMuch(key, `mean more than ${MAX_LOCKED} files`);
      found.set(path, { path, stat });
    }
    return [];
  };

  // A folder that links lead back into is not gone through twice on one way.
  const visit = function* (path: string, above: readonly string[]): Generator<void> {
    const real = realOrNull(join(root, path));
    if (real === null || above.includes(real)) return;
    yield;
    for (const entry of entriesOf(join(root, path))) {
      names += 1;
      if (names % 2000 === 0) yield;
      if (names > MAX_NAMES)
        throw tooMuch(key, `look through more than ${MAX_NAMES} names; begin each with a folder`);
      if (isMade(entry.name)) continue;
      for (const folder of take(path === '' ? entry.name : `${path}/${entry.name}`))
        yield* visit(folder, [...above, real]);
    }
  };

  for (const base of basesOf(globs)) {
    if (base === '') yield* visit('', []);
    else if (isThere(join(root, base))) for (const folder of take(base)) yield* visit(folder, []);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The folders and files below which the globs mean something; none lies in another. */
export function basesOf(globs: readonly string[]): string[] {
  const all = [...new Set(globs.filter((glob) => !glob.startsWith('!')).map(baseOf))];
  return all.filter(
    (base) => !all.some((other) => other !== base && (other === '' || base.startsWith(`${other}/`))),
  );
}

/** Globs that mean no file now. */
export function idleGlobs(globs: readonly string[], files: readonly string[]): string[] {
  return globs.filter((glob) => !glob.startsWith('!') && !files.some(lockedMatcher([glob])));
}

/**
 * Places that a sandbox can make read-only so that no locked file is written: folders that are locked whole (nothing can
 * be added then either), and the other files, links followed. At most `max`.
 */
export function lockedRoots(places: LockedPlaces, files: readonly LockedFile[], max: number): string[] {
  const whole = places.globs
    .filter((glob) => !glob.startsWith('!') && /^[^*?[\]{}()!]*\/\*\*(?:\/\*)?$|^[^*?[\]{}()!]+$/.test(glob))
    .map(baseOf)
    .filter((base) => base !== '' && statOrNull(join(places.root, base))?.isDirectory() === true);
  const folders = places.globs.some((glob) => glob.startsWith('!')) ? [] : whole;
  const single = files
    .filter(({ path, stat }) => stat !== null && !folders.some((folder) => path.startsWith(`${folder}/`)))
    .map(({ path }) => path);
  const real = [...folders, ...single].flatMap((path) => realOrNull(join(places.root, path)) ?? []);
  return [...new Set(real)].slice(0, max);
}

/** What changes whenever a file is written or replaced, without reading it. */
export const stampOf = ({ stat }: LockedFile): string =>
  stat === null ? 'none' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;

/** Goes through to the end at once. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const tooMuch = (key: string, what: string): LabError =>
  new LabError(
    `the globs under experiment.${key} ${what}`,
    'lock the evaluation code and the lists of the data rather than the data, for instance [eval.py, "splits/*.txt"]',
  );

function statOrNull(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

function realOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

/** There, or at least a link that leads nowhere. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

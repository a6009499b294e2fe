import type { Dirent, Stats } from 'node:fs';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { git } from './git.js';

/** A file of the code, as git would record it. */
export interface CodeFile {
  /** Relative to the project, with `/`. */
  path: string;
  /** Plain, executable, or a symbolic link. */
  mode: '100644' | '100755' | '120000';
  bytes: number;
}

export interface Skipped {
  path: string;
  bytes: number;
  why: string;
}

export interface CodeLimits {
  maxFileBytes: number;
  maxTotalBytes: number;
  /** Paths relative to the project that are not code: the workspace above all. */
  exclude: readonly string[];
}

/** A file that may be code. */
export interface Name {
  path: string;
  tracked: boolean;
}

/** Made by tools, never written by a person. Not looked into unless git tracks what is in there. */
export const MADE_FOLDERS: ReadonlySet<string> = new Set([
  ...[
    '.git',
    '.hg',
    '.svn',
    'node_modules',
    '__pycache__',
    '.venv',
    'venv',
    '.tox',
    '.nox',
    '.eggs',
    '.ipynb_checkpoints',
  ],
  ...[
    '.pytest_cache',
    '.mypy_cache',
    '.ruff_cache',
    '.cache',
    '.idea',
    '.vscode',
    'wandb',
    'mlruns',
    'lightning_logs',
  ],
]);

/** Results and data: what training writes is not the code that ran, and changes with every run. */
const RESULTS =
  /\.(?:pt|pth|ckpt|safetensors|onnx|h5|hdf5|npy|npz|pkl|parquet|arrow|tfrecord|bin|gguf|log)$|events\.out\.tfevents/i;
const LITTER = /(?:\.pyc|\.pyo|\.swp|~)$|(?:^|\/)(?:\.DS_Store|Thumbs\.db|\.ae-tmp-[^/]*)$/;

const MAX_FILES = 50_000;
const MAX_SKIPPED = 200;
const MAX_DEPTH = 40;

/**
 * The files that make up the code of a project, sorted by path, and what was left out. In a git project: what is tracked,
 * as it lies in the work tree, and what is untracked and not ignored; submodules and repositories inside by the same
 * rules. Elsewhere all files but those that tools make. Links are recorded, never followed.
 */
export async function listCode(
  project: string,
  inGit: boolean,
  limits: CodeLimits,
): Promise<{ files: CodeFile[]; skipped: Skipped[] }> {
  const names = inGit ? await gitNames(project, limits.exclude, 0) : walk(project, limits.exclude);
  names.sort(trackedFirst);
  const files = new Map<string, CodeFile>();
  const skipped: Skipped[] = [];
  const folders = new Map<string, boolean>();
  let total = 0;
  for (const name of names) {
    if (files.has(name.path) || isExcluded(name.path, limits.exclude) || isLitter(name)) continue;
    const stat = lstatOrNull(join(project, name.path));
    if (stat === null || stat.isDirectory() || !isRealFolder(project, dirname(name.path), folders)) continue;
    const why =
      stat.isFile() || stat.isSymbolicLink()
        ? whyLeftOut(name, stat.size, limits, total, files.size)
        : 'not a regular file';
    if (why !== null) {
      skipped.push({ path: name.path, bytes: stat.size, why });
      continue;
    }
    total += stat.size;
    const mode = stat.isSymbolicLink() ? '120000' : (stat.mode & 0o111) !== 0 ? '100755' : '100644';
    files.set(name.path, { path: name.path, mode, bytes: stat.size });
  }
  return { files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), skipped: bounded(skipped) };
}

/** When the room is too small for all, files that are not tracked stay out. */
export const trackedFirst = (a: Name, b: Name): number =>
  Number(b.tracked) - Number(a.tracked) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

export const isLitter = ({ path, tracked }: Name): boolean => !tracked && LITTER.test(path);

/** Why a file is not kept as code, beside `total` bytes in `count` files that are; null = it is. */
export function whyLeftOut(
  name: Name,
  bytes: number,
  limits: CodeLimits,
  total: number,
  count: number,
): string | null {
  if (!name.tracked && RESULTS.test(name.path)) return 'results or data, not code';
  if (bytes > limits.maxFileBytes) return `larger than ${limits.maxFileBytes} bytes`;
  if (total + bytes > limits.maxTotalBytes) return `more than ${limits.maxTotalBytes} bytes in all`;
  if (count >= MAX_FILES) return `more than ${MAX_FILES} files in all`;
  return null;
}

export function bounded(skipped: Skipped[]): Skipped[] {
  const rest = skipped.slice(MAX_SKIPPED);
  if (rest.length === 0) return skipped;
  const bytes = rest.reduce((sum, one) => sum + one.bytes, 0);
  return [...skipped.slice(0, MAX_SKIPPED), { path: '…', bytes, why: `${rest.length} more files` }];
}

function isExcluded(path: string, exclude: readonly string[]): boolean {
  return exclude.some((one) => path === one || path.startsWith(`${one}/`));
}

async function gitNames(folder: string, exclude: readonly string[], depth: number): Promise<Name[]> {
  const where = [
    '--',
    '.',
    ...exclude.filter((path) => path !== '').map((path) => `:(exclude,literal)${path}`),
  ];
  const made = [...MADE_FOLDERS].map((name) => `--exclude=${name}/`);
  const [staged, others] = await Promise.all([
    git(folder, ['ls-files', '-z', '--stage', ...where]),
    git(folder, ['ls-files', '-z', '--others', '--exclude-standard', ...made, ...where]),
  ]);
  const names: Name[] = [];
  const nested: Name[] = [];
  for (const line of entries(staged)) {
    const path = line.slice(line.indexOf('\t') + 1);
    (line.startsWith('160000') ? nested : names).push({ path, tracked: true });
  }
  for (const path of entries(others)) {
    if (path.endsWith('/')) nested.push({ path: path.slice(0, -1), tracked: false });
    else names.push({ path, tracked: false });
  }
  for (const { path, tracked } of nested) {
    const inside = join(folder, path);
    if (depth >= 8 || !existsSync(join(inside, '.git'))) continue;
    for (const name of await gitNames(inside, [], depth + 1)) {
      names.push({ path: `${path}/${name.path}`, tracked: tracked && name.tracked });
    }
  }
  return names;
}

function entries(output: Buffer): string[] {
  return output
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry !== '');
}

function walk(project: string, exclude: readonly string[]): Name[] {
  const names: Name[] = [];
  const visit = (folder: string, depth: number) => {
    for (const entry of readFolder(join(project, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (names.length > MAX_FILES * 2 || isExcluded(path, exclude)) continue;
      if (!entry.isDirectory()) names.push({ path, tracked: false });
      else if (depth < MAX_DEPTH && !MADE_FOLDERS.has(entry.name)) visit(path, depth + 1);
    }
  };
  visit('', 0);
  return names;
}

function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
}

function lstatOrNull(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (['ENOTDIR', 'EACCES', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/** False when a part of the path is a link now: git still lists the files that were below it. */
function isRealFolder(project: string, folder: string, known: Map<string, boolean>): boolean {
  if (folder === '.' || folder === '') return true;
  const before = known.get(folder);
  if (before !== undefined) return before;
  const real =
    isRealFolder(project, dirname(folder), known) &&
    lstatOrNull(join(project, folder))?.isDirectory() === true;
  known.set(folder, real);
  return real;
}

import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errorCode } from '../core/errors.js';
import { kindByName, type SourceKind } from '../core/reading/sources/kinds.js';

/** A file that may hold metrics, by its name. */
export interface Candidate {
  /** Below the project folder, with `/`. */
  path: string;
  kind: SourceKind;
  size: number;
  mtime: number;
  /** When it was made, in milliseconds; 0 where the file system does not tell. */
  birth: number;
  id: string;
}

export interface Candidates {
  files: Candidate[];
  /** False when there was more than is looked at. */
  complete: boolean;
}

const DEPTH = 7;
const MAX_FOLDERS = 2000;
const MAX_ENTRIES = 20_000;
const MAX_FILES = 1000;
/** A folder with more entries holds data. */
const CROWDED = 2000;
/** A folder that changed this shortly before it was read may change again under the same time stamp. */
const FRESH_MS = 100;
const SKIPPED =
  /^(?:\..*|node_modules|__pycache__|site-packages|venv|env|data|datasets?|images?|target|build|dist|artifacts)$/i;
/** Our own files in a run's folder. */
const OWN = new Set([
  'run.json',
  'log',
  'record',
  'env.json',
  'metrics.jsonl',
  'follow.json',
  'sources.json',
]);

interface Folder {
  mtime: number;
  read: number;
  folders: string[];
  files: { path: string; kind: SourceKind }[];
}

/**
 * Looks for files that may hold metrics, below the project folder and the run's own one, again and again: a folder is
 * read anew only when it changed. Bounded in depth and number; links are not followed; data, environments, hidden
 * folders and the workspace are left out.
 */
export function createCandidates(root: string, workspace: string, runDir: string) {
  const known = new Map<string, Folder>();
  const own = relative(root, runDir);

  const read = (path: string, mtime: number, now: number): Folder => {
    const folder: Folder = { mtime, read: now, folders: [], files: [] };
    const entries = readdirSync(path, { withFileTypes: true });
    if (entries.length > CROWDED) return folder;
    for (const entry of entries) {
      const at = join(path, entry.name);
      if (path === runDir && OWN.has(entry.name)) continue;
      if (entry.isDirectory()) {
        if (!SKIPPED.test(entry.name) && at !== workspace) folder.folders.push(at);
      } else if (entry.isFile()) {
        const kind = kindByName(nameBelow(root, at));
        if (kind !== null) folder.files.push({ path: at, kind });
      }
    }
    return folder;
  };

  return {
    scan(now: number): Candidates {
      const result: Candidates = { files: [], complete: true };
      const queue: [path: string, depth: number][] = [[root, 0]];
      if (own !== '') queue.push([runDir, 0]);
      let entries = 0;
      let folders = 0;
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [path, depth] = next;
        const stat = unlessGone(() => statSync(path));
        if (stat === null) {
          known.delete(path);
          continue;
        }
        const before = known.get(path);
        const folder =
          before !== undefined && before.mtime === stat.mtimeMs && before.mtime < before.read - FRESH_MS
            ? before
            : unlessGone(() => read(path, stat.mtimeMs, now));
        if (folder === null) continue;
        known.set(path, folder);
        entries += folder.files.length + folder.folders.length;
        folders += 1;
        if (folders > MAX_FOLDERS || entries > MAX_ENTRIES) {
          result.complete = false;
          break;
        }
        for (const file of folder.files) {
          const seen = lookAtFile(root, file.path, file.kind);
          if (seen === null) continue;
          if (result.files.length >= MAX_FILES) {
            result.complete = false;
            break;
          }
          result.files.push(seen);
        }
        if (depth < DEPTH) for (const inner of folder.folders) queue.push([inner, depth + 1]);
        else if (folder.folders.length > 0) result.complete = false;
      }
      return result;
    },
  };
}

/** Null when it is no plain file, or has gone. */
export function lookAtFile(root: string, path: string, kind: SourceKind): Candidate | null {
  const seen = unlessGone(() => statSync(path));
  if (seen === null || !seen.isFile()) return null;
  return {
    path: nameBelow(root, path),
    kind,
    size: seen.size,
    mtime: seen.mtimeMs,
    birth: seen.birthtimeMs,
    id: `${seen.dev}:${seen.ino}`,
  };
}

const nameBelow = (root: string, path: string): string => relative(root, path).split('\\').join('/');

/** Null for what has gone meanwhile, or is not for us. */
function unlessGone<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    // Whatever the system says of it: a file that cannot be seen is not read, and the run is watched on.
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

import { mkdirSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { errorCode, LabError } from '../core/errors.js';
import type { CodeFile, CodeLimits, Skipped } from './code-files.js';
import { listCode } from './code-files.js';
import { writeAtomic } from './files.js';
import type { GitPlace } from './git.js';
import { gitPlace } from './git.js';
import { commitFiles, writeBlobs } from './git-objects.js';
import { storageError } from './project.js';
import type { StoredFile } from './tree-copy.js';
import { putListing, putObject, readOrNull } from './tree-copy.js';
import { blobId, treeId } from './tree-id.js';

/** The code of a run, kept for good. */
export interface Snapshot {
  /** `git`: a commit under refs/auto-experiment · `copy`: files under workspace/snapshots. */
  kind: 'git' | 'copy';
  /** The commit, or the hash of the list of files. */
  id: string;
  /** Hash of the code alone: equal code, equal tree. */
  tree: string;
  /** What was left out; at most 200 and one line for the rest. */
  skipped: Skipped[];
}

export interface SnapshotOptions {
  /** The project folder. */
  project: string;
  /** Absolute; default `workspace` in the project. Never part of the code. */
  workspace?: string;
  run: string;
  /** First line of the commit. */
  message?: string;
  maxFileBytes?: number;
  maxTotalBytes?: number;
  /** Further paths, relative to the project, that are not code. */
  exclude?: readonly string[];
}

const MIB = 1024 * 1024;

/**
 * Keeps the code as it lies in the project folder now, with changes that are not committed and files that are not tracked.
 * The user's branch, index, stash and work tree stay untouched: git projects get a commit object under
 * `refs/auto-experiment/[<project>/]<run>`, others a copy in the workspace. Throws LabError when it cannot be written.
 */
export async function takeSnapshot(options: SnapshotOptions): Promise<Snapshot> {
  const { project, run } = options;
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(run))
    throw new LabError(`"${run.slice(0, 80)}" is no run id`, 'ids look like exp001');
  const place = await gitPlace(project);
  const limits = limitsOf(options);
  try {
    if (place === null) return await copyCode(options, limits);
    const code = await readCode(project, place, limits);
    const files = await writeBlobs(project, code.files);
    const message = options.message ?? `Code of ${run}`;
    const made = await commitFiles(project, files, {
      ref: `${place.refs}/${run}`,
      parent: place.head,
      message,
    });
    return { kind: 'git', ...made, skipped: code.skipped };
  } catch (error) {
    if (error instanceof LabError || errorCode(error) === undefined) throw error;
    throw storageError(error, project);
  }
}

/** The files that a snapshot taken now would hold, and what it would leave out. */
export async function codeFiles(
  project: string,
  workspace: string,
): Promise<{ files: CodeFile[]; skipped: Skipped[] }> {
  const inGit = (await gitPlace(project)) !== null;
  return listCode(project, inGit, limitsOf({ project, workspace, run: '' }));
}

/** Their paths, relative to the project. */
export async function codePaths(project: string, workspace: string): Promise<string[]> {
  return (await codeFiles(project, workspace)).files.map((file) => file.path);
}

async function copyCode(options: SnapshotOptions, limits: CodeLimits): Promise<Snapshot> {
  const folder = snapshotFolder(options);
  const objects = join(folder, 'objects');
  mkdirSync(objects, { recursive: true });
  const code = await readCode(options.project, null, limits, (id, data) => putObject(objects, id, data));
  return putCopy(options, code);
}

/** Writes down which contents, kept as objects already, are the code of a run. */
export function putCopy(
  options: Pick<SnapshotOptions, 'project' | 'workspace' | 'run' | 'message'>,
  code: { files: readonly StoredFile[]; tree: string; skipped: Skipped[] },
): Snapshot {
  const folder = snapshotFolder(options);
  const id = putListing(join(folder, 'objects'), code.files);
  const snapshot: Snapshot = { kind: 'copy', id, tree: code.tree, skipped: code.skipped };
  const manifest = { run: options.run, message: options.message ?? null, ...snapshot, files: code.files };
  writeAtomic(join(folder, `${options.run}.json`), `${JSON.stringify(manifest, null, 1)}\n`);
  return snapshot;
}

/** Where copies are kept. */
export function snapshotFolder(at: { project: string; workspace?: string }): string {
  return join(at.workspace ?? join(at.project, 'workspace'), 'snapshots');
}

/** What is kept as code unless a caller says otherwise. */
export const CODE_LIMITS = { maxFileBytes: 10 * MIB, maxTotalBytes: 200 * MIB } as const;

function limitsOf(options: SnapshotOptions): CodeLimits {
  const workspace = relative(options.project, options.workspace ?? join(options.project, 'workspace'));
  const inside = workspace !== '' && !workspace.startsWith('..') && !isAbsolute(workspace);
  return {
    maxFileBytes: options.maxFileBytes ?? CODE_LIMITS.maxFileBytes,
    maxTotalBytes: options.maxTotalBytes ?? CODE_LIMITS.maxTotalBytes,
    exclude: [...(inside ? [workspace] : []), ...(options.exclude ?? [])]
      .map(trimmed)
      .filter((path) => path !== ''),
  };
}

const trimmed = (path: string) => path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');

/** Lists and hashes the code; `keep` sees each content once it is read. */
async function readCode(
  project: string,
  place: GitPlace | null,
  limits: CodeLimits,
  keep: (id: string, data: Buffer) => void = () => {},
): Promise<{ files: StoredFile[]; tree: string; skipped: Skipped[] }> {
  const listed = await listCode(project, place !== null, limits);
  const hash = place?.format ?? 'sha256';
  const files: StoredFile[] = [];
  const skipped = [...listed.skipped];
  for (const file of listed.files) {
    const data = readOrNull(join(project, file.path), file.mode);
    if (data === null) {
      skipped.push({ path: file.path, bytes: file.bytes, why: 'vanished or not readable' });
      continue;
    }
    const id = blobId(data, hash);
    keep(id, data);
    files.push({ ...file, bytes: data.length, id });
  }
  return { files, tree: treeId(files, hash), skipped };
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CodeRef } from '../../core/ledger.js';
import { sumOf } from '../../store/foreign-code.js';
import type { Project } from '../../store/project.js';
import { snapshotContents, snapshotFiles } from '../../store/restore.js';
import { codeFiles } from '../../store/snapshots.js';
import { readOrNull, type StoredFile } from '../../store/tree-copy.js';

export interface CodeFile {
  path: string;
  mode: string;
  bytes: number;
  /** SHA-256 of the content, as hosts compute it. */
  sum: string;
}

/** Code that can be put on a host, wherever it is kept here. */
export interface CodeSource {
  files: readonly CodeFile[];
  /** Equal for equal code, whatever kind of snapshot keeps it. */
  key: string;
  contents(files: readonly CodeFile[]): AsyncIterable<{ file: CodeFile; data: Buffer }>;
}

/** The code of a run. Throws LabError when its snapshot is gone. */
export async function codeOfSnapshot(project: Project, code: CodeRef): Promise<CodeSource> {
  const where = { project: project.paths.root, workspace: project.paths.workspace };
  const stored = await snapshotFiles(where, code);
  const files: CodeFile[] = [];
  for await (const { file, data } of snapshotContents(where, code, stored))
    files.push({ path: file.path, mode: file.mode, bytes: data.length, sum: sumOf(data) });
  const byPath = new Map(stored.map((file) => [file.path, file]));
  return {
    files,
    key: keyOf(files),
    async *contents(wanted) {
      const some = wanted.flatMap(({ path }): StoredFile[] => {
        const file = byPath.get(path);
        return file === undefined ? [] : [file];
      });
      const asked = new Map(wanted.map((file) => [file.path, file]));
      for await (const { file, data } of snapshotContents(where, code, some)) {
        const known = asked.get(file.path);
        if (known !== undefined) yield { file: known, data };
      }
    },
  };
}

/** The code as it lies in the project folder now, and what of it is left out. */
export async function codeOfProject({
  paths,
}: Project): Promise<CodeSource & { skipped: readonly { path: string; why: string }[] }> {
  const { files: listed, skipped } = await codeFiles(paths.root, paths.workspace);
  const files = listed.flatMap(({ path, mode }): CodeFile[] => {
    const data = readOrNull(join(paths.root, path), mode);
    if (data === null) skipped.push({ path, bytes: 0, why: 'vanished or not readable' });
    return data === null ? [] : [{ path, mode, bytes: data.length, sum: sumOf(data) }];
  });
  return {
    files,
    skipped,
    key: keyOf(files),
    async *contents(wanted) {
      for (const file of wanted) {
        const data = readOrNull(join(paths.root, file.path), file.mode);
        if (data === null) continue;
        // Somebody writes it just now: what is told of it is what is given.
        yield { file: { ...file, bytes: data.length, sum: sumOf(data) }, data };
      }
    },
  };
}

function keyOf(files: readonly CodeFile[]): string {
  const hash = createHash('sha256');
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, mode, sum } of sorted) hash.update(`${mode} ${sum} ${path}\0`);
  return hash.digest('hex').slice(0, 24);
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../core/errors.js';
import { type GitPlace, git, tryGit } from './git.js';
import { filesOfCommit } from './git-objects.js';
import type { StoredFile } from './tree-copy.js';

/** A change of some files of a project: `null` = it is gone. Paths are relative to the project. */
export type Change = Map<string, StoredFile | null>;

/** What has to be done to the files of commit `from` so that they are those of `to`. */
export async function changeBetween(project: string, from: string, to: string): Promise<Change> {
  const before = new Map((await filesOfCommit(project, from)).map((file) => [file.path, file]));
  const after = new Map((await filesOfCommit(project, to)).map((file) => [file.path, file]));
  const change: Change = new Map();
  for (const [path, file] of after) {
    const old = before.get(path);
    if (old?.id !== file.id || old.mode !== file.mode) change.set(path, file);
  }
  for (const path of before.keys()) if (!after.has(path)) change.set(path, null);
  return change;
}

/**
 * The tree that has the change from `from` to `to` on top of `onto` alone; null when the two touch the same lines. All three
 * are commits of whole projects. Nothing but objects is written.
 */
export async function transplant(
  project: string,
  commits: { from: string; to: string; onto: string },
): Promise<string | null> {
  const tree = async (commit: string): Promise<string> =>
    (await git(project, ['rev-parse', `${commit}^{tree}`])).toString('utf8').trim();
  const commit = async (of: string, parent: string | null): Promise<string> =>
    (
      await git(project, ['commit-tree', of, ...(parent === null ? [] : ['-p', parent]), '-m', 'step'], {
        date: '2000-01-01T00:00:00Z',
      })
    )
      .toString('utf8')
      .trim();
  // merge-tree finds what is common by itself: so the three trees are given a history in which it is `from`.
  const base = await commit(await tree(commits.from), null);
  const ours = await commit(await tree(commits.onto), base);
  const theirs = await commit(await tree(commits.to), base);
  const { code, stdout, stderr } = await tryGit(project, ['merge-tree', '--write-tree', ours, theirs]);
  if (code === 1) return null;
  if (code !== 0)
    throw new LabError(
      `git merge-tree failed: ${stderr.trim().split('\n')[0]?.slice(0, 200) ?? ''}`,
      'git 2.38 or newer is needed to take one change out of several',
    );
  return stdout.toString('utf8').split('\n')[0]?.trim() ?? null;
}

/**
 * A commit on top of `parent` with a change of the project's files, made through an index of its own: the user's index,
 * work tree and HEAD are not touched. What the project's snapshots leave out (large files, submodules) stays as it is in
 * `parent`. Null when the change is none.
 */
export async function commitChange(
  project: string,
  place: GitPlace,
  commit: { parent: string; change: Change; message: string; date: string },
): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), `auto-experiment-index-${process.pid}-`));
  try {
    const index = join(folder, 'index');
    await git(project, ['read-tree', commit.parent], { index });
    const none = '0'.repeat(place.format === 'sha256' ? 64 : 40);
    const input = [...commit.change]
      .map(([path, file]) => {
        const at = `${place.prefix}${path}`;
        return file === null ? `0 ${none}\t${at}\0` : `${file.mode} ${file.id}\t${at}\0`;
      })
      .join('');
    await git(project, ['update-index', '-z', '--index-info'], { index, input });
    const tree = (await git(project, ['write-tree'], { index })).toString('utf8').trim();
    const old = (await git(project, ['rev-parse', `${commit.parent}^{tree}`])).toString('utf8').trim();
    if (tree === old) return null;
    const made = await git(project, ['commit-tree', tree, '-p', commit.parent, '-F', '-'], {
      input: `${commit.message}\n`,
      date: commit.date,
    });
    return made.toString('utf8').trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a branch; one that is there is left alone. `other`: it is there with something else in it. */
export async function makeBranch(
  project: string,
  name: string,
  commit: string,
): Promise<'made' | 'there' | 'other'> {
  const ref = `refs/heads/${name}`;
  const { code, stdout } = await tryGit(project, ['rev-parse', '--verify', '--quiet', ref]);
  if (code === 0) return stdout.toString('utf8').trim() === commit ? 'there' : 'other';
  // The zeros: only where there is none in this instant.
  await git(project, ['update-ref', ref, commit, '0'.repeat(commit.length)]);
  return 'made';
}

/** `git diff --stat` from one commit to another, at most 40 lines. */
export async function diffStat(project: string, from: string, to: string): Promise<string> {
  const out = await git(project, [
    'diff',
    '--no-ext-diff',
    '--no-color',
    '--stat=100',
    '--stat-count=40',
    from,
    to,
  ]);
  return out.toString('utf8').trimEnd();
}

/** The commit on which a snapshot was made; null for one made before the first commit. */
export async function parentOf(project: string, commit: string): Promise<string | null> {
  const { code, stdout } = await tryGit(project, ['rev-parse', '--verify', '--quiet', `${commit}^`]);
  return code === 0 ? stdout.toString('utf8').trim() : null;
}

/** The files of the project in a commit of the repository, relative to the project. */
export async function projectFilesOf(
  project: string,
  place: GitPlace,
  commit: string,
): Promise<Map<string, StoredFile>> {
  const files = await filesOfCommit(project, commit);
  return new Map(
    files
      .filter((file) => file.path.startsWith(place.prefix))
      .map((file) => [
        file.path.slice(place.prefix.length),
        { ...file, path: file.path.slice(place.prefix.length) },
      ]),
  );
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../mcp-server/src/core/errors.js';
import { diffSnapshots, restoreSnapshot } from '../../mcp-server/src/store/restore.js';
import { takeSnapshot } from '../../mcp-server/src/store/snapshots.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'ae-snapshots-')));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function git(cwd: string, ...args: string[]): string {
  const set = [
    '-c',
    'user.name=A Person',
    '-c',
    'user.email=person@example.org',
    '-c',
    'init.defaultBranch=main',
    '-c',
    'protocol.file.allow=always',
  ];
  return execFileSync('git', [...set, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function put(project: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
}

const CODE = {
  'train.py': 'print("train")\n',
  'src/model.py': 'class Model: ...\n',
  '.gitignore': 'ignored/\nworkspace/\n',
  'crlf.txt': 'a\r\nb\r\n',
};

function makeRepo(name = 'repo'): string {
  const project = join(folder, name);
  put(project, CODE);
  git(folder, 'init', '-q', name);
  git(project, 'add', '-A');
  git(project, 'commit', '-q', '-m', 'first');
  return project;
}

/** Everything of the user's that must be the same before and after. */
function stateOf(project: string): Record<string, string> {
  const index = git(project, 'rev-parse', '--git-path', 'index').trim();
  const indexPath =
    join(project, index).startsWith(base) && existsSync(join(project, index)) ? join(project, index) : index;
  return {
    index: existsSync(indexPath)
      ? createHash('sha256').update(readFileSync(indexPath)).digest('hex')
      : 'none',
    status: git(project, '--no-optional-locks', 'status', '--porcelain=v2', '--branch', '--ignored'),
    stash: git(project, 'stash', 'list'),
    branches: git(project, 'for-each-ref', 'refs/heads', 'refs/tags', 'refs/stash'),
    head: readFileSync(join(git(project, 'rev-parse', '--absolute-git-dir').trim(), 'HEAD'), 'utf8'),
    files: filesIn(project).join('\n'),
  };
}

function filesIn(root: string, below = ''): string[] {
  return readdirSync(join(root, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name === '.git') return [];
      if (entry.isDirectory()) return filesIn(root, path);
      const { mtimeMs, mode } = lstatSync(join(root, path));
      return [`${path} ${mode} ${mtimeMs}`];
    });
}

const names = (root: string) => filesIn(root).map((line) => line.split(' ')[0]);

async function restored(project: string, snapshot: { kind: 'git' | 'copy'; id: string }): Promise<string> {
  const into = join(folder, `restored-${snapshot.id.slice(0, 8)}-${readdirSync(folder).length}`);
  await restoreSnapshot({ project, snapshot, into });
  return into;
}

/** The hash of the code as it lies there now. */
const treeNow = async (project: string) => (await takeSnapshot({ project, run: 'now' })).tree;

describe('in a git project', () => {
  it('keeps changes and untracked files and leaves everything of the user as it was', async () => {
    const project = makeRepo();
    put(project, { 'stash.txt': 'x' });
    git(project, 'stash', 'push', '-u', '-q');
    put(project, {
      'staged.py': 'staged\n',
      'src/model.py': 'class Model: pass\n',
      'new file é.py': 'new\n',
      'ignored/x': 'no',
      'workspace/state.json': '{}',
    });
    git(project, 'add', 'staged.py');
    rmSync(join(project, 'train.py'));
    symlinkSync('src/model.py', join(project, 'link.py'));
    put(project, { 'run.sh': '#!/bin/sh\n' });
    chmodSync(join(project, 'run.sh'), 0o755);
    const before = stateOf(project);
    const snapshot = await takeSnapshot({ project, run: 'exp001', message: 'auto-experiment exp001' });
    expect(stateOf(project)).toEqual(before);
    expect(snapshot).toMatchObject({ kind: 'git', skipped: [] });
    expect(git(project, 'rev-parse', 'refs/auto-experiment/exp001').trim()).toBe(snapshot.id);
    expect(git(project, 'rev-parse', `${snapshot.id}^{tree}`).trim()).toBe(snapshot.tree);
    expect(git(project, 'rev-parse', `${snapshot.id}^`)).toBe(git(project, 'rev-parse', 'HEAD'));
    expect(git(project, 'log', '-1', '--format=%s|%an', snapshot.id).trim()).toBe(
      'auto-experiment exp001|auto-experiment',
    );
    expect(git(project, 'fsck', '--strict')).toBe('');
    const into = await restored(project, snapshot);
    expect(names(into)).toEqual([
      '.gitignore',
      'crlf.txt',
      'link.py',
      'new',
      'run.sh',
      'src/model.py',
      'staged.py',
    ]);
    expect(readFileSync(join(into, 'src/model.py'), 'utf8')).toBe('class Model: pass\n');
    expect(readFileSync(join(into, 'new file é.py'), 'utf8')).toBe('new\n');
    expect(readlinkSync(join(into, 'link.py'))).toBe('src/model.py');
    expect(statSync(join(into, 'run.sh')).mode & 0o111).not.toBe(0);
    expect(statSync(join(into, 'crlf.txt')).mode & 0o111).toBe(0);
  });

  it('gives equal code an equal tree, and other code another', async () => {
    const project = makeRepo();
    const one = await takeSnapshot({ project, run: 'exp001' });
    put(project, { 'workspace/runs/exp001/log': 'grown' });
    put(project, { '__pycache__/train.pyc': 'x', 'out.log': 'epoch 1', 'model.pt': 'weights' });
    const two = await takeSnapshot({ project, run: 'exp002' });
    expect(two.tree).toBe(one.tree);
    expect(await treeNow(project)).toBe(one.tree);
    git(project, 'commit', '-q', '--allow-empty', '-m', 'second');
    expect((await takeSnapshot({ project, run: 'exp003' })).tree).toBe(one.tree);
    put(project, { 'train.py': 'print("other")\n' });
    expect(await treeNow(project)).not.toBe(one.tree);
    chmodSync(join(project, 'src/model.py'), 0o755);
    const four = await takeSnapshot({ project, run: 'exp004' });
    expect(four.tree).not.toBe(one.tree);
    expect(await treeNow(project)).toBe(four.tree);
  });

  it('runs no hook, no filter and changes no line ends', async () => {
    const project = makeRepo();
    const trap = join(folder, 'trap');
    for (const hook of [
      'reference-transaction',
      'pre-commit',
      'post-index-change',
      'post-commit',
      'commit-msg',
    ]) {
      put(project, { [`.git/hooks/${hook}`]: `#!/bin/sh\ntouch '${trap}'\n` });
      chmodSync(join(project, '.git/hooks', hook), 0o755);
    }
    git(project, 'config', 'core.autocrlf', 'input');
    git(project, 'config', 'filter.evil.clean', `touch '${trap}'; cat`);
    git(project, 'config', 'filter.evil.smudge', `touch '${trap}'; cat`);
    git(project, 'config', 'filter.evil.required', 'true');
    git(project, 'config', 'commit.gpgSign', 'true');
    git(project, 'config', 'gpg.program', '/bin/false');
    git(project, 'config', 'core.fsmonitor', `touch '${trap}'; false`);
    put(project, {
      '.gitattributes': '* filter=evil text=auto eol=lf ident\n',
      'new.txt': 'x\r\ny\r\n$Id$\n',
    });
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    const into = await restored(project, snapshot);
    expect(readFileSync(join(into, 'new.txt'), 'utf8')).toBe('x\r\ny\r\n$Id$\n');
    expect(existsSync(trap)).toBe(false);
    git(project, '-c', 'commit.gpgSign=false', 'commit', '-q', '--allow-empty', '-m', 'the control');
    expect(existsSync(trap)).toBe(true);
  });

  it('works before the first commit', async () => {
    const project = join(folder, 'unborn');
    put(project, CODE);
    git(folder, 'init', '-q', 'unborn');
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    expect(snapshot.kind).toBe('git');
    expect(git(project, 'rev-list', '--count', snapshot.id).trim()).toBe('1');
    expect(existsSync(join(project, '.git/index'))).toBe(false);
  });

  it('works on a detached head, with a conflict and intent-to-add in the index', async () => {
    const project = makeRepo();
    git(project, 'checkout', '-q', '-b', 'other');
    put(project, { 'train.py': 'theirs\n' });
    git(project, 'commit', '-q', '-a', '-m', 'theirs');
    git(project, 'checkout', '-q', '--detach', 'main');
    put(project, { 'train.py': 'ours\n' });
    git(project, 'commit', '-q', '-a', '-m', 'ours');
    expect(() => git(project, 'merge', 'other')).toThrow();
    put(project, { 'planned.py': 'planned\n' });
    git(project, 'add', '-N', 'planned.py');
    const before = stateOf(project);
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    expect(stateOf(project)).toEqual(before);
    expect(git(project, 'show', `${snapshot.id}:train.py`)).toContain('<<<<<<<');
    expect(git(project, 'show', `${snapshot.id}:planned.py`)).toBe('planned\n');
  });

  it('keeps a project in a subfolder by itself', async () => {
    const repo = makeRepo();
    put(repo, { 'projects/a b/train.py': 'sub\n', 'projects/a b/workspace/x': 'no', 'other.py': 'o\n' });
    const project = join(repo, 'projects', 'a b');
    const before = stateOf(repo);
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    expect(stateOf(repo)).toEqual(before);
    expect(git(repo, 'ls-tree', '-r', '--name-only', snapshot.id)).toBe('train.py\n');
    const refs = git(repo, 'for-each-ref', '--format=%(refname)', 'refs/auto-experiment').trim();
    expect(refs).toMatch(/^refs\/auto-experiment\/projects-a-b-[0-9a-f]{8}\/exp001$/);
    const top = await takeSnapshot({ project: repo, run: 'exp001' });
    expect(git(repo, 'rev-parse', 'refs/auto-experiment/exp001').trim()).toBe(top.id);
    expect(await treeNow(project)).toBe(snapshot.tree);
    expect(names(await restored(project, snapshot))).toEqual(['train.py']);
  });

  it('keeps apart the work trees of one repository', async () => {
    const repo = makeRepo();
    const tree = join(folder, 'tree');
    git(repo, 'worktree', 'add', '-q', tree, '-b', 'side');
    put(tree, { 'train.py': 'side\n' });
    const before = stateOf(tree);
    const side = await takeSnapshot({ project: tree, run: 'exp001' });
    expect(stateOf(tree)).toEqual(before);
    const main = await takeSnapshot({ project: repo, run: 'exp001' });
    expect(git(repo, 'rev-parse', 'refs/auto-experiment/exp001').trim()).toBe(main.id);
    expect(git(repo, 'show', `${side.id}:train.py`)).toBe('side\n');
    expect(git(repo, 'for-each-ref', 'refs/auto-experiment').trim().split('\n')).toHaveLength(2);
  });

  it('keeps the files of submodules and of repositories inside', async () => {
    const library = makeRepo('library');
    const project = makeRepo();
    git(project, 'submodule', '--quiet', 'add', library, 'lib');
    git(project, 'commit', '-q', '-m', 'lib');
    put(project, { 'lib/train.py': 'changed in the submodule\n', 'clone/ignored/x': 'x' });
    git(project, 'clone', '-q', library, 'clone/inner');
    const before = stateOf(project);
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    expect(stateOf(project)).toEqual(before);
    const into = await restored(project, snapshot);
    expect(readFileSync(join(into, 'lib/train.py'), 'utf8')).toBe('changed in the submodule\n');
    expect(existsSync(join(into, 'clone/inner/src/model.py'))).toBe(true);
    expect(existsSync(join(into, 'lib/.git'))).toBe(false);
    expect(await treeNow(project)).toBe(snapshot.tree);
  });

  it('leaves out what is too large or no code, and says so; a link in place of a folder is not followed', async () => {
    const project = makeRepo();
    put(project, {
      'big.csv': 'x'.repeat(3000),
      'model.safetensors': 'w',
      'a.csv': 'x'.repeat(900),
      'b.csv': 'x'.repeat(900),
    });
    renameSync(join(project, 'src'), join(folder, 'moved'));
    symlinkSync(join(folder, 'moved'), join(project, 'src'));
    const snapshot = await takeSnapshot({
      project,
      run: 'exp001',
      maxFileBytes: 2000,
      maxTotalBytes: 1500,
      exclude: ['crlf.txt'],
    });
    expect(snapshot.skipped.map(({ path, bytes, why }) => [path, bytes, why.split(' ')[0]])).toEqual([
      ['b.csv', 900, 'more'],
      ['big.csv', 3000, 'larger'],
      ['model.safetensors', 1, 'results'],
    ]);
    expect(git(project, 'ls-tree', '-r', '--name-only', snapshot.id).trim().split('\n')).toEqual([
      '.gitignore',
      'a.csv',
      'src',
      'train.py',
    ]);
  });

  it('is not misled by the environment of a hook', async () => {
    const project = makeRepo();
    const other = makeRepo('other');
    put(other, { 'only-here.py': 'x\n' });
    const saved = { GIT_DIR: process.env.GIT_DIR, GIT_INDEX_FILE: process.env.GIT_INDEX_FILE };
    Object.assign(process.env, {
      GIT_DIR: join(project, '.git'),
      GIT_INDEX_FILE: join(project, '.git', 'index'),
    });
    try {
      const snapshot = await takeSnapshot({ project: other, run: 'exp001' });
      for (const name of ['GIT_DIR', 'GIT_INDEX_FILE']) delete process.env[name];
      expect(git(other, 'show', `${snapshot.id}:only-here.py`)).toBe('x\n');
    } finally {
      for (const [name, value] of Object.entries(saved)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});

describe('without git', () => {
  function makeFolder(): string {
    const project = join(folder, 'plain');
    put(project, {
      ...CODE,
      'node_modules/x/index.js': 'no',
      '__pycache__/a.pyc': 'no',
      '.venv/lib/x.py': 'no',
      'w.ckpt': 'no',
      'workspace/state.json': '{}',
    });
    return project;
  }

  it('copies the code, each content once', async () => {
    const project = makeFolder();
    const one = await takeSnapshot({ project, run: 'exp001' });
    expect(one).toMatchObject({ kind: 'copy', skipped: [{ path: 'w.ckpt' }] });
    expect(JSON.parse(readFileSync(join(project, 'workspace/snapshots/exp001.json'), 'utf8'))).toMatchObject({
      run: 'exp001',
      id: one.id,
    });
    const objects = () => names(join(project, 'workspace/snapshots/objects')).length;
    expect(objects()).toBe(Object.keys(CODE).length + 1);
    const two = await takeSnapshot({ project, run: 'exp002' });
    expect([two.id, two.tree, objects()]).toEqual([one.id, one.tree, Object.keys(CODE).length + 1]);
    put(project, { 'train.py': 'print("other")\n' });
    const three = await takeSnapshot({ project, run: 'exp003' });
    expect(three.tree).not.toBe(one.tree);
    expect(await treeNow(project)).toBe(three.tree);
    expect(objects()).toBe(Object.keys(CODE).length + 3);
    const into = await restored(project, one);
    expect(names(into)).toEqual(Object.keys(CODE).sort());
    for (const [path, text] of Object.entries(CODE))
      expect(readFileSync(join(into, path), 'utf8')).toBe(text);
  });

  it('notices a damaged or lost object', async () => {
    const project = makeFolder();
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    const objects = join(project, 'workspace/snapshots/objects');
    const path = join(objects, names(objects).find((name) => !name?.endsWith(snapshot.id.slice(2))) ?? '');
    writeFileSync(path, 'damaged');
    await expect(restoreSnapshot({ project, snapshot, into: join(folder, 'a') })).rejects.toThrow(/damaged/);
    rmSync(path);
    await expect(restoreSnapshot({ project, snapshot, into: join(folder, 'b') })).rejects.toThrow(/gone/);
  });

  it('copies too where a repository around ignores the project', async () => {
    const repo = makeRepo();
    const project = join(repo, 'ignored', 'project');
    put(project, { 'train.py': 'x\n' });
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    expect(snapshot.kind).toBe('copy');
    expect(names(await restored(project, snapshot))).toEqual(['train.py']);
  });
});

describe('restoreSnapshot', () => {
  it('writes only into a new or empty folder', async () => {
    const project = makeRepo();
    const snapshot = await takeSnapshot({ project, run: 'exp001' });
    const into = join(folder, 'into');
    put(into, { 'mine.txt': 'kept' });
    await expect(restoreSnapshot({ project, snapshot, into })).rejects.toThrow(/not empty/);
    expect(names(into)).toEqual(['mine.txt']);
    rmSync(join(into, 'mine.txt'));
    expect(await restoreSnapshot({ project, snapshot, into })).toMatchObject({ files: 4 });
    await expect(restoreSnapshot({ project, snapshot, into: project })).rejects.toThrow(LabError);
  });

  it('refuses unknown and odd ids in words', async () => {
    const project = makeRepo();
    for (const id of ['0'.repeat(40), 'HEAD', '--help', '../../x']) {
      for (const kind of ['git', 'copy'] as const) {
        await expect(
          restoreSnapshot({ project, snapshot: { kind, id }, into: join(folder, 'x') }),
        ).rejects.toThrow(LabError);
      }
    }
    for (const run of ['../x', '', '-x', 'a/b', 'exp001.lock'])
      await expect(takeSnapshot({ project, run })).rejects.toThrow(LabError);
  });
});

describe('diffSnapshots', () => {
  it.each(['git', 'copy'])('shows what changed (%s)', async (kind) => {
    const project = kind === 'git' ? makeRepo() : join(folder, 'plain');
    put(project, {
      ...CODE,
      'gone.py': 'g\n',
      'bin.dat': 'a\0b',
      'long.py': Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join(''),
    });
    const a = await takeSnapshot({ project, run: 'exp001' });
    put(project, { 'train.py': 'print("train", 2)', 'bin.dat': 'a\0c', 'made.py': 'm\n' });
    put(project, {
      'long.py': Array.from({ length: 30 }, (_, n) =>
        n === 3 ? '' : n === 20 ? 'new 20\n' : `line ${n}\n`,
      ).join(''),
    });
    rmSync(join(project, 'gone.py'));
    const b = await takeSnapshot({ project, run: 'exp002' });
    const { text, changed, truncated } = await diffSnapshots({ project, a, b });
    expect({ changed, truncated }).toEqual({ changed: 5, truncated: false });
    expect(text).toContain(
      '--- a/train.py\n+++ b/train.py\n@@ -1,1 +1,1 @@\n-print("train")\n+print("train", 2)\n\\ No newline at end of file\n',
    );
    expect(text).toContain('--- a/gone.py\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-g\n');
    expect(text).toContain('--- /dev/null\n+++ b/made.py\n@@ -0,0 +1,1 @@\n+m\n');
    expect(text).toContain('Binary files differ (3 and 3 bytes)');
    expect(text).toContain(
      '@@ -1,7 +1,6 @@\n line 0\n line 1\n line 2\n-line 3\n line 4\n line 5\n line 6\n',
    );
    expect(text).toContain('@@ -18,7 +17,7 @@\n');
    const short = await diffSnapshots({ project, a, b, maxChars: 100 });
    expect(short).toMatchObject({ changed: 5, truncated: true });
    expect(short.text.length).toBeLessThanOrEqual(100);
    expect((await diffSnapshots({ project, a, b: a })).text).toBe('');
  });
});

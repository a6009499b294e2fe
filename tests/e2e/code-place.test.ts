import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, makeProject, type TestProject } from '../support/project.js';

// The code is changed after a launch: its other seeds run as launched, in a copy, and git shows no trace of any of it.

let project: TestProject;
let library: string;
beforeEach(() => {
  library = mkdtempSync(join(tmpdir(), 'auto-experiment-library-'));
});
afterEach(async () => {
  await project.end();
  rmSync(library, { recursive: true, force: true });
});
const at = (...parts: string[]): string => join(project.root, ...parts);

/** Says which code it is, and what of everything else it finds. All edits keep its size, as a changed digit does. */
const TRAIN = `import os, random
from pkg import model
import staged
def first(path):
    try:
        with open(path) as file: return file.readline().strip()
    except OSError as error: return type(error).__name__
print("train A", model.NAME, staged.NAME)
for path in ["loose.py", "ignored/data.txt", "huge.csv", "lib/code.py", "outside/held.txt", "outputs/old.txt"]:
    print("saw", path, first(path))
value = 0.5 + model.SHIFT + random.Random(int(os.environ["SEED"])).gauss(0, 0.01)
print(f"epoch 1 val_acc={value:.6f}")
`;
const MODEL = 'NAME, SHIFT = "model A", 0.0\n';
const FILES = {
  'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\nMore accuracy.\n',
  'config.yaml': 'experiment: {mandatory_dry_run: false, seed_env: SEED}\n',
  'train.py': TRAIN,
  'pkg/__init__.py': '',
  'pkg/model.py': MODEL,
  'run.sh': '#!/bin/sh\nexec python3 -S train.py\n',
};
const HUGE = `big\n${'x'.repeat(11 * 1024 * 1024)}`;
/** What the run of the first launch saw, and its other seeds must see. */
const SEEN = [
  'train A model A staged A',
  'saw loose.py NAME = "loose A"',
  'saw ignored/data.txt data',
  'saw huge.csv big',
  'saw lib/code.py NAME = "lib A"',
  'saw outside/held.txt held out',
  'saw outputs/old.txt old',
];

function git(cwd: string, ...args: string[]): string {
  const who = ['-c', 'user.name=A Person', '-c', 'user.email=person@example.org'];
  const set = [...who, '-c', 'init.defaultBranch=main', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...set, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function put(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** All that is the user's in a repository. */
function stateOf(root: string): Json {
  return {
    status: git(root, '--no-optional-locks', 'status', '--porcelain', '--branch'),
    inside: git(join(root, 'lib'), '--no-optional-locks', 'status', '--porcelain', '--branch'),
    stash: git(root, 'stash', 'list'),
    head: readFileSync(join(root, '.git/HEAD'), 'utf8'),
    branches: git(root, 'for-each-ref', 'refs/heads', 'refs/stash', 'refs/tags'),
    indexes: [hash(join(root, '.git/index')), hash(join(root, '.git/modules/lib/index'))],
  };
}

/** Everything that a repository can hold: commits, a stash, a submodule, staged, changed, untracked, ignored, huge. */
function makeRepo(): void {
  put(library, { 'code.py': 'NAME = "lib 0"\n' });
  git(library, 'init', '-q');
  git(library, 'add', '-A');
  git(library, 'commit', '-q', '-m', 'library');
  const { root } = project;
  put(root, { '.gitignore': 'workspace/\nignored/\noutputs/\n__pycache__/\n' });
  git(root, 'init', '-q');
  git(root, 'submodule', '--quiet', 'add', library, 'lib');
  put(root, { 'pkg/model.py': 'NAME, SHIFT = "model 0", 0.0\n' });
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '-m', 'first');
  put(root, { 'train.py': 'print("put away")\n' });
  git(root, 'stash', 'push', '-q');
  put(root, { 'staged.py': 'NAME = "staged A"\n' });
  git(root, 'add', 'staged.py');
  put(root, { 'pkg/model.py': MODEL, 'lib/code.py': 'NAME = "lib A"\n' });
}

/** What is in no commit: untracked, ignored, huge, and a link to data that lies elsewhere. */
function putRest(): void {
  put(project.root, {
    'staged.py': 'NAME = "staged A"\n',
    'loose.py': 'NAME = "loose A"\n',
    'ignored/data.txt': 'data\n',
    'huge.csv': HUGE,
    'outputs/old.txt': 'old\n',
  });
  put(library, { 'held.txt': 'held out\n' });
  symlinkSync(join('..', library.slice(tmpdir().length + 1)), at('outside'));
  chmodSync(at('run.sh'), 0o755);
}

/** The edit of a candidate: the baseline has ended, and its other seeds are under way or to come. */
function edit(): void {
  const size = Buffer.byteLength(TRAIN);
  const edited = {
    'train.py': TRAIN.replace('train A', 'train B'),
    'pkg/model.py': MODEL.replace('model A', 'model B').replace('0.0', '0.3'),
    'staged.py': 'NAME = "staged B"\n',
    'loose.py': 'NAME = "loose B"\n',
  };
  put(project.root, edited);
  // Python itself takes compiled code of an equal size and second for that of the edited file; nobody edits so fast.
  const later = Date.now() / 1000 + 5;
  for (const path of Object.keys(edited)) utimesSync(at(path), later, later);
  expect(lstatSync(at('train.py')).size).toBe(size);
  chmodSync(at('run.sh'), 0o644);
  // Compiled code that Python takes without a look at its source: what a copy of equal size and second may meet as well.
  const compile = ['-m', 'compileall', '-q', '-f', '--invalidation-mode', 'unchecked-hash', 'pkg'];
  execFileSync('python3', compile, { cwd: project.root });
}

async function campaign(): Promise<Json[]> {
  await project.json('launch', '--', './run.sh');
  await project.json('wait', 'exp001');
  edit();
  const better = await project.json('launch', '--wait', '--', 'sh', 'run.sh');
  expect(better.verdict).toBe('confirmed');
  return (await project.json('status')).runs;
}

const linesOf = (run: Json): string[] => readFileSync(run.log, 'utf8').split('\n').slice(0, 7);
const armOf = (run: Json): string => run.replicate_of ?? run.id;

function expectAsLaunched(runs: Json[], seen: readonly string[]): void {
  const edited = seen.map((line) => line.replace(/(train|model|staged|loose) A/g, '$1 B'));
  for (const run of runs)
    expect([run.id, ...linesOf(run)]).toEqual([run.id, ...(armOf(run) === 'exp001' ? seen : edited)]);
  const copied = runs.filter((run) => run.replicate_of === 'exp001');
  expect(copied.length).toBeGreaterThanOrEqual(2);
  for (const { id } of copied) {
    const { cwd } = JSON.parse(readFileSync(join(dirname(runs[0].log), '..', id, 'run.json'), 'utf8'));
    expect(cwd).toMatch(/runs\/exp001\/code$/);
  }
  const own = runs.find((run) => run.id !== 'exp001' && run.replicate_of === null);
  expect(own.evidence.join()).not.toContain('copy');
}

describe('other seeds of a launch, after the project was changed', () => {
  it.each(['on a branch', 'with a detached head'])(
    'in git, %s: as launched, without a trace',
    async (where) => {
      project = makeProject(FILES);
      makeRepo();
      putRest();
      if (where !== 'on a branch') git(project.root, 'checkout', '-q', '--detach');
      await project.json('launch', '--', './run.sh');
      await project.json('wait', 'exp001');
      edit();
      const before = stateOf(project.root);
      const better = await project.json('launch', '--wait', '--', 'sh', 'run.sh');
      expect(better.verdict).toBe('confirmed');
      expect(stateOf(project.root)).toEqual(before);
      expectAsLaunched((await project.json('status')).runs, SEEN);
      const copy = at('workspace/runs/exp001/code');
      for (const path of ['ignored', 'huge.csv', 'outputs'])
        expect(lstatSync(join(copy, path)).isSymbolicLink(), path).toBe(true);
      for (const path of ['.git', 'lib/.git', 'workspace'])
        expect(existsSync(join(copy, path)), path).toBe(false);
      const compiled = lstatSync(join(copy, 'pkg/__pycache__'), { throwIfNoEntry: false });
      expect(compiled?.isSymbolicLink() ?? false).toBe(false);
      expect(lstatSync(join(copy, 'run.sh')).mode & 0o111).not.toBe(0);
    },
  );

  it('before and after a launch git shows the same', async () => {
    project = makeProject(FILES);
    makeRepo();
    putRest();
    const before = stateOf(project.root);
    await project.json('launch', '--wait', '--', './run.sh');
    expect(stateOf(project.root)).toEqual(before);
  });

  it('without git: the same', async () => {
    project = makeProject(FILES);
    putRest();
    put(project.root, { 'lib/code.py': 'NAME = "lib A"\n' });
    expectAsLaunched(await campaign(), SEEN);
    expect(existsSync(at('.git'))).toBe(false);
    expect(lstatSync(at('workspace/runs/exp001/code/huge.csv')).isSymbolicLink()).toBe(true);
  });

  it('with the workspace inside a folder that git ignores: no link leads back into it', async () => {
    project = makeProject({
      ...FILES,
      'config.yaml': `${FILES['config.yaml']}project: {workspace: outputs/lab}\n`,
    });
    makeRepo();
    putRest();
    const runs = await campaign();
    expectAsLaunched(runs, SEEN);
    const copy = at('outputs/lab/runs/exp001/code/outputs');
    expect(lstatSync(copy).isDirectory()).toBe(true);
    expect(existsSync(join(copy, 'lab'))).toBe(false);
  });
});

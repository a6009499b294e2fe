import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { LedgerRecord } from '../../mcp-server/src/core/ledger.js';
import { takeSnapshot } from '../../mcp-server/src/store/snapshots.js';
import { ledgerEnd, ledgerLaunch, ledgerVerdict } from '../support/ledger.js';
import { makeProject, type TestProject } from '../support/project.js';

let project: TestProject;
/** The project's folder: the repository, or a folder in it. */
let at: string;
afterEach(() => project.end());

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@example.org', ...args], {
    cwd: project.root,
    encoding: 'utf8',
  }).trim();
const write = (name: string, text: string): void => {
  mkdirSync(join(at, name, '..'), { recursive: true });
  writeFileSync(join(at, name), text);
};
const lines = (count: number, changed: Record<number, string> = {}): string =>
  Array.from({ length: count }, (_, i) => `${changed[i] ?? `line ${i}`}\n`).join('');

function open(folder = ''): void {
  project = makeProject();
  at = join(project.root, folder);
  write('PROJECT_BRIEF.md', 'Improve it.\n');
  write('config.yaml', 'experiment: {metric: val_acc, direction: maximize}\ngpu: {auto_detect: false}\n');
  write('.gitignore', 'workspace/\n');
  write('model.py', lines(30));
  write('train.py', lines(30));
}
function repository(): void {
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
}
/** Keeps the code as it lies there now as that of a run, and what was decided of it. */
async function run(number: number, verdict: object, launch: object = {}): Promise<void> {
  const id = `exp00${number}`;
  const { kind, id: commit, tree } = await takeSnapshot({ project: at, run: id });
  const when = `2026-03-04T0${number}:00:00.000Z`;
  const records: LedgerRecord[] = [
    ledgerLaunch(number, {
      at: when,
      code: { kind, id: commit, tree },
      title: `Try ${number}: warm-up!`,
      ...launch,
    }),
    ledgerEnd(number, { at: when }),
    ledgerVerdict(number, { at: when, ...verdict }),
  ];
  mkdirSync(join(at, 'workspace'), { recursive: true });
  appendFileSync(
    join(at, 'workspace/ledger.jsonl'),
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
}
const BASE = { status: null, kept: false };
const KEPT = { status: 'confirmed', kept: true, gain: 0.02, interval: [0.01, 0.03], seeds: 3 };
/** All that finalize must leave as it is. */
const state = (): string =>
  [
    git('status', '--porcelain=v2', '--untracked-files=all'),
    git('rev-parse', 'HEAD'),
    git('symbolic-ref', 'HEAD'),
    git('stash', 'list'),
    git('for-each-ref', 'refs/heads/main', 'refs/auto-experiment'),
    createHash('sha256')
      .update(readFileSync(join(project.root, '.git/index')))
      .digest('hex'),
  ].join('\n');
const finalize = async (...args: string[]) =>
  (await project.json('finalize', ...args, '--project', at)).branches;
const changed = (branch: string, base: string): string[] =>
  git('diff', '--name-only', base, branch).split('\n');

describe('finalize', () => {
  it('gives each confirmed gain a branch with its one change, and touches nothing of the user’s', async () => {
    open();
    repository();
    write('model.py', lines(30, { 3: 'mine, not committed' }));
    await run(1, BASE);
    write('model.py', lines(30, { 3: 'mine, not committed', 10: 'warm-up' }));
    await run(2, KEPT);
    write('train.py', lines(30, { 20: 'cosine' }));
    write('new.py', 'new\n');
    await run(3, KEPT);
    await run(4, { status: 'rejected' });
    write('scratch.py', 'work in progress\n');
    git('add', 'train.py');
    const before = state();
    const branches = await finalize();
    expect(state()).toBe(before);
    expect(branches.map(({ run: id, branch }: { run: string; branch: string }) => [id, branch])).toEqual([
      ['exp002', 'auto-experiment/exp002-try-2-warm-up'],
      ['exp003', 'auto-experiment/exp003-try-3-warm-up'],
    ]);
    const [second, third] = branches;
    expect(changed(second.branch, second.base)).toEqual(['model.py']);
    expect(changed(third.branch, third.base)).toEqual(['new.py', 'train.py']);
    // What the baseline ran with and was not committed is a commit of its own below.
    expect(git('diff', '--name-only', 'main', second.base)).toBe('model.py');
    expect(git('show', `${third.branch}:model.py`)).toBe(lines(30, { 3: 'mine, not committed' }).trim());
    expect(third.diffstat).toMatch(/2 files changed, 2 insertions\(\+\), 1 deletion\(-\)/);
    const message = git('log', '-1', '--format=%B', third.branch);
    expect(message).toMatch(
      /^exp003: Try 3: warm-up!\n\nGain in val_acc over the baseline: \+0\.02 \(95 %: \+0\.01 to \+0\.03\), on 3/,
    );
  });

  it('says what was made already, and leaves a branch alone that a person went on with', async () => {
    open();
    repository();
    await run(1, BASE);
    write('model.py', lines(30, { 1: 'better' }));
    await run(2, KEPT);
    const [first] = await finalize();
    expect((await finalize())[0]).toMatchObject({
      branch: first.branch,
      commit: first.commit,
      why: 'it was there already',
    });
    git('branch', '-f', first.branch, 'main');
    expect((await finalize('exp002'))[0]).toMatchObject({
      branch: null,
      why: expect.stringContaining('was left alone'),
    });
    expect(git('rev-parse', first.branch)).toBe(git('rev-parse', 'main'));
  });

  it('where two gains touch the same lines the later branch holds both, and says so', async () => {
    open();
    repository();
    await run(1, BASE);
    write('model.py', lines(30, { 10: 'first', 11: 'first', 12: 'first' }));
    await run(2, KEPT);
    write('model.py', lines(30, { 10: 'first', 11: 'second', 12: 'first' }));
    await run(3, KEPT);
    const [, later] = await finalize();
    expect(later.why).toBe('Built on exp002, whose change is in it too: they touch the same lines.');
    expect(git('show', `${later.branch}:model.py`)).toContain('first\nsecond\nfirst');
  });

  it('a gain that is in the command has no branch, and the command is named', async () => {
    open();
    repository();
    await run(1, BASE);
    await run(2, KEPT, { command: ['python3', 'train.py', '--lr', '0.2'] });
    expect((await finalize())[0]).toMatchObject({
      branch: null,
      why: 'its code is the baseline’s: the gain is in the command: python3 train.py --lr 0.2',
    });
  });

  it('keeps what is not the project’s: the rest of the repository, submodules, large files', async () => {
    open('research/digits');
    writeFileSync(join(project.root, 'README.md'), 'of the whole repository\n');
    git('init', '-q', '-b', 'main');
    const library = join(project.root, '..', `${project.root.split('/').at(-1)}-lib`);
    execFileSync('git', ['init', '-q', library]);
    execFileSync('git', [
      '-C',
      library,
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'x',
    ]);
    git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'research/digits/lib');
    writeFileSync(join(at, 'weights.bin'), Buffer.alloc(11 * 1024 * 1024, 1));
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    await run(1, BASE);
    write('model.py', lines(30, { 1: 'better' }));
    await run(2, KEPT);
    const before = state();
    const [only] = await finalize();
    expect(state()).toBe(before);
    expect(changed(only.branch, 'main')).toEqual(['research/digits/model.py']);
    expect(git('ls-tree', only.branch, 'research/digits/lib')).toMatch(/^160000 commit/);
    execFileSync('rm', ['-rf', library]);
  });

  it('says in words why there is nothing to do', async () => {
    open();
    await run(1, BASE);
    await run(2, KEPT);
    expect(await project.run('finalize')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/in no git repository.*\nhint:.*restore exp002/),
    });
    expect((await project.run('finalize', 'exp001')).stderr).toContain('exp001 is no confirmed gain');
  });
});

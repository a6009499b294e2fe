import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerRecord } from '../../mcp-server/src/core/ledger.js';
import { dayOf } from '../../mcp-server/src/engine/views/note-words.js';
import { ledgerEnd, ledgerLaunch, ledgerVerdict } from '../support/ledger.js';
import { makeProject, type TestProject, until } from '../support/project.js';

let project: TestProject;
let vault: string;
const day = dayOf(new Date());

beforeEach(() => {
  project = makeProject({ 'PROJECT_BRIEF.md': 'Improve it.\n' });
  vault = join(project.userConfig, '..', 'vault');
  mkdirSync(vault);
  // The vault is the person's own: they have said so for all their projects.
  mkdirSync(project.userConfig);
  writeFileSync(join(project.userConfig, 'config.yaml'), `obsidian: {vault_path: ${vault}}\n`);
  config();
});
afterEach(() => project.end());

function config(more = ''): void {
  writeFileSync(
    join(project.root, 'config.yaml'),
    `project: {name: digits}\nexperiment: {metric: val_acc, direction: maximize}\ngpu: {auto_detect: false}\n${
      more || `obsidian: {enabled: true, vault_path: ${vault}}\n`
    }`,
  );
}
const ledger = (...records: LedgerRecord[]): void => {
  mkdirSync(join(project.root, 'workspace'), { recursive: true });
  for (const record of records)
    appendFileSync(
      join(project.root, 'workspace/ledger.jsonl'),
      `${JSON.stringify({ ...record, at: new Date().toISOString() })}\n`,
    );
};
const tried = (number: number, verdict = {}): LedgerRecord[] => [
  ledgerLaunch(number),
  ledgerEnd(number),
  ledgerVerdict(number, verdict),
];
const ours = 'DeepResearcher/digits';
const note = (name: string): string => readFileSync(join(vault, ours, name), 'utf8');
const entries = (): string[] =>
  note(`Daily/${day}.md`)
    .split('\n')
    .filter((line) => line.startsWith('- '));

describe('notes in a vault', () => {
  it('are a dashboard that is written anew and a daily note that grows, each line once', async () => {
    ledger(...tried(1, { status: null, kept: false }));
    const first = await project.json('notes');
    expect(first).toMatchObject({ dashboard: join(vault, ours, 'Dashboard.md'), entries: 1, problem: null });
    expect(note('Dashboard.md')).toContain('# digits');
    ledger(...tried(2, { status: 'confirmed', kept: true, gain: 0.02 }), {
      ...{ kind: 'decision', at: '', run: 'exp002', text: 'keep *this* [[link]]' },
    });
    expect((await project.json('notes')).entries).toBe(2);
    expect((await project.json('notes')).entries).toBe(0);
    expect(entries().map((line) => line.replace(/ \^ae-\S+$/, '').slice(8))).toEqual([
      '**exp001** try 1: succeeded after 1m00s, val_acc 0.5; baseline',
      '**exp002** try 2: succeeded after 1m00s, val_acc 0.5; **confirmed**, +0.02 to the baseline',
      String.raw`decision: keep \*this\* \[\[link\]\]`,
    ]);
  });

  it('never overwrite what a person wrote: around our part, in it, or in a note of the same name', async () => {
    ledger(...tried(1, { status: null }));
    await project.json('notes');
    const path = join(vault, ours, 'Dashboard.md');
    writeFileSync(
      path,
      `My words above.\n\n${note('Dashboard.md').replace('# digits', '# digits, my edit')}\nAnd below.\n`,
    );
    appendFileSync(join(vault, ours, `Daily/${day}.md`), 'a line of mine without an end');
    ledger(...tried(2));
    await project.json('notes');
    const text = note('Dashboard.md');
    expect(text).toMatch(/^My words above\.\n\n%% auto-experiment/);
    expect(text).toMatch(/\nAnd below\.\n$/);
    expect(text.match(/# digits\n/g)).toHaveLength(1);
    expect(text).toContain('Kept from an edit of yours:\n\n# digits, my edit');
    expect(note(`Daily/${day}.md`)).toContain('\na line of mine without an end\n- ');

    writeFileSync(path, '# Written by hand\n');
    const { dashboard, problem } = await project.json('notes');
    expect(basename(dashboard)).toBe('Dashboard (auto-experiment).md');
    expect(problem).toContain(`a note of yours is ${path}`);
    expect(note('Dashboard.md')).toBe('# Written by hand\n');
    // Once taken, the name stays.
    rmSync(path);
    expect((await project.json('notes')).dashboard).toBe(dashboard);
  });

  it('do not come back when a person removed them', async () => {
    ledger(...tried(1, { status: null }), ...tried(2));
    await project.json('notes');
    writeFileSync(join(vault, ours, `Daily/${day}.md`), '# a clean day\n');
    ledger(...tried(3));
    await project.json('notes');
    expect(entries()).toHaveLength(1);
    expect(entries()[0]).toContain('exp003');
  });

  it('are not doubled when the mark of what was written is lost', async () => {
    ledger(...tried(1, { status: null }), ...tried(2));
    await project.json('notes');
    rmSync(join(project.root, 'workspace/notes.json'));
    await project.json('notes');
    expect(entries()).toHaveLength(2);
  });

  it('wait below the workspace while the vault is away, and are all there when it is back', async () => {
    rmSync(vault, { recursive: true });
    ledger(...tried(1, { status: null }));
    const away = await project.json('notes');
    expect(away.problem).toContain(`there is no folder ${vault}`);
    expect(away.dashboard).toBe(join(project.root, 'workspace/notes/Dashboard.md'));
    expect(readFileSync(away.daily[0], 'utf8')).toContain('exp001');
    mkdirSync(vault);
    ledger(...tried(2));
    expect(await project.json('notes')).toMatchObject({ entries: 2, problem: null });
    expect(entries()).toHaveLength(2);
  });

  it.each([
    ['project_subdir: ../outside', /no plain folder/],
    ['project_subdir: .obsidian/plugins', /no plain folder/],
    ['project_subdir: /etc', /no plain folder/],
    ['daily_dir: ../../up', /is outside|\.\./],
    ['dashboard_note: ../up.md', /must be the name of a note/],
  ])('%s leaves the vault alone', async (key, words) => {
    config(`obsidian: {enabled: true, vault_path: ${vault}, ${key}}\n`);
    ledger(...tried(1, { status: null }));
    const { stdout, stderr } = await project.run('notes');
    expect(`${stdout}${stderr}`).toMatch(words);
    expect(readdirSync(join(vault, '..')).sort()).toEqual(
      expect.not.arrayContaining(['outside', 'up', 'up.md']),
    );
    expect(existsSync(join(vault, '.obsidian'))).toBe(false);
  });

  it('a link in the vault that leads out of it is not followed', async () => {
    const outside = join(vault, '..', 'outside');
    mkdirSync(outside);
    symlinkSync(outside, join(vault, 'DeepResearcher'));
    ledger(...tried(1, { status: null }));
    expect(await project.run('notes')).toMatchObject({ code: 1, stderr: expect.stringMatching(/link/) });
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('a vault that only the project names', () => {
  beforeEach(() => rmSync(project.userConfig, { recursive: true }));

  it('is not written to until the person agrees, and that is said everywhere', async () => {
    ledger(...tried(1, { status: null }));
    const kept = await project.json('notes');
    expect(kept).toMatchObject({
      dashboard: join(project.root, 'workspace/notes/Dashboard.md'),
      problem: expect.stringMatching(
        new RegExp(`notes written in ${vault}, and you have not agreed.*auto-experiment trust --project`),
      ),
    });
    expect(readdirSync(vault)).toEqual([]);
    expect((await project.json('status')).warnings.join()).toContain('you have not agreed');
    const doctor = JSON.parse((await project.run('doctor', '--json')).stdout);
    expect(doctor.checks.find(({ name }: { name: string }) => name === 'notes')).toMatchObject({
      state: 'bad',
      text: expect.stringContaining('have not agreed'),
    });
    const shown = (await project.run('trust', '--show')).stdout;
    expect(shown).toContain(`obsidian.vault_path = ${vault}`);
    expect(shown).toContain('outside of the project, below DeepResearcher/{project_name}');
    expect((await project.json('notes')).problem).toContain('have not agreed');

    expect((await project.run('trust')).stdout).toContain('agreed to for');
    expect(await project.json('notes')).toMatchObject({ problem: null });
    expect(entries()).toHaveLength(1);
    expect((await project.json('status')).warnings).toEqual([]);
  });

  it.each([
    ['another folder', () => `vault_path: ${join(vault, '..')}`],
    ['another folder below it', () => `vault_path: ${vault}, project_subdir: Templates`],
    ['a link in the project that leads out of it', () => 'vault_path: link'],
  ])('%s is asked for again', async (_, other) => {
    await project.run('trust');
    symlinkSync(vault, join(project.root, 'link'));
    config(`obsidian: {enabled: true, ${other()}}\n`);
    ledger(...tried(1, { status: null }));
    expect((await project.json('notes')).problem).toContain('have not agreed');
    expect(readdirSync(vault)).toEqual([]);
    expect((await project.run('trust', '--revoke')).code).toBe(0);
    config();
    expect((await project.json('notes')).problem).toContain('have not agreed');
  });
});

describe('notes without a vault', () => {
  it('are text below the workspace, also where notes are not kept by themselves', async () => {
    config('obsidian: {enabled: false}\n');
    ledger(...tried(1, { status: null }));
    const { dashboard, daily } = await project.json('notes');
    expect([dashboard, ...daily]).toEqual([
      join(project.root, 'workspace/notes/Dashboard.md'),
      join(project.root, `workspace/notes/Daily/${day}.md`),
    ]);
  });

  it('a vault that is named but not enabled is said and not touched', async () => {
    config(`obsidian: {vault_path: ${vault}}\n`);
    ledger(...tried(1, { status: null }));
    const { stderr } = await project.run('notes');
    expect(stderr).toContain('set obsidian.enabled: true');
    expect(readdirSync(vault)).toEqual([]);
  });
});

it('are kept by themselves while runs end', async () => {
  await project.json('launch', '--', 'sh', '-c', 'echo epoch 1/1 val_acc=0.5');
  await project.json('wait');
  await until(() => existsSync(join(vault, ours, `Daily/${day}.md`)));
  expect(entries()[0]).toContain('exp001');
});

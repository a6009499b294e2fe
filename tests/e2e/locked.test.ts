import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, failed, type McpSession } from '../support/mcp-client.js';
import { type Json, makeProject, runProcess, type TestProject } from '../support/project.js';

// Planted cheats: what measures the runs is changed, and the program says so.

let project: TestProject;
const at = (...parts: string[]): string => join(project.root, ...parts);

const FILES = {
  'PROJECT_BRIEF.md':
    '---\nmetric: val_acc\ndirection: maximize\nlocked: [eval.sh, "splits/*.txt"]\n---\nImprove the accuracy.\n',
  'config.yaml': 'experiment: {mandatory_dry_run: false}\n',
  'eval.sh': 'echo "val_acc=$1"\n',
  'splits/test.txt': 'a\nb\nc\n',
  'train.sh': 'sh eval.sh "$1"\n',
};

beforeEach(() => {
  project = makeProject(FILES);
});
afterEach(() => project.end());

const launch = async (...command: string[]): Promise<Json> => {
  const { id } = await project.json('launch', '--', ...command);
  return project.json('wait', id);
};
const train = (value: number): Promise<Json> => launch('sh', 'train.sh', String(value));

describe('a change to what measures the runs', () => {
  it('an evaluator that was edited between launches makes the run invalid, until it is put back', async () => {
    expect(await train(0.5)).toMatchObject({ role: 'baseline', verdict: null });
    writeFileSync(at('eval.sh'), 'echo "val_acc=0.99"\n');
    const { stderr } = await project.run('launch', '--', 'sh', 'train.sh', '0.6');
    expect(stderr).toContain(
      'this run will be invalid: since the baseline exp001 was measured, eval.sh was changed',
    );
    const cheat = await project.json('wait', 'exp002');
    expect(cheat).toMatchObject({ ending: 'succeeded', verdict: 'invalid' });
    expect(cheat.verdict_reason).toMatch(
      /eval\.sh was changed; put it back .*restore exp001.*project\.workspace/,
    );
    expect((await project.json('status')).best).toMatchObject({ run: 'exp001', value: 0.5 });

    writeFileSync(at('eval.sh'), FILES['eval.sh']);
    expect((await train(0.6)).verdict).not.toBe('invalid');
    expect((await project.json('status')).best).toMatchObject({ run: 'exp003', value: 0.6 });
  });

  it.each([
    [
      'the evaluator, edited by the training',
      'echo "echo val_acc=1" > eval.sh; sh eval.sh',
      'eval.sh was changed',
    ],
    [
      'the list of the split, cut by the training',
      'head -1 splits/test.txt > x; mv x splits/test.txt; sh eval.sh 0.9',
      'splits/test.txt was changed',
    ],
    ['a further list', 'echo z > splits/more.txt; sh eval.sh 0.9', 'splits/more.txt was added'],
    ['a list that is gone', 'rm splits/test.txt; sh eval.sh 0.9', 'splits/test.txt was removed'],
  ])('%s', async (_, script, words) => {
    const run = await launch('sh', '-c', script);
    expect(run).toMatchObject({ ending: 'succeeded', verdict: 'invalid' });
    expect(run.verdict_reason).toContain(`touched between its launch and its end: ${words}`);
    // It was the first run, and is no baseline: nothing is measured against it.
    const { baseline, best } = await project.json('status');
    expect({ baseline, best }).toEqual({ baseline: null, best: null });
  });

  it('what a link leads to counts, and what tools make beside the code does not', async () => {
    mkdirSync(at('store'));
    writeFileSync(at('store/held-out.csv'), '1,2\n');
    symlinkSync('../store/held-out.csv', at('splits/held-out.txt'));
    mkdirSync(at('metrics'));
    writeFileSync(at('metrics/score.sh'), FILES['eval.sh']);
    writeFileSync(at('config.yaml'), 'experiment: {mandatory_dry_run: false, locked: metrics/}\n');
    const made = await launch(
      'sh',
      '-c',
      'mkdir metrics/__pycache__; echo x > metrics/__pycache__/score.pyc; touch eval.sh; sh metrics/score.sh 0.5',
    );
    expect(made).toMatchObject({ verdict: null, role: 'baseline' });
    const run = await launch('sh', '-c', 'echo 3 >> store/held-out.csv; sh metrics/score.sh 0.9');
    expect(run.verdict_reason).toContain('splits/held-out.txt was changed');
    const locked = JSON.parse(readFileSync(at('workspace/runs/exp001/locked.json'), 'utf8'));
    expect(Object.keys(locked.files)).toEqual([
      'eval.sh',
      'metrics/score.sh',
      'splits/held-out.txt',
      'splits/test.txt',
    ]);
  });

  it('more may be locked later: only what the baseline locked is compared with it', async () => {
    await train(0.5);
    writeFileSync(at('more.sh'), 'echo\n');
    writeFileSync(at('config.yaml'), 'experiment: {mandatory_dry_run: false, locked: [more.sh]}\n');
    expect((await train(0.6)).verdict).not.toBe('invalid');
  });
});

describe('globs', () => {
  it.each([
    ['/etc/passwd', /is absolute/],
    ['../eval.sh', /climbs with/],
    ['""', /is empty/],
  ])('%s is refused', async (glob, words) => {
    writeFileSync(at('config.yaml'), `experiment: {locked: [${glob}]}\n`);
    const { code, stderr } = await project.run('status');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(words) });
  });

  it('one that means nothing is told by launch and doctor; too many files refuse the launch', async () => {
    writeFileSync(at('config.yaml'), 'experiment: {mandatory_dry_run: false, locked: [evaluate.py]}\n');
    const { stderr } = await project.run('launch', '--', 'sh', 'train.sh', '0.5');
    expect(stderr).toContain('experiment.locked: evaluate.py means no file');
    expect((await project.run('doctor')).stdout).toContain('evaluate.py means no file');
    mkdirSync(at('data'));
    for (let number = 0; number <= 20_000; number++) writeFileSync(at('data', String(number)), '');
    writeFileSync(at('config.yaml'), 'experiment: {mandatory_dry_run: false, locked: [data]}\n');
    const refused = await project.run('launch', '--', 'sh', 'train.sh', '0.5');
    expect(refused.stderr).toMatch(/mean more than 20000 files\nhint: lock the evaluation code/);
    expect(existsSync(at('workspace/runs/exp002'))).toBe(false);
    writeFileSync(at('config.yaml'), 'experiment: {mandatory_dry_run: false, locked: [data, "!data/*"]}\n');
    expect((await project.run('launch', '--', 'sh', 'train.sh', '0.5')).code).toBe(0);
  });
});

const hasBubblewrap =
  (await runProcess(['sh', '-c', 'bwrap --dev-bind / / --unshare-pid true'], { cwd: '/', env: process.env }))
    .code === 0;

describe('an agent', () => {
  let mcp: McpSession;
  afterEach(() => mcp.close());

  it('cannot write a locked file, under whatever name, nor add one', async () => {
    mkdirSync(at('store'));
    writeFileSync(at('store/held-out.csv'), '1,2\n');
    symlinkSync('../store/held-out.csv', at('splits/held-out.txt'));
    mcp = await connectMcp(project.root);
    const names = [
      'eval.sh',
      './/eval.sh',
      'EVAL.SH',
      'eval.sh. ',
      'eval\u200b.sh',
      '\uff45val.sh',
      'splits/test.txt',
      'Splits/new.txt',
      'splits/held-out.txt',
      'store/held-out.csv',
    ];
    for (const path of names)
      failed(
        await mcp.call('write_file', { path, text: 'echo val_acc=1' }),
        /is protected: it is part of what measures the runs/,
      );
    expect(readFileSync(at('eval.sh'), 'utf8')).toBe(FILES['eval.sh']);
    expect(existsSync(at('Splits'))).toBe(false);
    expect(await mcp.call('write_file', { path: 'splits/notes.md', text: 'x' })).toMatchObject({ ok: true });
  });

  it('is told, where there is no bubblewrap, when a command of its own has changed one', async () => {
    mkdirSync(at('bin'));
    writeFileSync(at('bin/bwrap'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    mcp = await connectMcp(project.root, { env: { PATH: `${at('bin')}:${process.env.PATH}` } });
    const look = await mcp.call('run_shell', { command: 'cat eval.sh splits/*' });
    expect(look.data).toMatchObject({ sandbox: 'none', warnings: [] });
    const { data } = await mcp.call('run_shell', { command: 'echo x >> eval.sh; rm splits/test.txt' });
    expect(data.warnings).toEqual([
      expect.stringContaining(
        'eval.sh was changed, splits/test.txt was removed: it measures the runs (locked)',
      ),
    ]);
  });

  it.runIf(hasBubblewrap)('cannot change one with a command, where there is bubblewrap', async () => {
    writeFileSync(at('config.yaml'), 'experiment: {mandatory_dry_run: false, locked: [splits]}\n');
    mcp = await connectMcp(project.root);
    for (const command of ['echo x >> eval.sh', 'rm eval.sh', 'echo x > splits/new.txt', 'rm -rf splits']) {
      const { data } = await mcp.call('run_shell', { command });
      expect(data, command).toMatchObject({ sandbox: 'bubblewrap', warnings: [] });
      expect(data.exit_code, command).not.toBe(0);
    }
    rmSync(at('splits'), { recursive: true });
    expect((await mcp.call('run_shell', { command: 'cat eval.sh' })).data.exit_code).toBe(0);
  });
});

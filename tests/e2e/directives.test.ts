import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, kill, MAIN, makeProject, type TestProject, until } from '../support/project.js';

let project: TestProject;

const CONFIG = `
gpu: {auto_detect: false}
experiment: {command: sh train.sh, mandatory_dry_run: false}
sweep: {parameters: {x: {uniform: [0, 1]}}, max_runs: 1}
`;
const BRIEF = '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nBetter.\n';

beforeEach(() => {
  project = makeProject({
    'config.yaml': CONFIG,
    'PROJECT_BRIEF.md': BRIEF,
    'train.sh': 'echo "step 1 val_acc 0.5"\n',
  });
});
afterEach(() => project.end());

const plans = (): string[] =>
  project
    .ledger()
    .filter(({ kind }) => kind === 'plan')
    .map(({ title }) => title);
const directives = (state: string): Json[] =>
  project.ledger().filter((record) => record.kind === 'directive' && record.state === state);
const archive = (): string => join(project.root, 'workspace/directive_archive');
const run = async (...args: string[]): Promise<void> => {
  const { code, stderr } = await project.run('run', '--json', ...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
};

/** A loop in the background, to be killed; `project.end` ends it where the test does not. */
function startLoop(): { lines: () => Json[]; end: () => Promise<void> } {
  const child = spawn(process.execPath, [MAIN, 'run', '--json'], {
    cwd: project.root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    lines: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    end: () => {
      kill(child.pid ?? 0);
      return gone;
    },
  };
}

describe('directives of the loop', () => {
  it('tries each of several that were written while nobody listened, in order', async () => {
    for (const text of ['x=0.25', 'x=0.75']) expect((await project.run('directive', text)).code).toBe(0);
    await run();
    expect(plans()).toEqual(['baseline: the unchanged command', 'x=0.25', 'x=0.75']);
    expect(directives('done').map(({ outcome }) => outcome)).toEqual(['tried in cycle 2, 3']);
  });

  it('does not try one again whose plan was written just before a kill', async () => {
    await project.run('directive', 'x=0.25');
    await run();
    // As a kill leaves it between the plan and the word that it is done.
    const [{ id }] = directives('done');
    const [filed] = readdirSync(archive());
    renameSync(join(archive(), filed ?? ''), join(archive(), id));
    const ledger = join(project.root, 'workspace/ledger.jsonl');
    const lines = readFileSync(ledger, 'utf8').split('\n');
    writeFileSync(ledger, lines.filter((line) => !line.includes('"state":"done"')).join('\n'));

    await run();
    expect(plans()).toEqual(['baseline: the unchanged command', 'x=0.25']);
    expect(directives('done')).toHaveLength(1);
    expect(readdirSync(archive())).toEqual([expect.stringMatching(/^\d{4}-.*Z\.md$/)]);
  });

  it('does not do one again that was done and not filed', async () => {
    await project.run('directive', 'x=0.25');
    await run();
    const [{ id }] = directives('done');
    const [filed] = readdirSync(archive());
    renameSync(join(archive(), filed ?? ''), join(archive(), id));

    await run();
    expect(plans()).toHaveLength(2);
    expect(directives('done')).toHaveLength(1);
    expect(readdirSync(archive())).toEqual([expect.stringMatching(/^\d{4}-.*Z\.md$/)]);
  });

  it('stays paused after a kill until it is told to resume', async () => {
    await project.run('directive', 'pause');
    const first = startLoop();
    await until(() => first.lines().some(({ event }) => event === 'progress'));
    await first.end();

    const second = startLoop();
    await until(() => second.lines().some(({ event }) => event === 'progress'));
    expect(second.lines().map(({ event, text }) => text ?? event)).toEqual([
      'begin',
      'paused by a directive; go on with: auto-experiment directive resume',
      'progress',
    ]);
    expect(plans()).toEqual([]);
    await project.run('directive', 'resume');
    await until(() => second.lines().some(({ event }) => event === 'stopped'));
    expect(plans()).toEqual(['baseline: the unchanged command']);
  });

  it('stops for one, and says what was not tried', async () => {
    await project.run('directive', 'stop\n\nx=0.25');
    await run();
    expect(plans()).toEqual([]);
    expect(directives('done').map(({ outcome }) => outcome)).toEqual([
      'stopped; the values beside it were not tried',
    ]);
  });
});

import { spawn } from 'node:child_process';
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, type McpSession } from '../support/mcp-client.js';
import { type Json, MAIN, makeProject, type Ran, type TestProject, until } from '../support/project.js';

// The hooks as the hosts call them: JSON on standard input, JSON or nothing on standard output, never an error.

let project: TestProject;
let mcp: McpSession;
beforeEach(async () => {
  project = makeProject({
    'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nImprove train.sh.\n',
    'config.yaml': 'experiment: {stop_grace: 1, survivor_grace: 1, dry_run_args: [--dry]}\n',
    'train.sh':
      'case "$*" in *--dry*) exit 0;; esac\nwhile [ ! -e "$1" ]; do sleep 0.05; done\necho epoch 1/1 val_acc=0.5\n',
  });
  mcp = await connectMcp(project.root);
});
afterEach(async () => {
  await mcp.close();
  await project.end();
});

function hook(name: string, input: string): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [MAIN, 'hook', name], { cwd: '/', stdio: 'pipe' });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => {
      stdout += part;
    });
    child.stderr.on('data', (part) => {
      stderr += part;
    });
    child.on('close', (code) => done({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}
const ask = async (name: string, more: object = {}): Promise<Json> => {
  const { code, stdout, stderr } = await hook(name, JSON.stringify({ cwd: project.root, ...more }));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout === '' ? null : JSON.parse(stdout);
};
const context = async (): Promise<string | null> =>
  (await ask('session-start'))?.hookSpecificOutput.additionalContext ?? null;
const transcript = (name: string): { transcript_path: string } => {
  const path = join(project.root, 'transcript.jsonl');
  writeFileSync(path, `${' '.repeat(3_000_000)}{"type":"tool_use","id":"x","name":"${name}","input":{}}\n`);
  return { transcript_path: path };
};
const driving = () => transcript('mcp__autoexp__set_campaign');
const launch = (name: string) =>
  mcp.call('launch_experiment', { command: ['sh', 'train.sh', name], title: name });
const hasEnded = (run: string): boolean =>
  lstatSync(join(project.root, 'workspace/runs', run, 'record/ended'), { throwIfNoEntry: false }) !==
  undefined;
const go = (name: string): void => writeFileSync(join(project.root, name), '');

describe('whatever is wrong', () => {
  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['a folder that is not there', '{"cwd": "/no/such/folder"}'],
    ['a folder that is no project', '{"cwd": "/"}'],
    ['another form', '{"cwd": 5, "transcript_path": {}}'],
  ])('%s: quiet, and no error', async (_, input) => {
    for (const name of ['session-start', 'stop'])
      expect(await hook(name, input), name).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('a config that cannot be read', async () => {
    await mcp.call('set_campaign', { max_cycles: 2 });
    writeFileSync(join(project.root, 'config.yaml'), 'no: [');
    expect(await ask('session-start')).toBe(null);
    expect(await ask('stop', driving())).toBe(null);
  });
});

describe('session-start', () => {
  it('is quiet in a project without anything under way', async () => {
    expect(await context()).toBe(null);
    await launch('a');
    go('a');
    await mcp.call('wait_for_experiment');
    expect(await context()).toBe(null);
  });

  it('tells state and count in few words, and an ending once', async () => {
    await mcp.call('set_campaign', { max_cycles: 3 });
    await launch('a');
    go('a');
    await mcp.call('wait_for_experiment');
    for (let number = 0; number < 20; number++)
      await mcp.call('log_memory', { text: `${number} ${'a long decision with many words '.repeat(40)}` });
    await launch('b');
    go('b');
    await until(() => hasEnded('exp002'));
    const told = await context();
    expect(told).toContain('1 of 3 cycles used');
    expect(told).toMatch(/Ended, not told before: exp002 \(b\) ended: succeeded/);
    // Under 1,500 tokens, at 3.6 characters each.
    expect(told?.length).toBeLessThan(5000);
    expect(await context()).not.toContain('not told before');
    expect((await mcp.call('list_files')).data.news).toBeUndefined();
  });
});

describe('stop', () => {
  it('is quiet for a session that does not drive the campaign, and without one', async () => {
    expect(await ask('stop', driving())).toBe(null);
    await mcp.call('set_campaign', { max_cycles: 3 });
    expect(await ask('stop')).toBe(null);
    expect(await ask('stop', { transcript_path: '/no/such/file' })).toBe(null);
    expect(await ask('stop', transcript('mcp__autoexp__experiment_status'))).toBe(null);
    // A wait that the host has moved to the background wakes it by itself.
    expect(await ask('stop', { ...driving(), background_tasks: [{ id: 'x' }] })).toBe(null);
  });

  it('names the next step until the limits are reached, and not for ever', async () => {
    await mcp.call('set_campaign', { max_cycles: 1 });
    expect((await ask('stop', driving())).reason).toMatch(/0 of 1 cycles used.*Plan the next cycle/);
    await launch('a');
    const waiting = await ask('stop', driving());
    expect(waiting).toMatchObject({ decision: 'block' });
    expect(waiting.reason).toMatch(/exp001 is (queued|running): call wait_for_experiment/);
    go('a');
    await mcp.call('wait_for_experiment');
    expect((await ask('stop', driving())).reason).toContain('Nobody has reflected on exp001');
    await mcp.call('log_memory', { run: 'exp001', text: 'seen' });
    await project.run('directive', 'try b');
    expect((await ask('stop', driving())).reason).toContain('A directive waits');
    await launch('b');
    go('b');
    await mcp.call('wait_for_experiment');
    await mcp.call('log_memory', { run: 'exp002', text: 'seen', directive_done: 'try b' });
    expect(await ask('stop', driving())).toBe(null);
  });

  it('lets an agent go that does nothing, and at the end of the campaign', async () => {
    await mcp.call('set_campaign', { max_cycles: 5 });
    const asked = [];
    for (let number = 0; number < 4; number++) asked.push((await ask('stop', driving())) !== null);
    expect(asked).toEqual([true, true, false, false]);
    await mcp.call('log_memory', { text: 'something new' });
    expect(await ask('stop', driving())).not.toBe(null);
    await mcp.call('set_campaign', { stop: 'enough' });
    expect(await ask('stop', driving())).toBe(null);
  });
});

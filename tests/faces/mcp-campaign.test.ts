import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, failed, type McpSession } from '../support/mcp-client.js';
import { makeProject, type TestProject, until } from '../support/project.js';

// What a host relies on over hours: limits that are kept, endings that are told once, prompts.

const FILES = {
  'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nImprove train.sh.\n',
  'config.yaml': 'experiment: {stop_grace: 1, survivor_grace: 1, max_parallel: 4, dry_run_args: [--dry]}\n',
  // Ends when the file that its first argument names is there.
  'train.sh':
    'case "$*" in *--dry*) exit 0;; esac\nwhile [ ! -e "$1" ]; do sleep 0.05; done\necho epoch 1/1 val_acc=0.5\n',
};

let project: TestProject;
let mcp: McpSession;
beforeEach(async () => {
  project = makeProject(FILES);
  mcp = await connectMcp(project.root);
});
afterEach(async () => {
  await mcp.close();
  await project.end();
});

const go = (name: string): void => writeFileSync(join(project.root, name), '');
const launch = async (name: string, over: Record<string, unknown> = {}) =>
  mcp.call('launch_experiment', { command: ['sh', 'train.sh', name], title: `run ${name}`, ...over });
const ended = (run: string): Promise<void> =>
  until(() => {
    try {
      return project.mark(run, 'ended', 'ending') !== undefined;
    } catch {
      return false;
    }
  });

describe('a campaign', () => {
  it('counts cycles, keeps to them, and ends', async () => {
    expect((await mcp.call('set_campaign', { max_cycles: 2 })).data).toEqual({
      campaign: { cycles_used: 0, max_cycles: 2, gpus: null },
      stopped: null,
    });
    for (const name of ['a', 'b', 'c']) {
      expect((await launch(name)).ok, name).toBe(true);
      go(name);
      await mcp.call('wait_for_experiment');
    }
    // Naming the same limits again, as a session does that goes on, changes nothing; the baseline was no cycle.
    expect((await mcp.call('set_campaign', { max_cycles: 2 })).data.campaign).toMatchObject({
      cycles_used: 2,
    });
    failed(await launch('d'), 'all 2 cycles of this campaign are used');
    expect((await mcp.call('experiment_status')).data.status.campaign).toMatchObject({ cycles_used: 2 });
    const { data } = await mcp.call('set_campaign', { stop: 'cycles used' });
    expect(data).toEqual({ campaign: null, stopped: 'cycles used' });
    expect((await mcp.call('experiment_status')).data.status.status).toBe('stopped: cycles used');
    expect(project.ledger().filter(({ kind }) => kind === 'campaign')).toHaveLength(1);
    // By hand more may be launched.
    expect((await launch('d')).ok).toBe(true);
  });

  it('takes other limits and keeps the count; refuses what says nothing', async () => {
    failed(await mcp.call('set_campaign', {}), 'begun with max_cycles or ended with stop');
    failed(await mcp.call('set_campaign', { max_cycles: 1, stop: 'no' }), 'begun with max_cycles or ended');
    await mcp.call('set_campaign', { max_cycles: 1 });
    for (const name of ['a', 'b']) {
      await launch(name);
      go(name);
      await mcp.call('wait_for_experiment');
    }
    const { data } = await mcp.call('set_campaign', { max_cycles: 3, gpus: [1] });
    expect(data.campaign).toEqual({ cycles_used: 1, max_cycles: 3, gpus: [1] });
    expect((await mcp.call('set_campaign', { stop: 'enough' })).data.campaign).toBe(null);
    expect((await mcp.call('set_campaign', { max_cycles: 4 })).data.campaign).toMatchObject({
      cycles_used: 0,
    });
  });
});

describe('an ending', () => {
  it('that was waited for is told by the wait alone', async () => {
    await launch('a');
    go('a');
    expect((await mcp.call('wait_for_experiment', { run: 'exp001' })).data).toMatchObject({
      reason: 'ended',
      run: { id: 'exp001' },
    });
    const { data, text } = await mcp.call('experiment_status');
    expect(data.news).toBeUndefined();
    expect(text).not.toContain('news:');
  });

  it('that nobody fetched is told once, with the next call of any tool and of any server', async () => {
    await launch('a');
    await launch('b');
    go('a');
    await ended('exp001');
    await mcp.close();
    mcp = await connectMcp(project.root);
    const { data, text } = await mcp.call('list_files');
    expect(data.news).toEqual([expect.stringMatching(/^exp001 \(run a\) ended: succeeded, val_acc 0\.5; /)]);
    expect(text).toContain('news: exp001');
    for (const name of ['read_memory', 'experiment_status', 'list_files'])
      expect((await mcp.call(name)).data.news, name).toBeUndefined();
    go('b');
    await ended('exp002');
    // Also with an answer that says what is wrong.
    failed(await mcp.call('read_file', { path: 'none' }), /news: exp002 \(run b\) ended/);
    expect((await mcp.call('list_files')).data.news).toBeUndefined();
  });

  it('that came while nobody waited is what the next wait returns', async () => {
    await launch('a');
    await launch('b');
    go('b');
    await ended('exp002');
    const { data } = await mcp.call('wait_for_experiment');
    expect(data).toMatchObject({ reason: 'ended', run: { id: 'exp002' }, still_running: ['exp001'] });
    go('a');
    expect((await mcp.call('wait_for_experiment')).data).toMatchObject({ run: { id: 'exp001' } });
  });

  it('of a run that a person launched by hand is not told', async () => {
    go('a');
    await project.run('launch', '--', 'sh', 'train.sh', 'a');
    await ended('exp001');
    expect((await mcp.call('list_files')).data.news).toBeUndefined();
  });
});

describe('prompts', () => {
  it('are the skills, with the words of the person', async () => {
    const { prompts } = await mcp.client.listPrompts();
    const names = prompts.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['auto-experiment', 'experiment-status', 'gpu-status']));
    expect(JSON.stringify(prompts).length).toBeLessThan(3000);
    const { messages } = await mcp.client.getPrompt({
      name: 'auto-experiment',
      arguments: { request: '--max-cycles 3 $& lr first' },
    });
    expect(messages).toHaveLength(1);
    expect(messages[0]?.content).toMatchObject({
      text: expect.stringContaining('asks for: --max-cycles 3 $& lr first\n'),
    });
    await expect(mcp.client.getPrompt({ name: 'other' })).rejects.toThrow(/there is no prompt "other"/);
  });

  it('of a role are its own instructions', async () => {
    const worker = await connectMcp(project.root, { role: 'code' });
    try {
      expect((await worker.client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['code-agent']);
    } finally {
      await worker.close();
    }
  });
});

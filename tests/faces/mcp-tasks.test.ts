import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, MAIN, makeProject, type TestProject, until } from '../support/project.js';

// The protocol of 2026-07-28 at the wire: a call of hours as a task that any server can be asked about.

const TASKS = 'io.modelcontextprotocol/tasks';
const FILES = {
  'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nImprove train.sh.\n',
  'config.yaml':
    'experiment: {stop_grace: 1, survivor_grace: 1, dry_run_args: [--dry]}\ngpu: {auto_detect: false}\n',
  'train.sh':
    'case "$*" in *--dry*) exit 0;; esac\necho epoch 7/9 val_acc=0.4\nwhile [ ! -e go ]; do sleep 0.05; done\necho epoch 9/9 val_acc=0.5\n',
};

interface Wire {
  child: ChildProcess;
  ask(method: string, params?: Json, extensions?: Json): Promise<Json>;
}

/** A server and a client of the newest protocol, which has no handshake: each request says who asks. */
function openWire(root: string): Wire {
  const child = spawn(process.execPath, [MAIN, 'mcp', '--project', root], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting = new Map<number, (answer: Json) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line);
    waiting.get(answer.id)?.(answer);
  });
  let count = 0;
  return {
    child,
    ask(method, params = {}, extensions = { [TASKS]: {} }) {
      const id = ++count;
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'tests', version: '0' },
        'io.modelcontextprotocol/clientCapabilities': { extensions },
      };
      const answered = new Promise<Json>((resolve) => waiting.set(id, resolve));
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } })}\n`);
      return answered;
    },
  };
}

let project: TestProject;
let wire: Wire;
const call = async (name: string, args: Json = {}, extensions?: Json): Promise<Json> =>
  (await wire.ask('tools/call', { name, arguments: args }, extensions)).result;
const get = (taskId: string): Promise<Json> => wire.ask('tasks/get', { taskId });
/** Asks until the task is no longer at work, as a client does. */
async function over(taskId: string): Promise<Json> {
  for (;;) {
    const { result } = await get(taskId);
    if (result.status !== 'working') return result;
  }
}

beforeEach(async () => {
  project = makeProject(FILES);
  wire = openWire(project.root);
  const launched = await call('launch_experiment', { command: ['sh', 'train.sh'] });
  expect(launched.structuredContent, JSON.stringify(launched)).toMatchObject({ run: { id: 'exp001' } });
});
afterEach(async () => {
  wire.child.kill();
  await project.end();
});

const end = (): void => writeFileSync(join(project.root, 'go'), '');
const receipt = (): boolean => existsSync(join(project.root, 'workspace/receipts/exp001'));

describe('a wait of a client that takes tasks', () => {
  it('is a handle, says how far the run is, and gives the answer of the call', async () => {
    const { result: offer } = await wire.ask('server/discover');
    expect(offer.capabilities.extensions).toEqual({ [TASKS]: {} });
    const task = await call('wait_for_experiment', { run: 'exp001' });
    expect(task).toMatchObject({ resultType: 'task', status: 'working', ttlMs: null });
    expect(Date.parse(task.createdAt)).toBeGreaterThan(Date.now() - 60_000);
    let said = '';
    while (!said.includes('epoch 7/9')) said = (await get(task.taskId)).result.statusMessage;
    expect(said).toContain('val_acc 0.4');
    expect(receipt()).toBe(true);
    end();
    const { status, result, createdAt } = await over(task.taskId);
    expect({ status, createdAt }).toEqual({ status: 'completed', createdAt: task.createdAt });
    expect(result.structuredContent).toMatchObject({
      reason: 'ended',
      run: { id: 'exp001', ending: 'succeeded' },
    });
    expect(result.content[0].text).toContain('exp001 succeeded');
    // It was told by this answer, and is no news to any other.
    expect(receipt()).toBe(false);
    expect((await call('read_memory')).structuredContent).not.toHaveProperty('news');
  });

  it('outlives its server', async () => {
    const { taskId } = await call('wait_for_experiment');
    wire.child.kill('SIGKILL');
    end();
    wire = openWire(project.root);
    expect(await over(taskId)).toMatchObject({
      taskId,
      status: 'completed',
      result: { structuredContent: { reason: 'ended', run: { id: 'exp001' } } },
    });
  });

  it('is cancelled without touching the run', async () => {
    const { taskId } = await call('wait_for_experiment', { run: 'exp001' });
    expect((await wire.ask('tasks/cancel', { taskId })).error).toBeUndefined();
    expect((await get(taskId)).result).toMatchObject({ taskId, status: 'cancelled' });
    const status = await call('experiment_status', { run: 'exp001' });
    expect(status.structuredContent.run.state).not.toBe('ended');
    end();
    await until(() => project.ledger().some(({ kind }) => kind === 'end'));
    expect(receipt()).toBe(true);
  });

  it('ends with a new directive, and with its time', async () => {
    const { taskId } = await call('wait_for_experiment');
    expect((await get(taskId)).result.status).toBe('working');
    await project.run('directive', 'Try momentum.');
    expect((await over(taskId)).result.structuredContent).toMatchObject({
      reason: 'directive',
      directive: 'Try momentum.',
      still_running: ['exp001'],
    });
    // The next one knows it already.
    const short = await call('wait_for_experiment', { timeout_s: 0.2 });
    expect((await over(short.taskId)).result.structuredContent).toMatchObject({ reason: 'timeout' });
  });

  it('is refused at once for a run that is not there; tools that answer at once are no tasks', async () => {
    expect(await call('wait_for_experiment', { run: 'exp999' })).toMatchObject({ isError: true });
    expect(await call('wait_for_experiment', { runs: 'exp001' })).toMatchObject({ isError: true });
    expect(await call('read_memory')).toMatchObject({ resultType: 'complete' });
  });

  it('is unknown under any other name', async () => {
    for (const taskId of [
      '',
      'x',
      'read_memory-1795579725729-1',
      'launch_experiment-1795579725729-1-none-exp001',
    ])
      expect((await get(taskId)).error, taskId).toMatchObject({ code: -32602 });
    expect((await get('wait_for_experiment-1795579725729-../../x')).result.result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('is no wait of this server') }],
    });
  });

  it('blocks for a client that takes none', async () => {
    const answer = call('wait_for_experiment', { run: 'exp001' }, {});
    end();
    expect(await answer).toMatchObject({ resultType: 'complete', structuredContent: { reason: 'ended' } });
  });
});

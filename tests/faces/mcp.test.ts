import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, failed, type McpSession } from '../support/mcp-client.js';
import { makeProject, type TestProject } from '../support/project.js';

// The bundled server over stdio with the SDK's client; real runs, real files.

const TOOLS = [
  'run_shell',
  'launch_experiment',
  'write_file',
  'read_file',
  'list_files',
  'experiment_status',
  'wait_for_experiment',
  'stop_experiment',
  'set_campaign',
  'read_memory',
  'log_memory',
  'gpu_status',
  'search_papers',
  'get_paper',
  'paper_digest',
];

const BRIEF = '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nImprove the accuracy of train.sh.\n';
const CONFIG = `
experiment: {stop_grace: 1, survivor_grace: 1, max_parallel: 4, dry_run_args: [--dry]}
`;
/** Trains until the file `go` is there; `--dry` is its short form. */
const TRAIN = `case "$*" in *--dry*) exit 0;; esac
echo epoch 1/2 val_acc=0.5
while [ ! -e go ]; do sleep 0.05; done
echo epoch 2/2 val_acc=0.75
`;

let project: TestProject;
let mcp: McpSession;

beforeEach(async () => {
  project = makeProject({ 'PROJECT_BRIEF.md': BRIEF, 'config.yaml': CONFIG, 'train.sh': TRAIN });
  mcp = await connectMcp(project.root);
});
afterEach(async () => {
  await mcp.close();
  await project.end();
});

const at = (...parts: string[]): string => join(project.root, ...parts);
const launch = async (...command: string[]): Promise<string> => {
  const { data, text } = await mcp.call('launch_experiment', { command });
  expect(data, text).toBeDefined();
  return data.run.id;
};
/** One call that returns the first progress message, and the call's own end. */
const waiting = (args: Record<string, unknown>, signal?: AbortSignal) => {
  const told: string[] = [];
  let begun: (message: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => {
    begun = resolve;
  });
  const onProgress = (message: string): void => {
    told.push(message);
    begun(message);
  };
  const answer = mcp.call('wait_for_experiment', args, {
    onProgress,
    ...(signal === undefined ? {} : { signal }),
  });
  // Awaited by the test; this only keeps an early failure from counting as unhandled.
  answer.catch(() => undefined);
  return { first: Promise.race([first, answer.then(({ text }) => text)]), answer, told };
};

describe('what the server offers', () => {
  it('says who it is and how to work with it', () => {
    expect(mcp.client.getServerVersion()).toMatchObject({
      name: 'auto-experiment',
      version: JSON.parse(readFileSync('package.json', 'utf8')).version,
    });
    expect(mcp.client.getInstructions()).toContain('wait_for_experiment');
    expect(mcp.client.getServerCapabilities()).toMatchObject({ tools: {}, resources: {} });
  });

  it('all tools, strict, annotated, in few words', async () => {
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(TOOLS);
    for (const tool of tools) {
      expect(tool.inputSchema, tool.name).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.description?.length, tool.name).toBeGreaterThan(20);
      expect(tool.title, tool.name).toBeTruthy();
    }
    const readers = tools
      .filter(({ annotations }) => annotations?.readOnlyHint === true)
      .map(({ name }) => name);
    expect(readers).toEqual([
      'read_file',
      'list_files',
      'experiment_status',
      'wait_for_experiment',
      'read_memory',
      'gpu_status',
      'search_papers',
    ]);
    const repeatable = tools
      .filter(({ annotations }) => annotations?.idempotentHint === true)
      .map(({ name }) => name);
    expect(repeatable).toEqual(expect.arrayContaining([...readers, 'write_file', 'stop_experiment']));
    expect(repeatable).not.toEqual(expect.arrayContaining(['launch_experiment']));
    expect(tools.every(({ annotations }) => annotations?.openWorldHint === false)).toBe(true);
    // Under 3,500 tokens, at 3.6 characters each.
    expect(JSON.stringify({ tools }).length).toBeLessThan(12_000);
  });

  it.each([
    ['code', ['run_shell', 'launch_experiment', 'write_file', 'read_file', 'list_files']],
    ['leader', ['read_file', 'experiment_status', 'read_memory', 'log_memory', 'gpu_status']],
    ['idea', ['write_file', 'read_file', 'search_papers', 'get_paper']],
    ['writing', ['write_file', 'read_file', 'list_files']],
  ])('role %s is offered its own tools and no other', async (role, names) => {
    const worker = await connectMcp(project.root, { role });
    try {
      expect((await worker.client.listTools()).tools.map(({ name }) => name)).toEqual(names);
      failed(await worker.call('stop_experiment', { run: 'exp001' }), 'there is no tool "stop_experiment"');
    } finally {
      await worker.close();
    }
  });

  it('brief, memory and report as resources', async () => {
    const { resources } = await mcp.client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      ['brief', 'memory', 'report'].map((name) => `auto-experiment://${name}`),
    );
    const read = async (uri: string) => (await mcp.client.readResource({ uri })).contents[0];
    expect(await read('auto-experiment://brief')).toMatchObject({
      mimeType: 'text/markdown',
      text: '# Goal\nImprove the accuracy of train.sh.',
    });
    expect(await read('auto-experiment://report')).toMatchObject({ text: 'No report was written yet.' });
    await project.run('report');
    expect(await read('auto-experiment://report')).toMatchObject({
      text: expect.stringContaining('Nothing has run yet'),
    });
    await expect(read('auto-experiment://other')).rejects.toThrow(
      /there is no resource "auto-experiment:\/\/other"; the resources are/,
    );
    writeFileSync(at('config.yaml'), 'experimant: {}');
    await expect(read('auto-experiment://brief')).rejects.toThrow(
      /unknown key "experimant".*did you mean "experiment"/,
    );
  });
});

describe('wrong calls are answered in words', () => {
  it('tools, arguments and types that are not there', async () => {
    const calls: [string, Record<string, unknown>, RegExp][] = [
      ['read_fille', {}, /there is no tool "read_fille"\nhint: did you mean read_file\?/],
      ['zzzzzz', {}, /there is no tool "zzzzzz"\nhint: the tools are run_shell, /],
      [
        'read_file',
        { path: 'a', ofset: 3 },
        /read_file: there is no argument "ofset"\nhint: did you mean offset\?/,
      ],
      ['read_file', {}, /read_file: "path": .*expected string.*\nhint: it takes path, offset/],
      ['read_file', { path: 5 }, /read_file: "path": .*expected string/],
      ['list_files', { path: '.', depth: 99 }, /list_files: "depth": /],
      ['read_memory', { a: 1 }, /there is no argument "a"\nhint: it takes no arguments/],
      ['run_shell', { command: 'true', timeout_s: 'long' }, /run_shell: "timeout_s": /],
    ];
    for (const [name, args, words] of calls) failed(await mcp.call(name, args), words);
  });

  it('a project that cannot be read is told at each call, and read anew when it was mended', async () => {
    writeFileSync(at('config.yaml'), 'a: [');
    failed(await mcp.call('experiment_status'), 'config.yaml is not valid YAML');
    writeFileSync(at('config.yaml'), CONFIG);
    expect(await mcp.call('experiment_status')).toMatchObject({ ok: true });
  });
});

describe('launch_experiment', () => {
  it('refuses without a declared dry run, and nothing is made', async () => {
    writeFileSync(at('config.yaml'), '');
    failed(await mcp.call('launch_experiment', { command: ['sh', 'train.sh'] }), 'no dry run is declared');
    expect(existsSync(at('workspace'))).toBe(false);
  });

  it('refuses with the end of a failing dry run, and launches after the code was mended', async () => {
    await mcp.call('write_file', {
      path: 'train.sh',
      text: 'echo before; echo "no module named torhc" >&2; exit 7\n',
    });
    const refused = await mcp.call('launch_experiment', { command: 'sh train.sh' });
    failed(refused, /the dry run failed with exit code 7; nothing was launched/);
    expect(refused.text).toContain('no module named torhc');
    expect(refused.text).toContain('sh train.sh --dry');
    expect(existsSync(at('workspace/runs/exp001'))).toBe(false);

    await mcp.call('write_file', { path: 'train.sh', text: 'echo val_acc=0.5\n' });
    const launched = await mcp.call('launch_experiment', {
      command: 'sh train.sh',
      title: 'mended',
      hypothesis: 'the name was wrong',
    });
    expect(launched.data.run).toMatchObject({
      id: 'exp001',
      state: 'queued',
      title: 'mended',
      role: 'baseline',
    });
    expect(launched.data.notes.join()).toContain('dry run ended well');
    expect(launched.text).toContain('wait_for_experiment {"run":"exp001"}');
    expect(project.ledger()).toContainEqual(
      expect.objectContaining({ kind: 'hypothesis', run: 'exp001', text: 'the name was wrong' }),
    );
  });

  it('takes the short run as an argument where the config has none', async () => {
    writeFileSync(at('config.yaml'), '');
    const command = 'sh train.sh';
    const other = await mcp.call('launch_experiment', { command, dry_run: 'true' });
    failed(
      other,
      /the dry run starts "true", but what would be launched is "sh train.sh"\nhint: give the same command/,
    );
    const { ok, data } = await mcp.call('launch_experiment', { command, dry_run: 'sh train.sh --dry' });
    expect(ok).toBe(true);
    expect(data.notes.join()).toContain('dry run ended well');
    const tried = project.ledger().find(({ kind }) => kind === 'dry_run');
    expect(tried).toMatchObject({ command: ['sh', 'train.sh', '--dry'], ok: true });
  });

  it('refuses what cannot be started, and makes nothing', async () => {
    const calls: [Record<string, unknown>, RegExp][] = [
      [{ command: 'no-such-program --x' }, /there is no program "no-such-program"/],
      [{ command: 'sh train.sh | tee log' }, /needs a shell[\s\S]*sh -c/],
      [{ command: "sh 'train.sh" }, /a ' is not closed/],
      [{ command: '  ' }, /the command is empty/],
      [{ command: ['sh', 'a\0b'] }, /NUL character/],
      [{ command: 'sh train.sh', time_limit_s: -1 }, /"time_limit_s"/],
    ];
    for (const [args, words] of calls) failed(await mcp.call('launch_experiment', args), words);
    expect(existsSync(at('workspace'))).toBe(false);
  });
});

describe('wait_for_experiment', () => {
  it('tells progress, and returns the run with its ending, metrics and end of log', async () => {
    const id = await launch('sh', 'train.sh');
    const wait = waiting({ run: id });
    expect(await wait.first).toContain(id);
    writeFileSync(at('go'), '');
    const { ok, text, data } = await wait.answer;
    expect(ok).toBe(true);
    expect(wait.told.length).toBeGreaterThan(0);
    expect(data).toMatchObject({ reason: 'ended', directive: null, still_running: [] });
    expect(data.run).toMatchObject({
      id,
      state: 'ended',
      ending: 'succeeded',
      exit_code: 0,
      primary: { name: 'val_acc', value: 0.75 },
    });
    expect(data.run.metrics.val_acc).toMatchObject({ last: 0.75, best: 0.75 });
    expect(data.run.log_tail).toEqual(['epoch 1/2 val_acc=0.5', 'epoch 2/2 val_acc=0.75']);
    for (const part of ['ended', id, 'succeeded', '0.75', '| epoch 2/2 val_acc=0.75'])
      expect(text).toContain(part);
  });

  it('returns when a person leaves a directive, and the run goes on', async () => {
    const id = await launch('sh', 'train.sh');
    const wait = waiting({});
    await wait.first;
    await project.run('directive', 'try a smaller learning rate');
    const { data, text } = await wait.answer;
    expect(data).toMatchObject({
      reason: 'directive',
      directive: 'try a smaller learning rate',
      run: null,
      still_running: [id],
    });
    expect(text).toContain('directive from the person: try a smaller learning rate');
    writeFileSync(at('go'), '');
    expect((await mcp.call('wait_for_experiment', { run: id })).data).toMatchObject({
      reason: 'ended',
      run: { ending: 'succeeded' },
    });
  });

  it('returns when a stop rule fires, before the run is gone', async () => {
    writeFileSync(
      at('config.yaml'),
      'experiment: {stop_grace: 600, dry_run_args: [--dry], stop_rules: [val_loss above 10]}',
    );
    // It heeds no SIGTERM until it is told to, so that the wait can only be ended by the rule.
    writeFileSync(
      at('train.sh'),
      `case "$*" in *--dry*) exit 0;; esac
trap 'echo writing a checkpoint; while [ ! -e go ]; do sleep 0.05; done; exit 1' TERM
echo epoch 1 val_loss=99
while :; do sleep 0.05; done
`,
    );
    const id = await launch('sh', 'train.sh');
    const { data } = await mcp.call('wait_for_experiment', { run: id });
    expect(data).toMatchObject({ reason: 'rule', run: { id, state: 'running' }, still_running: [id] });
    expect(data.run.note).toContain('val_loss');
    writeFileSync(at('go'), '');
    expect((await mcp.call('wait_for_experiment', { run: id })).data.run).toMatchObject({
      ending: 'diverged',
    });
  });

  it('returns after its own timeout, and on being cancelled at once; the run goes on to its end', async () => {
    const id = await launch('sh', 'train.sh');
    expect((await mcp.call('wait_for_experiment', { run: id, timeout_s: 0 })).data).toMatchObject({
      reason: 'timeout',
      run: null,
      still_running: [id],
    });
    const cancel = new AbortController();
    const wait = waiting({ run: id }, cancel.signal);
    await wait.first;
    cancel.abort('enough');
    await expect(wait.answer).rejects.toThrow('enough');
    writeFileSync(at('go'), '');
    expect((await mcp.call('wait_for_experiment', { run: id })).data.run).toMatchObject({
      id,
      ending: 'succeeded',
    });
  });

  it('says when there is nothing to wait for', async () => {
    failed(await mcp.call('wait_for_experiment'), 'no runs yet');
    const id = await launch('sh', 'train.sh');
    failed(
      await mcp.call('wait_for_experiment', { run: 'exp01' }),
      `there is no run "exp01"\nhint: did you mean ${id}?`,
    );
  });
});

describe('stop_experiment and experiment_status', () => {
  it('stops one run, says so, and says that it had ended already the second time', async () => {
    const id = await launch('sh', 'train.sh');
    await waiting({ run: id }).first;
    expect((await mcp.call('stop_experiment', { run: id })).data).toMatchObject({
      stopped: true,
      run: { ending: 'stopped' },
    });
    const again = await mcp.call('stop_experiment', { run: id });
    expect(again.data).toMatchObject({ stopped: false, run: { ending: 'stopped' } });
    expect(again.text).toContain('it had ended already');
    failed(await mcp.call('stop_experiment', { run: 'exp999' }), 'there is no run "exp999"');
  });

  it('tells the campaign, and one run in full', async () => {
    const empty = await mcp.call('experiment_status');
    expect(empty.data).toMatchObject({
      run: null,
      status: { status: 'nothing was run yet', total_runs: 0, best: null },
    });
    const id = await launch('sh', 'train.sh');
    writeFileSync(at('go'), '');
    await mcp.call('wait_for_experiment', { run: id });
    const { data, text } = await mcp.call('experiment_status');
    expect(data.status).toMatchObject({
      metric: 'val_acc (maximize)',
      baseline: { run: id, value: 0.75 },
      total_runs: 1,
      goal: 'Improve the accuracy of train.sh.',
    });
    expect(data.status.recent).toEqual([expect.objectContaining({ id, ending: 'succeeded', value: 0.75 })]);
    expect(text).toContain('baseline: 0.75');
    expect((await mcp.call('experiment_status', { run: id })).data).toMatchObject({
      status: null,
      run: { id, log: at('workspace/runs', id, 'log') },
    });
    failed(await mcp.call('experiment_status', { run: '../../etc' }), 'there is no run');
  });

  it('tells about GPUs without one', async () => {
    const { data, text } = await mcp.call('gpu_status');
    expect(data).toMatchObject({ gpus: expect.any(Array), machine: expect.any(String) });
    expect(text).toContain(data.machine);
  });
});

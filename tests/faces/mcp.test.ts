import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, type McpSession, type ToolAnswer } from '../support/mcp-client.js';
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
  'read_memory',
  'log_memory',
  'gpu_status',
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
const failed = (answer: ToolAnswer, words: RegExp | string): void => {
  expect(answer.text).toMatch(words);
  expect(answer).toMatchObject({ ok: false, data: undefined });
  expect(answer.text).toMatch(/\nhint: \S/);
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
  const answer = mcp.call('wait_for_experiment', args, { onProgress, ...(signal === undefined ? {} : { signal }) });
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
    const readers = tools.filter(({ annotations }) => annotations?.readOnlyHint === true).map(({ name }) => name);
    expect(readers).toEqual(['read_file', 'list_files', 'experiment_status', 'wait_for_experiment', 'read_memory', 'gpu_status']);
    const repeatable = tools.filter(({ annotations }) => annotations?.idempotentHint === true).map(({ name }) => name);
    expect(repeatable).toEqual(expect.arrayContaining([...readers, 'write_file', 'stop_experiment']));
    expect(repeatable).not.toEqual(expect.arrayContaining(['launch_experiment']));
    expect(tools.every(({ annotations }) => annotations?.openWorldHint === false)).toBe(true);
    // Under 3,500 tokens, at 3.6 characters each.
    expect(JSON.stringify({ tools }).length).toBeLessThan(12_000);
  });

  it.each([
    ['code', ['run_shell', 'launch_experiment', 'write_file', 'read_file', 'list_files']],
    ['leader', ['write_file', 'read_file', 'read_memory', 'log_memory', 'gpu_status']],
    ['idea', ['write_file', 'read_file']],
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
    expect(resources.map(({ uri }) => uri)).toEqual(['brief', 'memory', 'report'].map((name) => `auto-experiment://${name}`));
    const read = async (uri: string) => (await mcp.client.readResource({ uri })).contents[0];
    expect(await read('auto-experiment://brief')).toMatchObject({ mimeType: 'text/markdown', text: '# Goal\nImprove the accuracy of train.sh.' });
    expect(await read('auto-experiment://report')).toMatchObject({ text: 'No report was written yet.' });
    await project.run('report');
    expect(await read('auto-experiment://report')).toMatchObject({ text: expect.stringContaining('val_acc') });
    await expect(read('auto-experiment://other')).rejects.toThrow(/there is no resource "auto-experiment:\/\/other"; the resources are/);
    writeFileSync(at('config.yaml'), 'experimant: {}');
    await expect(read('auto-experiment://brief')).rejects.toThrow(/unknown key "experimant".*did you mean "experiment"/);
  });
});

describe('wrong calls are answered in words', () => {
  it.each([
    ['an unknown tool', 'read_fille', {}, /there is no tool "read_fille"\nhint: did you mean read_file\?/],
    ['a tool like nothing', 'zzzzzz', {}, /there is no tool "zzzzzz"\nhint: the tools are run_shell, /],
    ['an unknown argument', 'read_file', { path: 'a', ofset: 3 }, /read_file: there is no argument "ofset"\nhint: did you mean offset\?/],
    ['a missing argument', 'read_file', {}, /read_file: "path": .*expected string/],
    ['a wrong type', 'read_file', { path: 5 }, /read_file: "path": .*expected string/],
    ['a wrong form', 'list_files', { path: '.', depth: 99 }, /list_files: "depth": /],
    ['an argument where none is', 'read_memory', { a: 1 }, /there is no argument "a"\nhint: it takes no arguments/],
    ['a proto key', 'read_file', JSON.parse('{"path": "train.sh", "__proto__": {"path": "x"}}'), /there is no argument "__proto__"/],
  ])('%s', async (_, name, args, words) => {
    failed(await mcp.call(name, args), words);
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
    await mcp.call('write_file', { path: 'train.sh', text: 'echo before; echo "no module named torhc" >&2; exit 7\n' });
    const refused = await mcp.call('launch_experiment', { command: 'sh train.sh' });
    failed(refused, /the dry run failed with exit code 7; nothing was launched/);
    expect(refused.text).toContain('no module named torhc');
    expect(refused.text).toContain('sh train.sh --dry');
    expect(existsSync(at('workspace/runs/exp001'))).toBe(false);

    await mcp.call('write_file', { path: 'train.sh', text: 'echo val_acc=0.5\n' });
    const launched = await mcp.call('launch_experiment', { command: 'sh train.sh', title: 'mended', hypothesis: 'the name was wrong' });
    expect(launched.data.run).toMatchObject({ id: 'exp001', state: 'queued', title: 'mended', role: 'baseline' });
    expect(launched.data.notes.join()).toContain('dry run ended well');
    expect(launched.text).toContain('wait_for_experiment {"run":"exp001"}');
    expect(project.ledger()).toContainEqual(expect.objectContaining({ kind: 'hypothesis', run: 'exp001', text: 'the name was wrong' }));
  });

  it('takes the short run as an argument where the config has none', async () => {
    writeFileSync(at('config.yaml'), '');
    const dry_run = 'sh -c "echo tried > tried"';
    expect(await mcp.call('launch_experiment', { command: 'sh train.sh', dry_run })).toMatchObject({ ok: true });
    expect(readFileSync(at('tried'), 'utf8')).toBe('tried\n');
  });

  it.each([
    ['a missing program', { command: 'no-such-program --x' }, 'there is no program "no-such-program"'],
    ['a pipe', { command: 'sh train.sh | tee log' }, /needs a shell[^]*sh -c/],
    ['an open quote', { command: "sh 'train.sh" }, "a ' is not closed"],
    ['nothing', { command: '  ' }, 'the command is empty'],
    ['a negative limit', { command: 'sh train.sh', time_limit_s: -1 }, /"time_limit_s"/],
  ])('refuses %s and makes nothing', async (_, args, words) => {
    failed(await mcp.call('launch_experiment', args), words);
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
    expect(data.run).toMatchObject({ id, state: 'ended', ending: 'succeeded', exit_code: 0, primary: { name: 'val_acc', value: 0.75 } });
    expect(data.run.metrics.val_acc).toMatchObject({ last: 0.75, best: 0.75 });
    expect(data.run.log_tail).toEqual(['epoch 1/2 val_acc=0.5', 'epoch 2/2 val_acc=0.75']);
    for (const part of ['ended', id, 'succeeded', '0.75', '| epoch 2/2 val_acc=0.75']) expect(text).toContain(part);
  });

  it('returns when a person leaves a directive, and the run goes on', async () => {
    const id = await launch('sh', 'train.sh');
    const wait = waiting({});
    await wait.first;
    await project.run('directive', 'try a smaller learning rate');
    const { data, text } = await wait.answer;
    expect(data).toMatchObject({ reason: 'directive', directive: 'try a smaller learning rate', run: null, still_running: [id] });
    expect(text).toContain('directive from the person: try a smaller learning rate');
    writeFileSync(at('go'), '');
    expect((await mcp.call('wait_for_experiment', { run: id })).data).toMatchObject({ reason: 'ended', run: { ending: 'succeeded' } });
  });

  it('returns when a stop rule fires, before the run is gone', async () => {
    writeFileSync(at('config.yaml'), 'experiment: {stop_grace: 600, dry_run_args: [--dry], stop_rules: [val_loss above 10]}');
    // It heeds no SIGTERM until it is told to, so that the wait can only be ended by the rule.
    writeFileSync(at('train.sh'), `case "$*" in *--dry*) exit 0;; esac
trap 'echo writing a checkpoint; while [ ! -e go ]; do sleep 0.05; done; exit 1' TERM
echo epoch 1 val_loss=99
while :; do sleep 0.05; done
`);
    const id = await launch('sh', 'train.sh');
    const { data } = await mcp.call('wait_for_experiment', { run: id });
    expect(data).toMatchObject({ reason: 'rule', run: { id, state: 'running' }, still_running: [id] });
    expect(data.run.note).toContain('val_loss');
    writeFileSync(at('go'), '');
    expect((await mcp.call('wait_for_experiment', { run: id })).data.run).toMatchObject({ ending: 'diverged' });
  });

  it('returns after its own timeout, and on being cancelled at once; the run goes on to its end', async () => {
    const id = await launch('sh', 'train.sh');
    expect((await mcp.call('wait_for_experiment', { run: id, timeout_s: 0 })).data).toMatchObject({ reason: 'timeout', run: null, still_running: [id] });
    const cancel = new AbortController();
    const wait = waiting({ run: id }, cancel.signal);
    await wait.first;
    cancel.abort('enough');
    await expect(wait.answer).rejects.toThrow('enough');
    writeFileSync(at('go'), '');
    expect((await mcp.call('wait_for_experiment', { run: id })).data.run).toMatchObject({ id, ending: 'succeeded' });
  });

  it('says when there is nothing to wait for', async () => {
    failed(await mcp.call('wait_for_experiment'), 'no runs yet');
    const id = await launch('sh', 'train.sh');
    failed(await mcp.call('wait_for_experiment', { run: 'exp01' }), `there is no run "exp01"\nhint: did you mean ${id}?`);
  });
});

describe('stop_experiment and experiment_status', () => {
  it('stops one run, says so, and says that it had ended already the second time', async () => {
    const id = await launch('sh', 'train.sh');
    await waiting({ run: id }).first;
    expect((await mcp.call('stop_experiment', { run: id })).data).toMatchObject({ stopped: true, run: { ending: 'stopped' } });
    const again = await mcp.call('stop_experiment', { run: id });
    expect(again.data).toMatchObject({ stopped: false, run: { ending: 'stopped' } });
    expect(again.text).toContain('it had ended already');
    failed(await mcp.call('stop_experiment', { run: 'exp999' }), 'there is no run "exp999"');
  });

  it('tells the campaign, and one run in full', async () => {
    const empty = await mcp.call('experiment_status');
    expect(empty.data).toMatchObject({ run: null, status: { status: 'nothing was run yet', total_runs: 0, best: null } });
    const id = await launch('sh', 'train.sh');
    writeFileSync(at('go'), '');
    await mcp.call('wait_for_experiment', { run: id });
    const { data, text } = await mcp.call('experiment_status');
    expect(data.status).toMatchObject({ metric: 'val_acc (maximize)', baseline: { run: id, value: 0.75 }, total_runs: 1, goal: 'Improve the accuracy of train.sh.' });
    expect(data.status.recent).toEqual([expect.objectContaining({ id, ending: 'succeeded', value: 0.75 })]);
    expect(text).toContain('baseline: 0.75');
    expect((await mcp.call('experiment_status', { run: id })).data).toMatchObject({ status: null, run: { id, log: at('workspace/runs', id, 'log') } });
    failed(await mcp.call('experiment_status', { run: '../../etc' }), 'there is no run');
  });

  it('tells about GPUs without one', async () => {
    const { data, text } = await mcp.call('gpu_status');
    expect(data).toMatchObject({ gpus: expect.any(Array), machine: expect.any(String) });
    expect(text).toContain(data.machine);
  });
});

describe('memory', () => {
  it('what is logged is read back, by the tool and in the file', async () => {
    const run = await launch('sh', 'train.sh');
    expect(await mcp.call('log_memory', { text: 'lower the\nlearning rate next', kind: 'decision', run })).toMatchObject({ ok: true });
    const { data, text } = await mcp.call('read_memory');
    expect(data.brief).toContain('Improve the accuracy');
    expect(data.memory).toContain('lower the learning rate next');
    expect(readFileSync(at('workspace/MEMORY_LOG.md'), 'utf8')).toContain('lower the learning rate next');
    for (const part of [data.brief, data.memory]) expect(text).toContain(part);
    failed(await mcp.call('log_memory', { text: ' \u200b ' }), 'the text is empty');
    failed(await mcp.call('log_memory', { text: 'x', run: 'exp777' }), 'there is no run "exp777"');
    failed(await mcp.call('log_memory', { text: 'x'.repeat(2001) }), '"text"');
  });
});

describe('files', () => {
  it('writes, reads in pages, and lists', async () => {
    const text = Array.from({ length: 900 }, (_, line) => `line "${line}" é`).join('\n');
    expect((await mcp.call('write_file', { path: 'src/deep/a.txt', text })).data).toEqual({ path: 'src/deep/a.txt', bytes: Buffer.byteLength(text) });
    let [read, offset] = ['', 0 as number | null];
    while (offset !== null) {
      const { data } = await mcp.call('read_file', { path: 'src/deep/a.txt', offset });
      expect(data.size).toBe(Buffer.byteLength(text));
      read += data.text;
      offset = data.next_offset;
    }
    expect(read).toBe(text);
    const { data } = await mcp.call('list_files', { depth: 5 });
    expect(data.truncated).toBe(false);
    expect(data.entries).toContainEqual({ path: 'src/deep/a.txt', kind: 'file', bytes: Buffer.byteLength(text) });
    expect(data.entries).toContainEqual({ path: 'src/deep', kind: 'folder', bytes: null });
    failed(await mcp.call('read_file', { path: 'none.txt' }), 'there is no "none.txt"');
    failed(await mcp.call('read_file', { path: 'src' }), 'it is a folder');
    writeFileSync(at('weights.bin'), Buffer.from([1, 0, 2]));
    failed(await mcp.call('read_file', { path: 'weights.bin' }), 'is not a text file');
    failed(await mcp.call('write_file', { path: 'big.txt', text: 'x'.repeat(1024 * 1024 + 1) }), 'too many for one file');
  });

  it('nothing outside the project is read, written or listed', async () => {
    const other = makeProject({ 'secret.txt': 'outside' });
    try {
      symlinkSync(other.root, at('out'));
      symlinkSync(join(other.root, 'secret.txt'), at('link.txt'));
      linkSync(join(other.root, 'secret.txt'), at('hard.txt'));
      const paths = ['../secret.txt', 'src/../../secret.txt', '/etc/passwd', 'out/secret.txt', 'link.txt', 'hard.txt', 'a\0b', 'x/'.repeat(3000), 'n'.repeat(300)];
      for (const path of paths) {
        for (const [tool, args] of [['read_file', { path }], ['write_file', { path, text: 'taken' }]] as const) {
          const answer = await mcp.call(tool, args);
          failed(answer, /refused|protected|there is no/);
          expect(answer.text).not.toContain('outside\n');
          expect(answer.size).toBeLessThan(2000);
        }
      }
      for (const path of ['..', '/', 'out', '../', 'a\0b']) failed(await mcp.call('list_files', { path }), /refused/);
      expect(readFileSync(join(other.root, 'secret.txt'), 'utf8')).toBe('outside');
      expect((await mcp.call('list_files')).data.entries).toContainEqual({ path: 'out', kind: 'link', bytes: null });
    } finally {
      await other.end();
    }
  });

  it('what belongs to the person and to the program is not written, whether it is there or not', async () => {
    mkdirSync(at('.git'));
    const before = readFileSync(at('PROJECT_BRIEF.md'), 'utf8');
    const names = ['PROJECT_BRIEF.md', 'project_brief.md', './/PROJECT_BRIEF.md', 'config.yaml', 'CONFIG.YAML', '.git/hooks/pre-commit', '.git', 'workspace', 'workspace/MEMORY_LOG.md', 'workspace/HUMAN_DIRECTIVE.md', 'workspace/ledger.jsonl', 'workspace/state.json', 'workspace/runs/exp001/run.json', 'workspace/directive_archive/x.md'];
    for (const path of names) failed(await mcp.call('write_file', { path, text: 'mine' }), /is protected: /);
    expect(readFileSync(at('PROJECT_BRIEF.md'), 'utf8')).toBe(before);
    expect(existsSync(at('workspace'))).toBe(false);
    expect(await mcp.call('write_file', { path: 'workspace/notes/a.md', text: 'mine' })).toMatchObject({ ok: true });
  });
});

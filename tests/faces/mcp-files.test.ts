import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, failed, type McpSession } from '../support/mcp-client.js';
import { kill, makeProject, runProcess, type TestProject } from '../support/project.js';

// What an agent can do to files and with a shell, and what it cannot.

let project: TestProject;
let mcp: McpSession;

beforeEach(async () => {
  project = makeProject({
    'PROJECT_BRIEF.md': '# Goal\nImprove the accuracy of train.sh.\n',
    'config.yaml': 'experiment: {mandatory_dry_run: false}\n',
    'train.sh': 'echo val_acc=0.5\n',
  });
  mcp = await connectMcp(project.root, {
    env: { WANDB_API_KEY: 'wandb-0123456789abcdef', PLAIN_SETTING: 'plain' },
  });
});
afterEach(async () => {
  await mcp.close();
  await project.end();
});

const at = (...parts: string[]): string => join(project.root, ...parts);

describe('memory', () => {
  it('a directive that was acted on is filed away with what was done; any other stays', async () => {
    await project.run('directive', 'Try a smaller learning rate.');
    const wrong = await mcp.call('log_memory', { text: 'done', directive_done: 'use more data' });
    expect(wrong).toMatchObject({ ok: false });
    expect(wrong.text).toMatch(
      /no directive that waits begins with "use more data"\nhint: waiting: "Try a smaller/,
    );
    expect((await project.json('status')).directive).toContain('smaller learning rate');
    const done = await mcp.call('log_memory', { text: 'lr 0.01 is next', directive_done: 'Try a smaller' });
    expect(done.text).toContain('lr 0.01 is next');
    expect((await project.json('status')).directive).toBeNull();
    const last = project
      .ledger()
      .filter(({ kind }) => kind === 'directive')
      .at(-1);
    expect(last).toMatchObject({ state: 'done', outcome: 'lr 0.01 is next' });
  });

  it('what is logged is read back, by the tool and in the file', async () => {
    const run = (await mcp.call('launch_experiment', { command: 'sh train.sh' })).data.run.id;
    expect(
      await mcp.call('log_memory', { text: 'lower the\nlearning rate next', kind: 'decision', run }),
    ).toMatchObject({ ok: true });
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
    expect((await mcp.call('write_file', { path: 'src/deep/a.txt', text })).data).toEqual({
      path: 'src/deep/a.txt',
      bytes: Buffer.byteLength(text),
    });
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
    expect(data.entries).toContainEqual({
      path: 'src/deep/a.txt',
      kind: 'file',
      bytes: Buffer.byteLength(text),
    });
    expect(data.entries).toContainEqual({ path: 'src/deep', kind: 'folder', bytes: null });
    failed(await mcp.call('read_file', { path: 'none.txt' }), 'there is no "none.txt"');
    failed(await mcp.call('read_file', { path: 'src' }), 'it is a folder');
    writeFileSync(at('weights.bin'), Buffer.from([1, 0, 2]));
    failed(await mcp.call('read_file', { path: 'weights.bin' }), 'is not a text file');
    failed(
      await mcp.call('write_file', { path: 'big.txt', text: 'x'.repeat(1024 * 1024 + 1) }),
      'too many for one file',
    );
  });

  it('nothing outside the project is read, written or listed', async () => {
    const other = makeProject({ 'secret.txt': 'outside' });
    try {
      symlinkSync(other.root, at('out'));
      symlinkSync(join(other.root, 'secret.txt'), at('link.txt'));
      linkSync(join(other.root, 'secret.txt'), at('hard.txt'));
      const paths = [
        '../secret.txt',
        'src/../../secret.txt',
        '/etc/passwd',
        'out/secret.txt',
        'link.txt',
        'hard.txt',
        'a\0b',
        'x/'.repeat(3000),
        'n'.repeat(300),
      ];
      for (const path of paths) {
        for (const [tool, args] of [
          ['read_file', { path }],
          ['write_file', { path, text: 'taken' }],
        ] as const) {
          const answer = await mcp.call(tool, args);
          failed(answer, /refused|protected|there is no|name too long/);
          expect(answer.text).not.toContain('outside\n');
          expect(answer.size).toBeLessThan(2000);
        }
      }
      for (const path of ['..', '/', 'out', '../', 'a\0b'])
        failed(await mcp.call('list_files', { path }), /refused/);
      expect(readFileSync(join(other.root, 'secret.txt'), 'utf8')).toBe('outside');
      expect((await mcp.call('list_files')).data.entries).toContainEqual({
        path: 'out',
        kind: 'link',
        bytes: null,
      });
    } finally {
      await other.end();
    }
  });

  it('what belongs to the person and to the program is not written, whether it is there or not', async () => {
    mkdirSync(at('.git'));
    const before = readFileSync(at('PROJECT_BRIEF.md'), 'utf8');
    const names = [
      'PROJECT_BRIEF.md',
      'project_brief.md',
      './/PROJECT_BRIEF.md',
      'config.yaml',
      'CONFIG.YAML',
      '.git/hooks/pre-commit',
      '.git',
      'workspace',
      'workspace/MEMORY_LOG.md',
      'workspace/HUMAN_DIRECTIVE.md',
      'workspace/ledger.jsonl',
      'workspace/state.json',
      'workspace/runs/exp001/run.json',
      'workspace/directive_archive/x.md',
    ];
    for (const path of names) failed(await mcp.call('write_file', { path, text: 'mine' }), /is protected: /);
    expect(readFileSync(at('PROJECT_BRIEF.md'), 'utf8')).toBe(before);
    expect(existsSync(at('workspace'))).toBe(false);
    expect(await mcp.call('write_file', { path: 'workspace/notes/a.md', text: 'mine' })).toMatchObject({
      ok: true,
    });
  });
});

const hasBubblewrap =
  (await runProcess(['sh', '-c', 'bwrap --dev-bind / / --unshare-pid true'], { cwd: '/', env: process.env }))
    .code === 0;

describe('run_shell', () => {
  it('answers with exit code and output, of the project folder', async () => {
    const { data, text } = await mcp.call('run_shell', { command: 'pwd; echo problem >&2; exit 3' });
    expect(data).toMatchObject({
      exit_code: 3,
      signal: null,
      timed_out: false,
      stdout: `${project.root}\n`,
      stderr: 'problem\n',
      truncated: false,
      warnings: [],
    });
    for (const part of ['exit code 3', project.root, 'problem']) expect(text).toContain(part);
    expect((await mcp.call('run_shell', { command: 'kill -SEGV $$' })).data).toMatchObject({
      timed_out: false,
    });
    failed(await mcp.call('run_shell', { command: 'true', timeout_s: 0 }), '"timeout_s"');
  });

  it('a time-out ends it with all that it started, also in sessions of their own', async () => {
    const command = 'setsid sleep 9871 & (setsid sh -c "setsid sleep 9872 & sleep 9873" &) ; sleep 9874';
    const { data } = await mcp.call('run_shell', { command, timeout_s: 1 });
    expect(data).toMatchObject({ timed_out: true });
    const left = await runProcess(
      ['sh', '-c', 'grep -l -E "^sleep.987[1-4]" /proc/[0-9]*/cmdline 2>/dev/null'],
      { cwd: '/', env: process.env },
    );
    for (const path of left.stdout.split('\n').filter(Boolean)) kill(Number(path.split('/')[2]));
    expect(left.stdout).toBe('');
  });

  it('cancelling ends the command', async () => {
    const cancel = new AbortController();
    const call = mcp.call(
      'run_shell',
      { command: 'touch begun; sleep 9875; touch done' },
      { signal: cancel.signal },
    );
    const outcome = expect(call).rejects.toThrow('enough');
    while (!existsSync(at('begun'))) await mcp.call('list_files');
    cancel.abort('enough');
    await outcome;
    let left = 'something';
    while (left !== '') {
      left = (
        await runProcess(['sh', '-c', 'grep -l "^sleep.9875" /proc/[0-9]*/cmdline 2>/dev/null'], {
          cwd: '/',
          env: process.env,
        })
      ).stdout;
    }
    expect(existsSync(at('done'))).toBe(false);
  });

  it('shows the end of much output, safe to print', async () => {
    const { data, size } = await mcp.call('run_shell', {
      command:
        'i=0; while [ $i -lt 30000 ]; do echo "line \\"$i\\""; i=$((i+1)); done; printf "\\033[31mred\\033[0m\\000"; yes error | head -100000 >&2',
    });
    expect(data).toMatchObject({ exit_code: 0, truncated: true });
    expect(data.stdout).toMatch(/line "29999"\nred$/);
    expect(data.stderr).toMatch(/error\n$/);
    expect(size).toBeLessThan(9000);
  });

  it('secrets of the server’s environment are not in its own', async () => {
    const { data } = await mcp.call('run_shell', { command: 'env' });
    expect(data.stdout).toContain('PLAIN_SETTING=plain');
    expect(data.stdout).not.toMatch(/WANDB_API_KEY|wandb-0123/);
    writeFileSync(at('.env'), 'OPENAI_API_KEY=sk-proj-abcdefghij0123456789abcdefghij\n');
    const printed = await mcp.call('run_shell', { command: 'cat .env' });
    expect(printed.text).toContain('OPENAI_API_KEY=[redacted]');
    expect(JSON.stringify(printed.data)).not.toContain('abcdefghij0123456789');
  });

  it.runIf(hasBubblewrap)(
    'with bubblewrap: brief, config, records and .git cannot be changed, all else can',
    async () => {
      mkdirSync(at('.git'));
      mkdirSync(at('workspace/runs'), { recursive: true });
      mkdirSync(at('workspace/notes'));
      const attempts = [
        'echo x >> PROJECT_BRIEF.md',
        'rm -f PROJECT_BRIEF.md',
        'mv PROJECT_BRIEF.md a',
        'echo x > config.yaml',
        'touch .git/x',
        'touch workspace/runs/x',
        'echo x >> workspace/ledger.jsonl',
        'ln -f config.yaml b && echo x > b',
        'rm -rf workspace',
        'rm -rf .git',
      ];
      for (const command of attempts) {
        const { data } = await mcp.call('run_shell', { command });
        expect(data, command).toMatchObject({ sandbox: 'bubblewrap', warnings: [] });
        expect(data.exit_code, command).not.toBe(0);
      }
      expect(readFileSync(at('PROJECT_BRIEF.md'), 'utf8')).toContain('Improve the accuracy');
      expect(
        (
          await mcp.call('run_shell', {
            command: 'echo y > workspace/notes/a && echo y > code.py && cat PROJECT_BRIEF.md',
          })
        ).data,
      ).toMatchObject({ exit_code: 0, stdout: expect.stringContaining('# Goal') });
      expect(readFileSync(at('code.py'), 'utf8')).toBe('y\n');
    },
  );

  it('without bubblewrap a change to the brief is told', async () => {
    await mcp.close();
    // A folder of its own for PATH, in which bubblewrap is there and does not work.
    mkdirSync(at('bin'));
    writeFileSync(
      at('bin/bwrap'),
      '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    mcp = await connectMcp(project.root, { env: { PATH: `${at('bin')}:${process.env.PATH}` } });
    const { data, text } = await mcp.call('run_shell', {
      command: 'echo changed >> PROJECT_BRIEF.md; echo done',
    });
    expect(data).toMatchObject({
      exit_code: 0,
      stdout: 'done\n',
      sandbox: 'none',
      warnings: [expect.stringContaining('the brief was changed')],
    });
    expect(text).toContain('warning: the brief was changed');
  });
});

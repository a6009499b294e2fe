import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectMcp, failed, type McpSession } from '../support/mcp-client.js';
import { until } from '../support/project.js';
import { makeSshProject, type SshProject } from '../support/ssh-project.js';

// The file tools and the shell of an agent work where the code lies: in the project's folder on the host, and nowhere else.

let project: SshProject;
let mcp: McpSession;
beforeAll(async () => {
  project = await makeSshProject(
    {
      'PROJECT_BRIEF.md': '---\nlocked: [eval.sh, "splits/*.txt"]\n---\nOnly here.\n',
      'workspace/notes/mine.md': 'a note of here\n',
    },
    {
      loginShell: '/usr/bin/fish',
      greeting: 'Welcome',
      config: 'SetEnv GREETED=yes HF_TOKEN=hf_abcdefghijklmnopqrstuvwx',
    },
  );
  mkdirSync(at('lib/deep'), { recursive: true });
  mkdirSync(at('splits'));
  mkdirSync(at('.auto-experiment'));
  mkdirSync(outside());
  writeFileSync(at('train.py'), 'print("ü")\n'.repeat(2000));
  writeFileSync(at('lib/deep/it’s $x'), 'odd\n');
  writeFileSync(at('binary'), 'a\0b');
  writeFileSync(at('eval.sh'), 'echo "val_acc=$1"\n');
  writeFileSync(at('splits/test.txt'), 'a\n');
  writeFileSync(outside('secret'), 'not yours\n');
  symlinkSync(outside('secret'), at('link'));
  symlinkSync(outside(), at('linked-folder'));
  linkSync(outside('secret'), at('second-name'));
  execFileSync('mkfifo', [at('pipe')]);
  mcp = await connectMcp(project.root, { env: project.env });
});
afterAll(async () => {
  await mcp?.close();
  await project?.end();
});
const at = (...parts: string[]): string => join(project.there, ...parts);
const outside = (...parts: string[]): string => join(project.bin, 'outside', ...parts);

/** Whether a process has this word among its arguments. */
const runs = (word: string): boolean =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
      } catch {
        // It has ended.
        return false;
      }
    });

describe('file tools on a host', () => {
  it('list its folders, links shown and not followed', async () => {
    const { data } = await mcp.call('list_files', { depth: 3 });
    const paths = data.entries.map((entry: { path: string; kind: string }) => `${entry.kind} ${entry.path}`);
    expect(paths).toEqual([
      'folder .auto-experiment',
      'file binary',
      'file eval.sh',
      'folder lib',
      'folder lib/deep',
      'file lib/deep/it’s $x',
      'link link',
      'link linked-folder',
      'other pipe',
      'file second-name',
      'folder splits',
      'file splits/test.txt',
      'file train.py',
    ]);
  });

  it('read a long file page by page, between characters', async () => {
    let text = '';
    for (let offset: number | null = 0; offset !== null; ) {
      const { data } = await mcp.call('read_file', { path: 'train.py', offset });
      text += data.text;
      offset = data.next_offset;
    }
    expect(text).toBe(readFileSync(at('train.py'), 'utf8'));
    expect((await mcp.call('read_file', { path: 'lib/deep/it’s $x' })).data.text).toBe('odd\n');
  });

  it('write whole files, make folders, and keep permissions', async () => {
    expect((await mcp.call('write_file', { path: 'new/er/$(id) file.py', text: 'x = "ü"\n' })).ok).toBe(true);
    expect(readFileSync(at('new/er/$(id) file.py'), 'utf8')).toBe('x = "ü"\n');
    writeFileSync(at('run.sh'), 'old\n', { mode: 0o750 });
    await mcp.call('write_file', { path: 'run.sh', text: '' });
    expect([readFileSync(at('run.sh'), 'utf8'), statSync(at('run.sh')).mode & 0o777]).toEqual(['', 0o750]);
    expect(readdirSync(at()).filter((name) => name.startsWith('.ae-'))).toEqual([]);
  });

  it.each([
    ['link', /symbolic link/],
    ['linked-folder/secret', /symbolic link/],
    ['linked-folder/../secret', /climbs/],
    ['second-name', /2 hard links/],
    ['pipe', /not a regular file/],
    ['lib', /is a folder/],
    ['../outside/secret', /climbs/],
    ['/etc/passwd', /is absolute/],
  ])('refuse %s, reading and writing', async (path, words) => {
    failed(await mcp.call('read_file', { path }), words);
    failed(await mcp.call('write_file', { path, text: 'mine' }), /refused|protected/);
    expect(readFileSync(outside('secret'), 'utf8')).toBe('not yours\n');
    expect(readdirSync(outside())).toEqual(['secret']);
  });

  it('tell what is not there and what is no text', async () => {
    failed(await mcp.call('read_file', { path: 'absent/file' }), /there is no "absent\/file"/);
    failed(await mcp.call('read_file', { path: 'binary' }), /not a text file/);
  });

  it.each([
    ['eval.sh', /measures the runs/],
    ['splits/new.txt', /measures the runs/],
    ['.git/config', /repository/],
    ['.auto-experiment/runs/x/record/exited', /keeps its records/],
    ['PROJECT_BRIEF.md', /brief is the person/],
  ])('protect %s as here', async (path, words) => {
    failed(await mcp.call('write_file', { path, text: 'x' }), words);
    expect(existsSync(at('splits/new.txt'))).toBe(false);
  });

  it('know the brief and the workspace of this computer', async () => {
    expect((await mcp.call('read_file', { path: 'PROJECT_BRIEF.md' })).data.text).toContain('Only here.');
    expect((await mcp.call('read_file', { path: 'workspace/notes/mine.md' })).data.text).toBe(
      'a note of here\n',
    );
  });
});

describe('run_shell on a host', () => {
  it('runs in the folder there, without the secrets of that account, and nothing of it lives on', async () => {
    const { data } = await mcp.call('run_shell', {
      command: 'pwd; echo "<$GREETED><$HF_TOKEN>"; setsid sleep 1000.0731 & exit 3',
    });
    const [folder, seen] = data.stdout.split('\n');
    expect([folder, seen, data.exit_code]).toEqual([project.there, '<yes><>', 3]);
    await until(() => !runs('1000.0731'));
  });

  it('is bounded in time and output', async () => {
    const slow = await mcp.call('run_shell', { command: 'echo begun; sleep 600', timeout_s: 5 });
    expect(slow.data).toMatchObject({ timed_out: true, stdout: 'begun\n' });
    const loud = await mcp.call('run_shell', { command: 'seq 1 200000' });
    expect(loud.data.truncated).toBe(true);
    expect(loud.data.stdout.endsWith('200000\n')).toBe(true);
    expect(loud.size).toBeLessThan(10_000);
  });

  it('cannot quietly change what measures the runs', async () => {
    const { data } = await mcp.call('run_shell', {
      command: 'echo cheat > eval.sh; mv eval.sh e; mv e eval.sh',
    });
    const text = readFileSync(at('eval.sh'), 'utf8');
    if (data.sandbox === 'bubblewrap') expect(text).toBe('echo "val_acc=$1"\n');
    else expect(data.warnings.join()).toContain('eval.sh was changed');
  });
});

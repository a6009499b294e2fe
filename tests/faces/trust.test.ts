import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fillProject } from '../support/filled.js';
import { makeProject, type TestProject, until } from '../support/project.js';

// The provider line of `doctor` opens the provider as the loop does, and asks nothing over the network.

let project: TestProject;
const folders: string[] = [];
afterEach(async () => {
  await project.end();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const KEYS = {
  ANTHROPIC_API_KEY: 'own-key-0123456789',
  OPENAI_API_KEY: 'own-key-9876543210',
  LAB_KEY: 'lab-key-0123456789',
};

function open(config: string, own = '', env: Record<string, string> = {}): void {
  const folder = mkdtempSync(join(tmpdir(), 'auto-experiment-own-'));
  folders.push(folder);
  const file = join(folder, 'config.yaml');
  if (own !== '') writeFileSync(file, own);
  project = makeProject(
    { 'PROJECT_BRIEF.md': 'Make it better.\n', 'config.yaml': `gpu: {auto_detect: false}\n${config}\n` },
    { ...KEYS, ANTHROPIC_BASE_URL: '', OPENAI_BASE_URL: '', AUTO_EXPERIMENT_CONFIG_DIR: folder, ...env },
  );
}

const set = (config: string): void =>
  writeFileSync(join(project.root, 'config.yaml'), `gpu: {auto_detect: false}\n${config}\n`);

/** What doctor says of the provider. */
async function provider(): Promise<{ state: string; text: string; hint: string | null }> {
  const { stdout } = await project.run('doctor', '--json');
  return JSON.parse(stdout).checks.find(({ name }: { name: string }) => name === 'provider');
}
const trust = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await project.run('trust', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('a project that leads a key elsewhere', () => {
  it('is refused, shown, agreed to once, and asked again when it changes', async () => {
    open(
      'agent: {provider: openai, model: qwen-max, base_url: https://dashscope.example/v1, api_key_env: LAB_KEY}',
    );
    expect(await provider()).toMatchObject({
      state: 'note',
      text: expect.stringMatching(/you have not agreed.*dashscope\.example.*LAB_KEY/),
      hint: expect.stringContaining(`auto-experiment trust --project "${project.root}"`),
    });
    const shown = await trust('--show');
    expect(shown).toContain('agent.base_url = https://dashscope.example/v1');
    expect(shown).toContain('the value of LAB_KEY and all prompts are sent to https://dashscope.example/v1');
    expect(await provider()).toMatchObject({ state: 'note' });
    expect(await trust()).toContain('agreed to for');
    expect(await provider()).toMatchObject({
      state: 'good',
      text: expect.stringMatching(/^openai, qwen-max; a key is there; no known price/),
    });
    expect(await trust()).toContain('agreed to already');
    // Another address, another variable, another provider: each is another thing to agree to.
    for (const other of [
      'agent: {provider: openai, model: qwen-max, base_url: https://evil.example/v1, api_key_env: LAB_KEY}',
      'agent: {provider: openai, model: qwen-max, base_url: https://dashscope.example/v1, api_key_env: OPENAI_API_KEY}',
      'agent: {provider: openai, model: qwen-max, base_url: https://dashscope.example/v1}',
      'agent: {provider: anthropic, base_url: https://dashscope.example/v1, api_key_env: LAB_KEY}',
    ]) {
      set(other);
      expect(await provider(), other).toMatchObject({
        state: 'note',
        text: expect.stringMatching(/not agreed/),
      });
    }
    set(
      'agent: {provider: openai, model: qwen-max, base_url: https://dashscope.example/v1, api_key_env: LAB_KEY}',
    );
    expect((await provider()).state).toBe('good');
    expect(await trust('--revoke')).toContain('nothing of');
    expect((await provider()).state).toBe('note');
  });

  it('is not agreed to by what is in the project, nor by another project', async () => {
    const config = 'agent: {base_url: https://gateway.example}';
    open(config);
    await trust();
    expect((await provider()).state).toBe('good');
    const first = project;
    project = makeProject({ 'PROJECT_BRIEF.md': 'x\n', 'config.yaml': `${config}\n` }, KEYS);
    mkdirSync(join(project.root, 'trust'));
    writeFileSync(join(project.root, 'trust.json'), readFileSync(join(project.root, 'config.yaml')));
    expect((await provider()).state).toBe('note');
    await first.end();
  });

  it('needs no trust for a key to its usual place', async () => {
    for (const config of [
      '',
      'agent: {provider: anthropic, base_url: "https://api.anthropic.com/v1", api_key_env: ANTHROPIC_API_KEY}',
      'agent: {provider: openai, model: gpt-6.1-terra, api_key_env: OPENAI_API_KEY}',
    ]) {
      open(config);
      expect((await provider()).state, config).toBe('good');
      expect(await trust('--json').then(JSON.parse)).toMatchObject({ key: null, connection: null });
      await project.end();
    }
    open('');
  });

  it('cannot have another secret sent to the usual place', async () => {
    open('agent: {api_key_env: AWS_SECRET_ACCESS_KEY}', '', {
      AWS_SECRET_ACCESS_KEY: 'aws-secret-0123456789',
    });
    expect(await provider()).toMatchObject({
      state: 'note',
      text: expect.stringContaining('AWS_SECRET_ACCESS_KEY'),
    });
  });
});

describe('the person’s own config', () => {
  const own =
    'agent: {provider: openai, model: qwen-max, base_url: https://lab.example/v1, api_key_env: LAB_KEY, prices: {qwen-max: {input: 1, output: 4}}}\n';

  it('holds for every project, with prices', async () => {
    open('', own);
    expect(await provider()).toMatchObject({
      state: 'good',
      text: 'openai, qwen-max; a key is there; price: agent.prices',
    });
  });

  it('also agrees to a project that says the same, and to no other', async () => {
    open('agent: {provider: openai, base_url: https://lab.example/v1, api_key_env: LAB_KEY}', own);
    expect((await provider()).state).toBe('good');
    set('agent: {provider: openai, base_url: https://lab.example/v1}');
    expect((await provider()).state).toBe('note');
    set('agent: {provider: anthropic, model: claude-sonnet-4-6}');
    expect(await provider()).toMatchObject({
      state: 'good',
      text: expect.stringMatching(/^anthropic, claude-sonnet-4-6/),
    });
  });

  it('is checked as a project’s is', async () => {
    open('', 'agent: {base_urll: https://x.example}\n');
    const { code, stderr } = await project.run('status');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /config\.yaml: unknown key "agent\.base_urll"\nhint: did you mean "agent\.base_url"/,
      ),
    });
    open('', 'agent: {api_key_env: "sk-abc def"}\n');
    expect((await project.run('status')).stderr).toContain('must be the name of an environment variable');
  });
});

describe('ssh arguments of a project', () => {
  it('are refused before anything is run, until they are agreed to', async () => {
    open(
      'execution: {mode: ssh, ssh_host: gpu1.invalid, remote_workspace: /tmp, ssh_args: -p 2222}\nexperiment: {command: python3 train.py}',
    );
    const refused = await project.run('launch', '--', 'python3', 'train.py');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /ssh arguments to which you have not agreed: -p 2222\nhint: .*auto-experiment trust/,
      ),
    });
    expect(await trust()).toContain('execution.ssh_args = -p 2222');
    const tried = await project.run('launch', '--', 'python3', 'train.py');
    expect(tried.code).toBe(1);
    expect(tried.stderr).not.toContain('not agreed');
  });
});

describe('who thinks, in doctor', () => {
  it('says which variable is missing, and how to mend it', async () => {
    open('agent: {provider: anthropic}', '', { ANTHROPIC_API_KEY: '' });
    expect(await provider()).toMatchObject({
      state: 'note',
      text: expect.stringContaining('ANTHROPIC_API_KEY'),
      hint: expect.stringContaining('export ANTHROPIC_API_KEY='),
    });
  });

  it('says which program is missing, and which version is there', async () => {
    open('agent: {provider: codex_cli}', '', { PATH: '/nowhere' });
    expect(await provider()).toMatchObject({
      state: 'note',
      text: expect.stringMatching(/no program "codex"/),
    });
    await project.end();
    const bin = mkdtempSync(join(tmpdir(), 'auto-experiment-bin-'));
    folders.push(bin);
    writeFileSync(join(bin, 'claude'), '#!/bin/sh\necho "9.9.9 (Claude Code)"\n', { mode: 0o755 });
    open('agent: {provider: claude_cli}', '', { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` });
    expect(await provider()).toMatchObject({
      state: 'good',
      text: expect.stringMatching(/^claude_cli, 9\.9\.9 \(Claude Code\); it has its own login; price: /),
    });
  });
});

describe('a run whose ssh arguments nobody agrees to any more', () => {
  const place = { host: 'gpu-box.invalid', workspace: '/nowhere', args: ['-oProxyCommand=touch pwned'] };
  const noted = (id: string, words: RegExp): Promise<void> =>
    until(() => {
      const text = readFileSync(join(project.root, 'workspace/runs', id, 'run.json'), 'utf8');
      return words.test(JSON.parse(text).note ?? '');
    });

  it('is told of wherever it is shown, and keeps no other from being started, watched and ended', async () => {
    open('experiment: {mandatory_dry_run: false, max_parallel: 2, metric: val_acc, direction: maximize}');
    fillProject(project.root, { runs: 2, away: place });
    const { id } = await project.json('launch', '--', 'sh', '-c', 'echo val_acc=0.5');
    expect(await project.json('wait', id)).toMatchObject({ ending: 'succeeded' });
    await noted(
      'exp002',
      /^gpu-box\.invalid is not asked: this project gives ssh arguments to which you have not agreed: -oProxyCommand=touch pwned; .*auto-experiment trust/,
    );
    expect((await project.run('status')).stdout).toMatch(
      /^needs you +exp002: gpu-box\.invalid is not asked: this project gives ssh arguments/m,
    );
    expect(existsSync(join(project.root, 'pwned'))).toBe(false);
  });

  it('waits in the queue with the reason, and holds up neither those behind it nor its own stop', async () => {
    open('experiment: {mandatory_dry_run: false, max_parallel: 1}');
    fillProject(project.root, { runs: 1 });
    const file = join(project.root, 'workspace/runs/exp001/run.json');
    const queued = { ...JSON.parse(readFileSync(file, 'utf8')), id: 'exp002', state: 'queued', ending: null };
    mkdirSync(join(project.root, 'workspace/runs/exp002/record'), { recursive: true });
    const record = { ...queued, place, host: place.host, started_at: null, ended_at: null, exit_code: null };
    writeFileSync(join(project.root, 'workspace/runs/exp002/run.json'), JSON.stringify(record));
    const { id } = await project.json('launch', '--', 'true');
    expect(await project.json('wait', id)).toMatchObject({ ending: 'succeeded' });
    await noted('exp002', /^waiting for gpu-box\.invalid: .*you have not agreed/);
    // It waits for the run to be over, which it is not.
    const stopping = project.run('stop', 'exp002');
    await noted('exp002', /^to be stopped; waiting for gpu-box\.invalid: .*you have not agreed/);
    const next = await project.json('launch', '--', 'true');
    expect(await project.json('wait', next.id)).toMatchObject({ ending: 'succeeded' });
    expect(existsSync(join(project.root, 'pwned'))).toBe(false);
    await project.end();
    await stopping;
  });
});

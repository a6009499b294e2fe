import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAgent } from '../../../mcp-server/src/store/recipes.js';
import { type Machine, makeMachine } from '../../support/home.js';
import { BIN, describeHosts } from '../../support/hosts.js';
import { type Json, type Ran, runProcess } from '../../support/project.js';
import { startModel } from '../../support/scripted-model.js';

// What the real hosts make of an installation and of the plugin, in an empty home.

let machine: Machine;
beforeEach(async () => {
  machine = await makeMachine();
  machine.env.PATH = [machine.env.PATH, BIN].join(delimiter);
  Object.assign(machine.env, {
    ANTHROPIC_API_KEY: 'dummy',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    MODEL_KEY: 'dummy',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  });
});
afterEach(() => machine.end());

const host = (...argv: string[]): Promise<Ran> => runProcess(argv, { cwd: machine.folder, env: machine.env });
const out = async (...argv: string[]): Promise<string> => {
  const { code, stdout, stderr } = await host(...argv);
  expect({ argv, code, stderr: code === 0 ? '' : stderr + stdout }).toEqual({ argv, code: 0, stderr: '' });
  return stdout;
};

describeHosts('the installer and the real hosts', () => {
  it('both start the server that was registered, and keep what is theirs when it is taken out', async () => {
    expect(await machine.install()).toMatchObject({ code: 0, stderr: '' });
    expect(await out('claude', 'mcp', 'list')).toMatch(/autoexp: .*Connected/);
    expect(JSON.parse(await out('codex', 'mcp', 'get', 'autoexp', '--json'))).toMatchObject({
      transport: { env_vars: expect.arrayContaining(['CUDA_VISIBLE_DEVICES']) },
      startup_timeout_sec: 30,
      tool_timeout_sec: 604_800,
    });
    await out('claude', 'mcp', 'add', 'other', '-s', 'user', '--', 'true');
    await out('codex', 'mcp', 'add', 'other', '--', 'true');
    expect(await machine.install('--uninstall')).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(JSON.parse(machine.read('.claude.json')).mcpServers)).toEqual(['other']);
    expect(parseToml(machine.read('.codex/config.toml'))).toEqual({
      mcp_servers: { other: { command: 'true' } },
    });
    expect(
      Object.keys(machine.snapshot()).filter((name) =>
        /^\.(local|agents|claude\/(skills|agents))/.test(name),
      ),
    ).toEqual([]);
  });

  it('codex finds every key of our table valid, and offers the tools in its first request', async () => {
    const model = await startModel([() => [{ text: 'done' }]]);
    try {
      await machine.install('--host', 'codex');
      const provider = `model_providers.s={name="s",base_url="${model.url}/v1",wire_api="responses",env_key="MODEL_KEY"}`;
      const options = ['--strict-config', '--json', '--skip-git-repo-check', '--ephemeral'];
      const settings = ['-c', 'model_provider="s"', '-c', provider, '-c', 'analytics.enabled=false'];
      await out('codex', 'exec', ...options, '-m', 'm', ...settings, 'say something');
      expect(JSON.stringify(model.requests[0])).toContain('wait_for_experiment');
    } finally {
      await model.close();
    }
  });

  it('both take the package as a plugin, with one bundled file as its server', async () => {
    for (const name of ['.claude-plugin', '.codex-plugin', 'plugin.json', 'mcp.json', 'README.md', 'LICENSE'])
      execFileSync('cp', ['-r', name, machine.clone]);
    expect(await out('claude', 'plugin', 'validate', '--strict', machine.clone)).toContain(
      'Validation passed',
    );
    await out('claude', 'plugin', 'marketplace', 'add', machine.clone);
    await out('claude', 'plugin', 'install', 'auto-experiment@auto-experiment');
    expect(await out('claude', 'mcp', 'list')).toMatch(/plugin:auto-experiment:autoexp: .*Connected/);
    await out('codex', 'plugin', 'marketplace', 'add', machine.clone);
    await out('codex', 'plugin', 'add', 'auto-experiment@auto-experiment');
    const server: Json = JSON.parse(await out('codex', 'mcp', 'get', 'autoexp', '--json'));
    expect(server).toMatchObject({ startup_timeout_sec: 30, tool_timeout_sec: 604_800 });
    const program = join(server.transport.cwd, server.transport.args[0]);
    expect(readFileSync(program)).toEqual(readFileSync(join(machine.clone, 'mcp-server/plugin/server.cjs')));
  });

  it('an agent of the plugin has the tools of its role', async () => {
    const names = ['.claude-plugin', 'agents', 'hooks', 'LICENSE', 'README.md'];
    for (const name of names) execFileSync('cp', ['-r', name, machine.clone]);
    await out('claude', 'plugin', 'marketplace', 'add', machine.clone);
    await out('claude', 'plugin', 'install', 'auto-experiment@auto-experiment');
    const agent = { description: 'ideas', prompt: 'Begin.', subagent_type: 'auto-experiment:idea-agent' };
    let offered: string[] = [];
    const model = await startModel([
      () => [{ tool: 'Task', input: { ...agent, run_in_background: false } }],
      (request) => {
        offered = request.body.tools.map((tool: { name: string }) => tool.name);
        return [{ text: 'Done.' }];
      },
      [{ text: 'All asked.' }],
    ]);
    try {
      machine.env.ANTHROPIC_BASE_URL = model.url;
      await out('claude', '-p', 'Ask the agent.');
      expect(model.errors).toEqual([]);
    } finally {
      await model.close();
    }
    const own = readAgent('.', 'idea-agent')?.tools ?? [];
    // The placeholder is the host's own: more tools could be loaded, and for an agent there are none.
    expect(offered.filter((tool) => tool !== 'DeferredToolPlaceholder').sort()).toEqual(
      own.map((tool) => `mcp__plugin_auto-experiment_autoexp__${tool}`).sort(),
    );
  });
});

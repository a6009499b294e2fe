import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openProvider } from '../../mcp-server/src/adapters/providers/index.js';
import type { AgentTask } from '../../mcp-server/src/core/provider.js';
import { BIN, describeHosts } from '../support/hosts.js';
import { door, openAgent } from '../support/model-wire-cases.js';
import { makeProject } from '../support/project.js';
import { type ScriptedModel, startModel, type Turn } from '../support/scripted-model.js';
import { caught } from './provider-suite.js';

const workerTask = (project: string, model: string): AgentTask => ({
  model,
  role: 'code',
  system: 'You change code.',
  prompt: 'Look.',
  answer: null,
  project,
  timeoutMs: 60_000,
  signal: new AbortController().signal,
});

describeHosts('Codex, limited', () => {
  it('is ended after three minutes, where it would wait for hours', async () => {
    const limited = {
      status: 429,
      headers: { 'retry-after': '7200' },
      body: { error: { message: 'Rate limit reached' } },
    };
    const server = await startModel(Array.from({ length: 6 }, () => limited));
    const home = mkdtempSync(join(tmpdir(), 'auto-experiment-home-'));
    const project = makeProject({ 'PROJECT_BRIEF.md': 'Make it better.\n' });
    try {
      const PATH = `${BIN}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
      const began = Date.now();
      const agent = openProvider(
        { provider: 'codex_cli', base_url: server.url, api_key_env: 'K' },
        // Three minutes of it are less than a second of ours.
        {
          ...door(),
          env: { PATH, HOME: home, K: 'own-key-0123456789' },
          clock: () => began + (Date.now() - began) * 250,
        },
      );
      if (agent.kind !== 'agent') throw new Error('no agent');
      expect(await caught(agent.work(workerTask(project.root, 'scripted-1')))).toMatchObject({
        fault: 'limited',
        message: expect.stringMatching(/429/),
      });
    } finally {
      await server.close();
      await project.end();
      rmSync(home, { recursive: true, force: true, maxRetries: 10 });
    }
  });
});

describeHosts('the login that a person has already', () => {
  const inHome = async (
    files: (url: string) => Record<string, string>,
    script: Turn[],
    act: (env: Record<string, string>, server: ScriptedModel, project: string) => Promise<void>,
  ): Promise<void> => {
    const server = await startModel(script);
    const home = mkdtempSync(join(tmpdir(), 'auto-experiment-home-'));
    const project = makeProject({ 'PROJECT_BRIEF.md': 'Make it better.\n' });
    try {
      for (const [name, text] of Object.entries(files(server.url))) {
        mkdirSync(dirname(join(home, name)), { recursive: true });
        writeFileSync(join(home, name), text, { mode: 0o600 });
      }
      const PATH = `${BIN}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
      await act({ PATH, HOME: home, TERM: 'dumb' }, server, project.root);
      expect(server.errors).toEqual([]);
    } finally {
      await server.close();
      await project.end();
      rmSync(home, { recursive: true, force: true, maxRetries: 10 });
    }
  };
  it('Claude Code: the subscription’s token is sent, and no key', () =>
    inHome(
      (url) => ({
        '.claude/.credentials.json': JSON.stringify({
          claudeAiOauth: {
            accessToken: 'oat-subscription-0123456789',
            refreshToken: 'ort-subscription-0123456789',
            expiresAt: Date.now() + 3_600_000,
            scopes: ['user:inference', 'user:profile'],
            subscriptionType: 'max',
          },
        }),
        '.claude/settings.json': JSON.stringify({ env: { ANTHROPIC_BASE_URL: url } }),
      }),
      [[{ text: 'Seen.' }]],
      async (env, server, project) => {
        const reply = await openAgent('claude_cli', {}, env).work(workerTask(project, 'claude-sonnet-4-6'));
        expect(reply.text).toBe('Seen.');
        const { headers } = server.requests.find(({ turn }) => turn) ?? {};
        expect(headers?.authorization).toBe('Bearer oat-subscription-0123456789');
        expect(headers?.['x-api-key']).toBe(undefined);
      },
    ));

  it('Codex: the key of its own login, to the address of its own config, with the model of its own config', () =>
    inHome(
      (url) => ({
        '.codex/auth.json': JSON.stringify({ OPENAI_API_KEY: 'own-login-0123456789' }),
        '.codex/config.toml': [
          'model = "scripted-9"',
          'model_provider = "lab"',
          '[model_providers.lab]',
          'name = "lab"',
          `base_url = "${url}/v1"`,
          'wire_api = "responses"',
          'requires_openai_auth = true',
          'http_headers = { x-hidden = "not on a command line" }',
          '',
        ].join('\n'),
      }),
      [[{ text: 'Seen.' }]],
      async (env, server, project) => {
        const reply = await openAgent('codex_cli', {}, env).work(workerTask(project, 'claude-sonnet-4-6'));
        expect(reply).toMatchObject({ text: 'Seen.', model: 'scripted-9' });
        const { headers, body } = server.requests.find(({ turn }) => turn) ?? {};
        expect(headers?.authorization).toBe('Bearer own-login-0123456789');
        expect(body.model).toBe('scripted-9');
      },
    ));

  it('Codex: a model that writes scripts finds our tools in them', () =>
    inHome(
      () => ({}),
      [
        [
          {
            script:
              'const all = await tools.mcp__autoexp__list_files({}); text(JSON.stringify(all.structuredContent));',
          },
        ],
        (request) => {
          expect(request.results.join()).toContain('PROJECT_BRIEF.md');
          expect(JSON.stringify(request.body)).toContain('tools.mcp__autoexp__NAME');
          return [{ text: 'Seen.' }];
        },
      ],
      async (env, server, project) => {
        const agent = openAgent(
          'codex_cli',
          { base_url: server.url, api_key_env: 'K' },
          { ...env, K: 'own-key-0123456789' },
        );
        expect((await agent.work(workerTask(project, 'gpt-6.1-terra'))).text).toBe('Seen.');
      },
    ));
});

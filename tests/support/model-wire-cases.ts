import type { Door, Settings } from '../../mcp-server/src/adapters/providers/door.js';
import { openProvider } from '../../mcp-server/src/adapters/providers/index.js';
import type { Agent, Model } from '../../mcp-server/src/core/provider.js';
import type { WireCase } from '../contract/provider-suite.js';
import { type Json, MAIN } from './project.js';

const KEY = 'test-key-0123456789';

/** A world in which nothing is set but what a test sets. */
export const door = (env: Record<string, string | undefined> = {}, over: Partial<Door> = {}): Door => ({
  env: { PATH: process.env.PATH, ...env },
  clock: Date.now,
  version: '0',
  node: process.execPath,
  program: MAIN,
  ...over,
});

export function openModel(settings: Settings, key = KEY, over: Partial<Door> = {}): Model {
  const env = { ANTHROPIC_API_KEY: key, OPENAI_API_KEY: key };
  const provider = openProvider(settings, door(env, over));
  if (provider.kind !== 'model') throw new Error('no model');
  return provider;
}

export function openAgent(
  provider: 'claude_cli' | 'codex_cli',
  settings: object,
  env: Record<string, string>,
): Agent {
  const agent = openProvider({ provider, ...settings }, { ...door(), env });
  if (agent.kind !== 'agent') throw new Error('no agent');
  return agent;
}

const bearer = (headers: Json) => headers.authorization;

export const WIRES: WireCase[] = [
  {
    name: 'anthropic',
    open: (base_url, key) => openModel({ provider: 'anthropic', base_url }, key),
    path: '/v1/messages',
    bases: ['BASE', 'BASE/', 'BASE/v1', 'BASE/v1/', 'BASE/v1/messages', 'BASE/api/anthropic'],
    system: (body) => body.system.map(({ text }: Json) => text).join(''),
    tools: (body) => body.tools,
    forced: (body) => body.tool_choice,
    said: (body) => body.messages,
    own: (said) => said.find(({ role }) => role === 'assistant').content,
    header: (headers) => headers['x-api-key'],
    refusesForce: {
      status: 400,
      body: {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'tool_choice: forced tool use is not supported by this model',
        },
      },
    },
  },
  {
    name: 'openai, chat completions',
    open: (base_url, key) => openModel({ provider: 'openai', base_url }, key),
    path: '/chat/completions',
    bases: ['BASE', 'BASE/v1', 'BASE/v1/chat/completions', 'BASE/api/paas/v4', 'BASE/v1beta/openai/'],
    system: (body) => body.messages.find(({ role }: Json) => role === 'system').content,
    tools: (body) => body.tools,
    forced: (body) => body.tool_choice,
    said: (body) => body.messages.filter(({ role }: Json) => role !== 'system'),
    own: (said) => said.find(({ role }) => role === 'assistant'),
    header: bearer,
    refusesForce: {
      status: 400,
      body: {
        error: { message: 'tool_choice with a named function needs --enable-auto-tool-choice', code: 400 },
      },
    },
  },
  {
    name: 'openai, responses',
    open: (base, key) =>
      openModel(
        { provider: 'openai', base_url: /responses$/.test(base) ? base : `${base}/v1/responses` },
        key,
      ),
    path: '/v1/responses',
    bases: ['BASE', 'BASE/v1/responses'],
    system: (body) => body.instructions,
    tools: (body) => body.tools,
    forced: (body) => body.tool_choice,
    said: (body) => body.input,
    own: (said) => said.filter(({ id }) => id !== undefined),
    header: bearer,
    refusesForce: {
      status: 400,
      body: { error: { message: "Unsupported parameter: 'tool_choice'", type: 'invalid_request_error' } },
    },
  },
];

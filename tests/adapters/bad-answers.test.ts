import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { ProviderError } from '../../mcp-server/src/core/provider.js';
import { ask, caught } from '../contract/provider-suite.js';
import { BAD_ANSWERS, NOW } from '../support/bad-answers.js';
import { openModel, WIRES } from '../support/model-wire-cases.js';
import { startModel } from '../support/scripted-model.js';

const rows: string[] = [];
afterAll(() => {
  const to = process.env.SHOW_ANSWERS;
  if (to !== undefined) writeFileSync(to, `${rows.sort().join('\n')}\n`);
});

for (const wire of WIRES)
  describe(`${wire.name}: what is no answer`, () => {
    for (const { name, answer, is, retry, says, hint } of BAD_ANSWERS)
      it(`${name} → ${is}`, async () => {
        const server = await startModel([answer]);
        try {
          const over = { clock: () => NOW, ...(answer.hang === true ? { timeoutMs: 1000 } : {}) };
          const provider = wire.name.startsWith('anthropic') ? 'anthropic' : 'openai';
          const base_url = wire.path.includes('responses') ? `${server.url}/v1/responses` : server.url;
          const error = await caught(openModel({ provider, base_url }, undefined, over).ask(ask()));
          const wait = error.retryAt === null ? null : (error.retryAt - NOW) / 1000;
          rows.push(
            `${name.padEnd(42)} ${wire.name.padEnd(26)} ${error.fault.padEnd(10)} ${String(wait ?? '–').padEnd(6)} ${error.message.slice(0, 110)}`,
          );
          expect(error).toMatchObject({ fault: is });
          expect(error.message.length).toBeLessThan(520);
          expect(`${error.message}${error.hint}`).not.toMatch(/[\x00-\x1f\x7f\u202e]|test-key/);
          if (says !== undefined) expect(error.message).toMatch(says);
          if (hint !== undefined) expect(error.hint).toMatch(hint);
          expect(wait).toBe(retry ?? null);
          expect(server.requests).toHaveLength(1);
        } finally {
          await server.close();
        }
      });
  });

describe('before anything is asked', () => {
  const open = (settings: Parameters<typeof openModel>[0], key?: string) => {
    try {
      openModel(settings, key);
    } catch (error) {
      if (error instanceof ProviderError) return error;
      throw error;
    }
    throw new Error('it was opened');
  };

  it('a server that is not there is down, with the code of the system', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => free.once('listening', done));
    const { port } = free.address() as AddressInfo;
    await new Promise((done) => free.close(done));
    const model = openModel({ provider: 'openai', base_url: `http://127.0.0.1:${port}` });
    expect(await caught(model.ask(ask()))).toMatchObject({
      fault: 'down',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it('a server that speaks no HTTP, or no TLS, is told apart', async () => {
    const odd = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
    await new Promise((done) => odd.once('listening', done));
    const { port } = odd.address() as AddressInfo;
    try {
      const plain = openModel({ provider: 'openai', base_url: `http://127.0.0.1:${port}` });
      expect((await caught(plain.ask(ask()))).fault).toBe('down');
      const tls = openModel({ provider: 'openai', base_url: `https://127.0.0.1:${port}` });
      expect((await caught(tls.ask(ask()))).fault).toMatch(/setup|down/);
    } finally {
      odd.close();
    }
  });

  it('a missing key is named with its variable', () => {
    expect(open({ provider: 'anthropic' }, '')).toMatchObject({
      fault: 'auth',
      message: expect.stringMatching(/ANTHROPIC_API_KEY/),
    });
    expect(open({ provider: 'openai' }, ' \n')).toMatchObject({
      fault: 'auth',
      message: expect.stringMatching(/OPENAI_API_KEY/),
    });
    expect(open({ provider: 'openai', api_key_env: 'QWEN_KEY' })).toMatchObject({
      fault: 'auth',
      message: 'agent.api_key_env: QWEN_KEY is not set',
      hint: expect.stringMatching(/export QWEN_KEY=/),
    });
    expect(open({ provider: 'anthropic' }, 'zwölf\u0000')).toMatchObject({ fault: 'auth' });
  });

  it('an address that is none, or holds more than one, is refused', () => {
    for (const base_url of [
      'api.example.com',
      'ftp://x',
      'https://user:pw@x.example',
      'https://x.example/v1?key=1',
      'not a url',
    ])
      expect(open({ provider: 'openai', base_url }), base_url).toMatchObject({ fault: 'setup' });
    expect(open({ provider: 'openai', base_url: 'https://u:geheim-pw@x.example' }).message).not.toContain(
      'geheim',
    );
  });

  it('a mistyped model is answered with the nearest known one', async () => {
    const server = await startModel([
      { status: 404, body: { error: { type: 'not_found_error', message: 'model: claude-sonet-4-6' } } },
    ]);
    try {
      const model = openModel({ provider: 'anthropic', base_url: server.url });
      expect((await caught(model.ask(ask({ model: 'claude-sonet-4-6' })))).hint).toBe(
        'set agent.model in config.yaml; did you mean claude-sonnet-4-6?',
      );
    } finally {
      await server.close();
    }
  });
});

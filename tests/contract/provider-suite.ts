import { describe, expect, it } from 'vitest';
import type { Model, ModelRequest, Turn } from '../../mcp-server/src/core/provider.js';
import { ProviderError } from '../../mcp-server/src/core/provider.js';
import type { Json } from '../support/project.js';
import { type Failure, type Turn as Say, type ScriptedModel, startModel } from '../support/scripted-model.js';

/** One way to ask a model: how it is opened, and where its request keeps what every wire has. */
export interface WireCase {
  name: string;
  open(base: string, key?: string): Model;
  /** The call below the base URL. */
  path: string;
  /** Bases that mean the same server. */
  bases: string[];
  system(body: Json): string;
  tools(body: Json): Json[];
  forced(body: Json): Json;
  /** What was said before, without the system text. */
  said(body: Json): Json[];
  /** The model's own turn as it was answered, for instance its content blocks. */
  own(said: Json[]): Json;
  header: (headers: Json) => string | undefined;
  /** As this wire refuses a forced call. */
  refusesForce: Failure;
}

export const ask = (over: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'scripted-1',
  system: 'You plan experiments.',
  tools: [
    {
      name: 'plan',
      description: 'Says what is tried next.',
      input: { type: 'object', properties: { lr: { type: 'number' } }, required: ['lr'] },
    },
  ],
  turns: [{ from: 'user', text: 'What next?' }],
  mustCall: null,
  maxOutputTokens: 800,
  signal: new AbortController().signal,
  ...over,
});

export async function caught(act: Promise<unknown>): Promise<ProviderError> {
  const error = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
}

/** What every model must do, whatever its wire. */
export function describeModel(wire: WireCase): void {
  describe(wire.name, () => {
    const withModel = async (
      script: Say[],
      act: (model: Model, server: ScriptedModel) => Promise<void>,
    ): Promise<void> => {
      const server = await startModel(script);
      try {
        await act(wire.open(server.url), server);
        expect(server.errors).toEqual([]);
      } finally {
        await server.close();
      }
    };

    it('gives words, the model that answered, and the tokens, which do not overlap', () =>
      withModel(
        [
          {
            blocks: [{ text: 'Try a smaller step.' }],
            tokens: 0,
            usage: { input: 120, cached: 3000, cacheWrite: 70, output: 40, reasoning: 15 },
          },
        ],
        async (model, server) => {
          const reply = await model.ask(ask());
          expect(reply).toMatchObject({
            text: 'Try a smaller step.',
            calls: [],
            stop: 'end',
            model: 'scripted-1',
            usage: { input: 120, cached: 3000, cacheWrite: 70, output: 40, reasoning: 15 },
          });
          expect(server.requests[0]?.path.endsWith(wire.path)).toBe(true);
          expect(server.requests[0]?.body.stream ?? false).toBe(false);
        },
      ));

    it('hands on system text and tools in the form of its wire', () =>
      withModel([[{ text: 'ok' }]], async (model, server) => {
        await model.ask(ask());
        const { body } = server.requests[0] ?? {};
        expect(wire.system(body)).toBe('You plan experiments.');
        expect(JSON.stringify(wire.tools(body))).toContain('"required":["lr"]');
        expect(wire.tools(body)).toHaveLength(1);
        expect(JSON.stringify(wire.said(body))).toContain('What next?');
        expect(wire.forced(body)).toBe(undefined);
      }));

    it('gives calls with their arguments, and null for arguments that are no JSON', () =>
      withModel(
        [
          [
            { text: 'Two.' },
            { tool: 'plan', input: { lr: 0.1 } },
            { tool: 'plan', input: wire.path.endsWith('/messages') ? { lr: 'a' } : '{"lr": 0.' },
          ],
        ],
        async (model) => {
          const { calls, stop, text } = await model.ask(ask());
          expect({ stop, text }).toEqual({ stop: 'calls', text: 'Two.' });
          expect(calls.map(({ name }) => name)).toEqual(['plan', 'plan']);
          expect(calls[0]?.input).toEqual({ lr: 0.1 });
          expect(calls[1]?.input).toEqual(wire.path.endsWith('/messages') ? { lr: 'a' } : null);
          expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
        },
      ));

    it('sends the model’s own turn back unchanged, and results by their calls', () =>
      withModel(
        [[{ text: 'First.' }, { tool: 'plan', input: { lr: 0.1 } }], [{ text: 'Done.' }]],
        async (model, server) => {
          const first = await model.ask(ask());
          const turns: Turn[] = [
            { from: 'user', text: 'What next?' },
            { from: 'model', text: first.text, calls: first.calls, raw: first.raw },
            {
              from: 'tools',
              results: [{ id: first.calls[0]?.id ?? '', ok: false, text: 'lr 0.1 was tried in exp003' }],
            },
          ];
          const second = await model.ask(ask({ turns }));
          expect(second.text).toBe('Done.');
          const { body, results } = server.requests[1] ?? {};
          expect(results).toEqual(['lr 0.1 was tried in exp003']);
          expect(wire.own(wire.said(body))).toEqual(first.raw);
          // What was sent first stands before what is new, to the letter: a cache finds it again.
          const stable = ({ cache_control: _, ...rest }: Json) => rest;
          const beginning = (one: Json) => JSON.stringify([wire.system(one), wire.tools(one)]);
          expect(beginning(body)).toBe(beginning(server.requests[0]?.body));
          expect(JSON.stringify(stable(wire.said(body)[0]))).toContain('What next?');
        },
      ));

    it('goes on with turns of which it has no form of its own', () =>
      withModel([[{ text: 'Done.' }]], async (model, server) => {
        const turns: Turn[] = [
          { from: 'user', text: 'What next?' },
          { from: 'model', text: 'This.', calls: [{ id: 'c1', name: 'plan', input: { lr: 1 } }] },
          { from: 'tools', results: [{ id: 'c1', ok: true, text: 'launched exp007' }] },
        ];
        expect((await model.ask(ask({ turns }))).text).toBe('Done.');
        expect(server.requests[0]?.results).toEqual(['launched exp007']);
        expect(JSON.stringify(server.requests[0]?.body)).toContain('This.');
      }));

    it('forces a call, and goes without where that is refused, then and later', () =>
      withModel(
        [
          [{ tool: 'plan', input: { lr: 1 } }],
          wire.refusesForce,
          [{ tool: 'plan', input: { lr: 2 } }],
          [{ tool: 'plan', input: { lr: 3 } }],
        ],
        async (model, server) => {
          const asked = ask({ mustCall: 'plan' });
          const inputs = [];
          for (let round = 0; round < 3; round++) inputs.push((await model.ask(asked)).calls[0]?.input);
          expect(inputs).toEqual([{ lr: 1 }, { lr: 2 }, { lr: 3 }]);
          const forced = server.requests.map(({ body }) => wire.forced(body));
          expect(JSON.stringify(forced[0])).toContain('"plan"');
          expect(forced.map((one) => one !== undefined)).toEqual([true, true, false, false]);
        },
      ));

    it('says when an answer was cut off and when it was declined', () =>
      withModel(
        [
          { blocks: [{ text: 'and then' }], tokens: 10, stop: 'max_tokens' },
          { blocks: [{ text: 'No.' }], tokens: 10, stop: 'refusal' },
        ],
        async (model) => {
          expect((await model.ask(ask())).stop).toBe('length');
          expect((await model.ask(ask())).stop).toBe('refused');
        },
      ));

    it('finds its server by every usual spelling of the address', () =>
      withModel(
        wire.bases.map(() => [{ text: 'here' }]),
        async (_, server) => {
          for (const base of wire.bases) {
            const model = wire.open(base.replace('BASE', server.url));
            expect((await model.ask(ask())).text, base).toBe('here');
          }
          expect(server.requests.map(({ path }) => path.slice(-wire.path.length))).toEqual(
            wire.bases.map(() => wire.path),
          );
        },
      ));

    it('shows its key to that server alone, in one header, and in no message', () =>
      withModel(
        [{ status: 400, body: { error: { message: 'bad key sekret-0123456789abcdef here' } } }],
        async (_, server) => {
          const model = wire.open(server.url, 'sekret-0123456789abcdef');
          const { message, hint } = await caught(model.ask(ask()));
          expect(`${message} ${hint}`).not.toContain('sekret');
          expect(message).toContain('[redacted]');
          const { headers, body } = server.requests[0] ?? {};
          expect(wire.header(headers)).toContain('sekret-0123456789abcdef');
          const holding = Object.values(headers ?? {}).filter((value) => String(value).includes('sekret'));
          expect(holding).toHaveLength(1);
          expect(JSON.stringify(body)).not.toContain('sekret');
        },
      ));

    it('sends no half of a character', () =>
      withModel([[{ text: 'ok' }]], async (model, server) => {
        await model.ask(ask({ turns: [{ from: 'user', text: 'a\ud800b' }] }));
        expect(JSON.stringify(server.requests[0]?.body)).toContain('a\ufffdb');
      }));

    it('gives up with the reason of whoever asked, while the server is silent', () =>
      withModel([{ hang: true }], async (model, server) => {
        const abort = new AbortController();
        const asked = model.ask(ask({ signal: abort.signal }));
        await server.turn(1);
        const reason = new Error('the person pressed Ctrl-C');
        abort.abort(reason);
        await expect(asked).rejects.toBe(reason);
        await expect(model.ask(ask({ signal: abort.signal }))).rejects.toBe(reason);
        expect(server.requests).toHaveLength(1);
      }));

    it('counts where the server does not, and says so by no zero', () =>
      withModel([{ body: NO_USAGE[wire.path.split('/').at(-1) ?? ''] ?? {} }], async (model) => {
        const { usage } = await model.ask(ask());
        expect(usage.input).toBeGreaterThan(20);
        expect(usage.output).toBeGreaterThan(5);
      }));
  });
}

const NO_USAGE: Record<string, object> = {
  messages: { role: 'assistant', content: [{ type: 'text', text: 'ok' }], stop_reason: 'end_turn' },
  completions: { choices: [{ message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }] },
  responses: {
    status: 'completed',
    output: [{ type: 'message', content: [{ type: 'output_text', text: 'ok' }] }],
  },
};

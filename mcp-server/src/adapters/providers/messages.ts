import { z } from 'zod';
import type { ModelReply, ModelRequest, ToolCall, Turn } from '../../core/provider.js';
import type { Dialect } from './dialect.js';
import { shaped, Tokens } from './shapes.js';

/** Anthropic’s Messages API (`POST /v1/messages`, version 2023-06-01), whole answers. */
export const messages: Dialect = {
  extras: ['tool_choice', 'cache_control'],
  encode(request, without) {
    const mark = without.has('cache_control') ? {} : { cache_control: { type: 'ephemeral' } };
    const forced = request.mustCall !== null && !without.has('tool_choice');
    return {
      model: request.model,
      max_tokens: request.maxOutputTokens,
      // Tools stand before the system text in the cache’s order, so this one mark holds both.
      system: [{ type: 'text', text: request.system, ...mark }],
      ...(request.tools.length === 0
        ? {}
        : {
            tools: request.tools.map(({ name, description, input }) => ({
              name,
              description,
              input_schema: input,
            })),
          }),
      ...(forced ? { tool_choice: { type: 'tool', name: request.mustCall } } : {}),
      messages: marked(request.turns.map(message), goesOn(request) ? mark : {}),
    };
  },
  decode(data, request) {
    const answer = shaped(Answer, data, 'anthropic');
    const { usage } = answer;
    return {
      text: answer.content.flatMap((block) => (block.type === 'text' ? [block.text ?? ''] : [])).join('\n'),
      calls: answer.content.flatMap(callIn),
      stop: stopOf(answer.stop_reason),
      usage: {
        input: usage?.input_tokens ?? 0,
        cached: usage?.cache_read_input_tokens ?? 0,
        cacheWrite: usage?.cache_creation_input_tokens ?? 0,
        output: usage?.output_tokens ?? 0,
        reasoning: usage?.output_tokens_details?.thinking_tokens ?? 0,
      },
      model: answer.model ?? request.model,
      raw: answer.content,
    };
  },
};

/** What is read in a conversation is read again by its next request; a single question is not. */
const goesOn = ({ turns, mustCall }: ModelRequest): boolean => mustCall === null || turns.length > 1;

type Content = { type: string } & Record<string, unknown>;

function message(turn: Turn): { role: 'user' | 'assistant'; content: Content[] } {
  switch (turn.from) {
    case 'user':
      return { role: 'user', content: [{ type: 'text', text: turn.text }] };
    case 'tools':
      return {
        role: 'user',
        content: turn.results.map(({ id, ok, text }) => ({
          type: 'tool_result',
          tool_use_id: id,
          content: text,
          ...(ok ? {} : { is_error: true }),
        })),
      };
    case 'model': {
      const raw = Raw.safeParse(turn.raw);
      if (raw.success) return { role: 'assistant', content: raw.data };
      const words = turn.text === '' ? [] : [{ type: 'text', text: turn.text }];
      const calls = turn.calls.map(({ id, name, input }) => ({
        type: 'tool_use',
        id,
        name,
        input: input ?? {},
      }));
      return { role: 'assistant', content: [...words, ...calls] };
    }
  }
}

/** The last block of the last turn carries the mark, so that the next request finds all before it in the cache. */
function marked(turns: ReturnType<typeof message>[], mark: object): ReturnType<typeof message>[] {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last === undefined || block === undefined || last.role !== 'user') return turns;
  return [...turns.slice(0, -1), { ...last, content: [...last.content.slice(0, -1), { ...block, ...mark }] }];
}

function callIn(block: z.output<typeof Block>): ToolCall[] {
  if (block.type !== 'tool_use' || block.id === undefined || block.name === undefined) return [];
  return [{ id: block.id, name: block.name, input: block.input ?? null }];
}

function stopOf(reason: string | null | undefined): ModelReply['stop'] {
  if (reason === 'tool_use') return 'calls';
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length';
  return reason === 'refusal' ? 'refused' : 'end';
}

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
});
const Raw = z.array(z.looseObject({ type: z.string() })).min(1);
const Answer = z.looseObject({
  content: z.array(Block),
  stop_reason: z.string().nullish(),
  model: z.string().optional(),
  usage: z
    .looseObject({
      input_tokens: Tokens,
      output_tokens: Tokens,
      cache_read_input_tokens: Tokens,
      cache_creation_input_tokens: Tokens,
      output_tokens_details: z.looseObject({ thinking_tokens: Tokens }).nullish(),
    })
    .nullish(),
});

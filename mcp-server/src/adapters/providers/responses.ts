import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ModelReply, Turn } from '../../core/provider.js';
import { badAnswer } from './body.js';
import type { Dialect } from './dialect.js';
import { argumentsIn, shaped, split, Tokens } from './shapes.js';

/**
 * OpenAI’s Responses API (`POST /v1/responses`), whole answers. Nothing is stored there: the conversation is sent each time,
 * with the model’s own reasoning as it gave it to us, encrypted.
 */
export const responses: Dialect = {
  extras: ['tool_choice', 'include', 'prompt_cache_key', 'store'],
  encode(request, without) {
    const forced = request.mustCall !== null && !without.has('tool_choice');
    return {
      model: request.model,
      instructions: request.system,
      tools: request.tools.map(({ name, description, input }) => ({
        type: 'function',
        name,
        description,
        parameters: input,
        // Strict schemas may have no optional property; the tool checks its arguments itself.
        strict: false,
      })),
      ...(forced ? { tool_choice: { type: 'function', name: request.mustCall } } : {}),
      max_output_tokens: request.maxOutputTokens,
      ...(without.has('store') ? {} : { store: false }),
      ...(without.has('include') ? {} : { include: ['reasoning.encrypted_content'] }),
      ...(without.has('prompt_cache_key') ? {} : { prompt_cache_key: cacheKey(request.system) }),
      input: request.turns.flatMap(items),
    };
  },
  decode(data, request) {
    const answer = shaped(Answer, data, 'openai');
    const { usage, output } = answer;
    const calls = output.flatMap(({ type, call_id, name, arguments: text }) =>
      type === 'function_call' && call_id !== undefined && name !== undefined
        ? [{ id: call_id, name, input: argumentsIn(text ?? '') }]
        : [],
    );
    const parts = output.flatMap(({ type, content }) => (type === 'message' ? (content ?? []) : []));
    const spent = split(
      usage?.input_tokens ?? 0,
      usage?.input_tokens_details?.cached_tokens ?? 0,
      usage?.input_tokens_details?.cache_write_tokens ?? 0,
      usage?.output_tokens ?? 0,
      usage?.output_tokens_details?.reasoning_tokens ?? 0,
    );
    if (answer.status === 'failed' || answer.status === 'cancelled')
      throw badAnswer('openai', `the answer was given up (${answer.status})`);
    return {
      text: parts.map(({ text, refusal }) => text ?? refusal ?? '').join('\n'),
      calls,
      stop: stopOf(
        answer.incomplete_details?.reason ?? (answer.status === 'incomplete' ? 'max_output_tokens' : null),
        calls.length > 0,
        parts.some(({ type }) => type === 'refusal'),
      ),
      usage: spent,
      model: answer.model ?? request.model,
      raw: output,
    };
  },
};

/** Requests with the same beginning are led to the same cache. */
const cacheKey = (system: string): string =>
  `auto-experiment-${createHash('sha256').update(system).digest('hex').slice(0, 16)}`;

function items(turn: Turn): Record<string, unknown>[] {
  switch (turn.from) {
    case 'user':
      return [{ role: 'user', content: turn.text }];
    case 'tools':
      return turn.results.map(({ id, text }) => ({
        type: 'function_call_output',
        call_id: id,
        output: text,
      }));
    case 'model': {
      const raw = Raw.safeParse(turn.raw);
      if (raw.success) return raw.data;
      const words = turn.text === '' ? [] : [{ role: 'assistant', content: turn.text }];
      const calls = turn.calls.map(({ id, name, input }) => ({
        type: 'function_call',
        call_id: id,
        name,
        arguments: JSON.stringify(input ?? {}),
      }));
      return [...words, ...calls];
    }
  }
}

function stopOf(cut: string | null, calls: boolean, refusal: boolean): ModelReply['stop'] {
  if (cut === 'content_filter' || refusal) return 'refused';
  if (cut !== null) return 'length';
  return calls ? 'calls' : 'end';
}

const Part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
});
const Item = z.looseObject({
  type: z.string(),
  call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
  content: z.array(Part).nullish(),
});
const Raw = z.array(z.looseObject({ type: z.string() })).min(1);
const Answer = z.looseObject({
  model: z.string().optional(),
  status: z.string().optional(),
  incomplete_details: z.looseObject({ reason: z.string().optional() }).nullish(),
  output: z.array(Item),
  usage: z
    .looseObject({
      input_tokens: Tokens,
      output_tokens: Tokens,
      input_tokens_details: z.looseObject({ cached_tokens: Tokens, cache_write_tokens: Tokens }).nullish(),
      output_tokens_details: z.looseObject({ reasoning_tokens: Tokens }).nullish(),
    })
    .nullish(),
});

import { z } from 'zod';
import type { ModelReply, Turn } from '../../core/provider.js';
import type { Dialect } from './dialect.js';
import { argumentsIn, shaped, split, Tokens } from './shapes.js';

/** Chat completions (`POST /v1/chat/completions`), as most servers of other models speak them too. */
export const chat: Dialect = {
  extras: ['tool_choice', 'max_completion_tokens'],
  encode(request, without) {
    const forced = request.mustCall !== null && !without.has('tool_choice');
    return {
      model: request.model,
      messages: [{ role: 'system', content: request.system }, ...request.turns.flatMap(message)],
      ...(request.tools.length === 0
        ? {}
        : {
            tools: request.tools.map(({ name, description, input }) => ({
              type: 'function',
              function: { name, description, parameters: input },
            })),
          }),
      ...(forced ? { tool_choice: { type: 'function', function: { name: request.mustCall } } } : {}),
      // The newer name is the only one that models with reasoning take; older servers know the older one alone.
      [without.has('max_completion_tokens') ? 'max_tokens' : 'max_completion_tokens']:
        request.maxOutputTokens,
    };
  },
  decode(data, request) {
    const answer = shaped(Answer, data, 'openai');
    const [choice] = answer.choices;
    const { message: said, finish_reason } = choice;
    const { usage } = answer;
    const read = usage?.prompt_tokens_details;
    // DeepSeek and Moonshot count what came from the cache under names of their own.
    const cached = read?.cached_tokens || usage?.prompt_cache_hit_tokens || usage?.cached_tokens || 0;
    const calls = (said.tool_calls ?? []).map(({ id, function: { name, arguments: text } }, index) => ({
      id: id ?? `call_${index}`,
      name,
      input: typeof text === 'string' ? argumentsIn(text) : (text ?? null),
    }));
    return {
      text: textIn(said.content) || (said.refusal ?? ''),
      calls,
      stop: stopOf(finish_reason, calls.length > 0, typeof said.refusal === 'string' && said.refusal !== ''),
      usage: split(
        usage?.prompt_tokens ?? 0,
        cached,
        read?.cache_write_tokens ?? 0,
        usage?.completion_tokens ?? 0,
        usage?.completion_tokens_details?.reasoning_tokens ?? 0,
      ),
      model: answer.model ?? request.model,
      raw: said,
    };
  },
};

function message(turn: Turn): Record<string, unknown>[] {
  switch (turn.from) {
    case 'user':
      return [{ role: 'user', content: turn.text }];
    case 'tools':
      return turn.results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text }));
    case 'model': {
      const raw = Raw.safeParse(turn.raw);
      if (raw.success) return [raw.data];
      return [
        {
          role: 'assistant',
          content: turn.text === '' ? null : turn.text,
          ...(turn.calls.length === 0
            ? {}
            : {
                tool_calls: turn.calls.map(({ id, name, input }) => ({
                  id,
                  type: 'function',
                  function: { name, arguments: JSON.stringify(input ?? {}) },
                })),
              }),
        },
      ];
    }
  }
}

function stopOf(reason: string | null | undefined, calls: boolean, refusal: boolean): ModelReply['stop'] {
  if (reason === 'length') return 'length';
  if (reason === 'content_filter' || refusal) return 'refused';
  // Some servers say `stop` beside calls.
  return calls ? 'calls' : 'end';
}

function textIn(content: z.output<typeof Content>): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.map(({ text }) => text ?? '').join('\n');
}

const Content = z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).nullish();
const Raw = z.looseObject({ role: z.literal('assistant') });
const Read = z.looseObject({ cached_tokens: Tokens, cache_write_tokens: Tokens });
const Written = z.looseObject({ reasoning_tokens: Tokens });
const Choice = z.looseObject({
  finish_reason: z.string().nullish(),
  message: z.looseObject({
    role: z.literal('assistant').default('assistant'),
    content: Content,
    refusal: z.string().nullish(),
    tool_calls: z
      .array(
        z.looseObject({
          id: z.string().optional(),
          function: z.looseObject({ name: z.string(), arguments: z.unknown().optional() }),
        }),
      )
      .nullish(),
  }),
});
const Answer = z.looseObject({
  model: z.string().optional(),
  choices: z.tuple([Choice], z.unknown()),
  usage: z
    .looseObject({
      prompt_tokens: Tokens,
      completion_tokens: Tokens,
      prompt_cache_hit_tokens: Tokens,
      cached_tokens: Tokens,
      prompt_tokens_details: Read.nullish(),
      completion_tokens_details: Written.nullish(),
    })
    .nullish(),
});

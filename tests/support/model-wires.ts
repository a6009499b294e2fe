import type { ServerResponse } from 'node:http';
import type { Json } from './project.js';
import type { Block, Spoken } from './scripted-model.js';

/** Tokens as they are told: the five do not overlap, but reasoning is a part of output. */
export interface SpokenUsage {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}

/** How what is said looks on one wire: `body` is the request, `id` makes names of calls unique. */
export type Wire = (response: ServerResponse, body: Json, spoken: Spoken, id: string) => void;

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const usageOf = ({ tokens, usage }: Spoken): SpokenUsage =>
  usage ?? { input: tokens, cached: 0, cacheWrite: 0, output: 50, reasoning: 0 };

const written = (input: Record<string, unknown> | string): string =>
  typeof input === 'string' ? input : JSON.stringify(input);

const isCall = (block: Block): boolean => 'tool' in block || 'script' in block;

/** Server-sent events of `POST /v1/messages`. */
export function anthropic(response: ServerResponse, body: Json, spoken: Spoken, id: string): void {
  const { input, cached, cacheWrite, output, reasoning } = usageOf(spoken);
  const usage = {
    input_tokens: input,
    output_tokens: output,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cached,
    output_tokens_details: { thinking_tokens: reasoning },
  };
  const content = spoken.blocks.map((block, index) => {
    if ('script' in block) throw new Error('only Codex writes scripts');
    return 'tool' in block
      ? { type: 'tool_use', id: `toolu_${id}_${index}`, name: block.tool, input: block.input }
      : { type: 'text', text: block.text };
  });
  const stop_reason = spoken.stop ?? (spoken.blocks.some(isCall) ? 'tool_use' : 'end_turn');
  const message = {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model: body.model,
    stop_sequence: null,
  };
  if (body.stream !== true) {
    json(response, 200, { ...message, content, stop_reason, usage });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (type: string, data: object): void =>
    void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  send('message_start', { message: { ...message, content: [], stop_reason: null, usage } });
  for (const [index, block] of content.entries()) {
    const words = block.type === 'text';
    send('content_block_start', {
      index,
      content_block: words ? { type: 'text', text: '' } : { ...block, input: {} },
    });
    send('content_block_delta', {
      index,
      delta: words
        ? { type: 'text_delta', text: block.text }
        : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
    });
    send('content_block_stop', { index });
  }
  send('message_delta', { delta: { stop_reason, stop_sequence: null }, usage });
  send('message_stop', {});
  response.end();
}

/** Server-sent events of `POST /v1/responses`. */
export function openai(response: ServerResponse, body: Json, spoken: Spoken, id: string): void {
  const used = usageOf(spoken);
  const all = used.input + used.cached + used.cacheWrite;
  const usage = {
    input_tokens: all,
    input_tokens_details: { cached_tokens: used.cached, cache_write_tokens: used.cacheWrite },
    output_tokens: used.output,
    output_tokens_details: { reasoning_tokens: used.reasoning },
    total_tokens: all + used.output,
  };
  const output = spoken.blocks.map((block, index) => itemOf(block, `${id}_${index}`));
  if (spoken.stop === 'refusal') output.push(refusalItem(id));
  const base = { id: `resp_${id}`, object: 'response', created_at: 0, model: body.model };
  const cut = spoken.stop === 'max_tokens';
  const end = {
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
  };
  if (body.stream !== true) {
    json(response, 200, { ...base, output, ...end, usage });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sequence_number = 0;
  const send = (type: string, data: object): void =>
    void response.write(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...data })}\n\n`,
    );
  send('response.created', { response: { ...base, output: [], status: 'in_progress' } });
  for (const [output_index, item] of output.entries()) {
    send('response.output_item.added', { output_index, item });
    send('response.output_item.done', { output_index, item });
  }
  send('response.completed', { response: { ...base, output, ...end, usage } });
  response.end();
}

function itemOf(block: Block, id: string): Json {
  if ('script' in block)
    return {
      type: 'custom_tool_call',
      id: `ctc_${id}`,
      call_id: `call_${id}`,
      name: 'exec',
      namespace: 'functions',
      input: block.script,
      status: 'completed',
    };
  if ('tool' in block)
    return {
      type: 'function_call',
      id: `fc_${id}`,
      call_id: `call_${id}`,
      name: block.tool,
      ...(block.namespace === undefined ? {} : { namespace: block.namespace }),
      arguments: written(block.input),
      status: 'completed',
    };
  return {
    type: 'message',
    id: `msg_${id}`,
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: block.text, annotations: [] }],
  };
}

const refusalItem = (id: string): Json => ({
  type: 'message',
  id: `msg_${id}_refusal`,
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'refusal', refusal: 'That is declined.' }],
});

const FINISH: Record<string, string> = { max_tokens: 'length', refusal: 'content_filter' };

/** The answer of `POST /v1/chat/completions`, whole. */
export function chat(response: ServerResponse, body: Json, spoken: Spoken, id: string): void {
  const used = usageOf(spoken);
  const all = used.input + used.cached + used.cacheWrite;
  const calls = spoken.blocks.flatMap((block, index) =>
    'tool' in block
      ? [
          {
            id: `call_${id}_${index}`,
            type: 'function',
            function: { name: block.tool, arguments: written(block.input) },
          },
        ]
      : [],
  );
  const words = spoken.blocks.flatMap((block) => ('text' in block ? [block.text] : []));
  const finish_reason =
    spoken.stop === undefined
      ? calls.length > 0
        ? 'tool_calls'
        : 'stop'
      : (FINISH[spoken.stop] ?? spoken.stop);
  json(response, 200, {
    id: `chatcmpl_${id}`,
    object: 'chat.completion',
    created: 0,
    model: body.model,
    choices: [
      {
        index: 0,
        finish_reason,
        message: {
          role: 'assistant',
          content: words.length === 0 ? null : words.join('\n'),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
      },
    ],
    usage: {
      prompt_tokens: all,
      completion_tokens: used.output,
      total_tokens: all + used.output,
      prompt_tokens_details: { cached_tokens: used.cached, cache_write_tokens: used.cacheWrite },
      completion_tokens_details: { reasoning_tokens: used.reasoning },
    },
  });
}

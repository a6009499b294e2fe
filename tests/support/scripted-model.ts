import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from './project.js';

/** What the model says in one turn: words, or a call of a tool. `namespace` is how Codex names a server. */
export type Block = { text: string } | { tool: string; namespace?: string; input: Record<string, unknown> };

/** A request that counts as a turn of the conversation: it offers tools. Others are a host's own (titles, probes). */
export interface ModelRequest {
  /** Milliseconds since 1970 when it had arrived. */
  at: number;
  path: string;
  turn: boolean;
  /** The host asks for a summary to go on with in place of the conversation. */
  compaction: boolean;
  /** Size of the body as the host sent it, in bytes. */
  bytes: number;
  body: Json;
  /** Texts of the tool results that came with it, in order. */
  results: string[];
}

/** What is said, and how large the host is told that its conversation has become, in tokens. */
interface Spoken {
  blocks: Block[];
  tokens: number;
}

type Said = Block[] | Spoken;
export type Turn = Said | ((request: ModelRequest) => Said | Promise<Said>);

export interface ScriptedModel {
  url: string;
  requests: ModelRequest[];
  /** Resolves with the turn's request as soon as so many turns were asked for (1 = the first). */
  turn(number: number): Promise<ModelRequest>;
  /** What went wrong in the script itself. */
  errors: unknown[];
  /** Turns that the script still has. */
  left(): number;
  close(): Promise<void>;
}

/**
 * A model on loopback that speaks Anthropic Messages and OpenAI Responses and says what the script says, turn by turn.
 * Its log of requests is the proof of what a host asked a model, and when.
 */
export async function startModel(script: readonly Turn[]): Promise<ScriptedModel> {
  const requests: ModelRequest[] = [];
  const errors: unknown[] = [];
  const waiting: { number: number; resolve(request: ModelRequest): void }[] = [];
  const turns = (): ModelRequest[] => requests.filter((request) => request.turn);

  const next = async (request: ModelRequest): Promise<Said> => {
    if (request.compaction) return [{ text: '<summary>An experiment campaign is under way.</summary>' }];
    if (!request.turn) return [{ text: 'ok' }];
    const number = turns().length;
    for (const one of waiting) if (one.number === number) one.resolve(request);
    const turn = script[number - 1] ?? [{ text: 'The script is over.' }];
    try {
      return typeof turn === 'function' ? await turn(request) : turn;
    } catch (error) {
      errors.push(error);
      return [{ text: `the script failed: ${error}` }];
    }
  };

  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const text = await bodyOf(request);
    const body: Json = parse(text);
    if (request.method === 'HEAD') return void response.writeHead(200).end();
    if (path.endsWith('/models')) return json(response, 200, { data: [], models: [], object: 'list' });
    if (path.endsWith('/count_tokens')) return json(response, 200, { input_tokens: 1000 });
    // Codex first asks for a WebSocket; refused in this way it comes back over HTTP.
    if (body === null)
      return json(response, request.headers.upgrade === undefined ? 404 : 426, {
        error: { message: 'HTTP only' },
      });
    const speaks = path.endsWith('/messages') ? anthropic : path.endsWith('/responses') ? openai : null;
    if (speaks === null) return json(response, 404, { error: { message: 'not here' } });
    const compaction = COMPACTION.test(lastWords(body));
    const seen: ModelRequest = {
      at: Date.now(),
      path,
      turn: Array.isArray(body.tools) && body.tools.length > 0 && !compaction,
      compaction,
      bytes: Buffer.byteLength(text),
      body,
      results: resultsIn(body),
    };
    requests.push(seen);
    const said = await next(seen);
    const spoken = Array.isArray(said) ? { blocks: said, tokens: 1000 } : said;
    speaks(response, body, spoken, `x${requests.length}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    errors,
    left: () => Math.max(0, script.length - turns().length),
    turn(number) {
      const there = turns()[number - 1];
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => waiting.push({ number, resolve }));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

function parse(text: string): Json {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** How both hosts begin their wish for a summary. */
const COMPACTION = /create a detailed summary of|CONTEXT CHECKPOINT COMPACTION/;

/** The last thing that the model was told, in words. */
function lastWords(body: Json): string {
  const items: Json[] = body.messages ?? body.input ?? [];
  return JSON.stringify(items.at(-1) ?? '');
}

/** Texts of the tool results since the model last spoke. */
function resultsIn(body: Json): string[] {
  if (Array.isArray(body.messages)) {
    const last = body.messages.findLast((message: Json) => message.role === 'user');
    const parts: Json[] = Array.isArray(last?.content) ? last.content : [];
    return parts.filter(({ type }) => type === 'tool_result').map(({ content }) => flat(content));
  }
  const items: Json[] = Array.isArray(body.input) ? body.input : [];
  const from = items.findLastIndex(({ type }) => type === 'function_call');
  return items
    .slice(from + 1)
    .filter(({ type }) => type === 'function_call_output')
    .map(({ output }) => flat(output));
}

function flat(content: Json): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part) => part.text ?? '').join('\n') : JSON.stringify(content);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Server-sent events of `POST /v1/messages`. */
function anthropic(response: ServerResponse, body: Json, { blocks, tokens }: Spoken, id: string): void {
  const usage = {
    input_tokens: tokens,
    output_tokens: 50,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  };
  const content = blocks.map((block, index) =>
    'tool' in block
      ? { type: 'tool_use', id: `toolu_${id}_${index}`, name: block.tool, input: block.input }
      : { type: 'text', text: block.text },
  );
  const stop_reason = blocks.some((block) => 'tool' in block) ? 'tool_use' : 'end_turn';
  const message = {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model: body.model,
    stop_sequence: null,
  };
  if (body.stream !== true) return json(response, 200, { ...message, content, stop_reason, usage });
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
function openai(response: ServerResponse, body: Json, { blocks, tokens }: Spoken, id: string): void {
  const usage = {
    input_tokens: tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 50,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: tokens + 50,
  };
  const output = blocks.map((block, index) =>
    'tool' in block
      ? {
          type: 'function_call',
          id: `fc_${id}_${index}`,
          call_id: `call_${id}_${index}`,
          name: block.tool,
          ...(block.namespace === undefined ? {} : { namespace: block.namespace }),
          arguments: JSON.stringify(block.input),
          status: 'completed',
        }
      : {
          type: 'message',
          id: `msg_${id}_${index}`,
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: block.text, annotations: [] }],
        },
  );
  const base = { id: `resp_${id}`, object: 'response', created_at: 0, model: body.model };
  if (body.stream !== true) return json(response, 200, { ...base, output, status: 'completed', usage });
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
  send('response.completed', { response: { ...base, output, status: 'completed', usage } });
  response.end();
}

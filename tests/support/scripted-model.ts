import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropic, chat, json, openai, type SpokenUsage, type Wire } from './model-wires.js';
import type { Json } from './project.js';

/**
 * What the model says in one turn: words, or a call of a tool (`input` as text: arguments that are no JSON). `namespace` is
 * how Codex names a server; `script` is what its newer models write in place of calls.
 */
export type Block =
  | { text: string }
  | { tool: string; namespace?: string; input: Record<string, unknown> | string }
  | { script: string };

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
  headers: IncomingHttpHeaders;
  /** Texts of the tool results that came with it, in order. */
  results: string[];
}

/** What is said, and how large the host is told that its conversation has become, in tokens. */
export interface Spoken {
  blocks: Block[];
  tokens: number;
  usage?: SpokenUsage;
  /** Why it stopped, in the words of Anthropic: `max_tokens`, `refusal`. */
  stop?: string;
}

/** An answer that is none. `hang`: nothing ever comes. `reset`: the connection is cut, after the body where there is one. */
export interface Failure {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array | object;
  hang?: true;
  reset?: true;
}

type Said = Block[] | Spoken | Failure;
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
 * A model on loopback that speaks Anthropic Messages, OpenAI chat completions and Responses, and says what the script says,
 * turn by turn.
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
    const speaks = WIRES.find(([end]) => path.endsWith(end))?.[1];
    if (speaks === undefined) return json(response, 404, { error: { message: 'not here' } });
    const compaction = COMPACTION.test(lastWords(body));
    const seen: ModelRequest = {
      at: Date.now(),
      path,
      turn: offersTools(body) && !compaction,
      compaction,
      bytes: Buffer.byteLength(text),
      body,
      headers: request.headers,
      results: resultsIn(body),
    };
    requests.push(seen);
    const said = await next(seen);
    if (!Array.isArray(said) && !('blocks' in said)) return fail(response, said);
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

const WIRES: [end: string, wire: Wire][] = [
  ['/messages', anthropic],
  ['/chat/completions', chat],
  ['/responses', openai],
];

function fail(
  response: ServerResponse,
  { status = 200, headers = {}, body = '', hang, reset }: Failure,
): void {
  if (hang === true) return;
  if (reset === true && body === '') return void response.socket?.destroy();
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  if (reset === true) return void response.write(bytes, () => response.socket?.destroy());
  response.end(bytes);
}

/** Newer models of Codex find their tools in the input. */
function offersTools(body: Json): boolean {
  if (Array.isArray(body.tools) && body.tools.length > 0) return true;
  return Array.isArray(body.input) && body.input.some(({ type }: Json) => type === 'additional_tools');
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
    const tools = body.messages.slice(
      body.messages.findLastIndex(({ role }: Json) => role === 'assistant') + 1,
    );
    if (tools.some(({ role }: Json) => role === 'tool'))
      return tools.filter(({ role }: Json) => role === 'tool').map(({ content }: Json) => flat(content));
    const last = body.messages.findLast((message: Json) => message.role === 'user');
    const parts: Json[] = Array.isArray(last?.content) ? last.content : [];
    return parts.filter(({ type }) => type === 'tool_result').map(({ content }) => flat(content));
  }
  const items: Json[] = Array.isArray(body.input) ? body.input : [];
  const from = items.findLastIndex(({ type }) => type === 'function_call' || type === 'custom_tool_call');
  return items
    .slice(from + 1)
    .filter(({ type }) => type === 'function_call_output' || type === 'custom_tool_call_output')
    .map(({ output }) => flat(output));
}

function flat(content: Json): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part) => part.text ?? '').join('\n') : JSON.stringify(content);
}

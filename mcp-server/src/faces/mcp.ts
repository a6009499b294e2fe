// First, so that it is done before the library makes its schemas.
export { spareParsers } from './mcp-sparing.js';

import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { LabError } from '../core/errors.js';
import { plain } from '../core/text.js';
import type { Answer, ToolContext } from '../engine/tool.js';
import type { Desk } from './mcp-desk.js';
import { type About, CAPABILITIES, type Greeted, TASKS } from './mcp-hello.js';

const POLL_MS = 1000;
const TaskParams = z.looseObject({ taskId: z.string() });
/** A client that wants handles says so with each request. `claude -p`, Codex and the older protocols do not. */
const TakesTasks = z.looseObject({
  [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({
    extensions: z.looseObject({ [TASKS]: z.looseObject({}) }),
  }),
});

/**
 * The one door to the MCP library. Who knocks is greeted at once; what is behind the door is loaded when something is
 * first asked of it.
 */
export function createMcpServer(desk: () => Promise<Desk>, { info, instructions }: About): Server {
  const server = new Server(info, { capabilities: CAPABILITIES, instructions });
  server.setRequestHandler('tools/list', async () => ({ tools: (await desk()).tools() }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const { call, begin } = await desk();
    const task = TakesTasks.safeParse(mcpReq.envelope).success
      ? await begin(params.name, params.arguments)
      : null;
    if (typeof task === 'string') return asTask(standing(task, 'working'));
    return resultOf(task ?? (await call(params.name, params.arguments, contextOf(mcpReq))));
  });
  const cancelled = new Set<string>();
  server.setRequestHandler('tasks/get', { params: TaskParams }, async ({ taskId }): Promise<Result> => {
    if (cancelled.has(taskId)) return standing(taskId, 'cancelled');
    const found = await (await desk()).look(taskId);
    if (found === null) throw nothingCalled('task', taskId);
    return typeof found === 'string'
      ? { ...standing(taskId, 'working'), statusMessage: found }
      : { ...standing(taskId, 'completed'), result: resultOf(found) };
  });
  // Nobody asks any more. The run goes on: it is no business of the call that waited for it.
  server.setRequestHandler('tasks/cancel', { params: TaskParams }, ({ taskId }): Result => {
    cancelled.add(taskId);
    return {};
  });
  server.setRequestHandler('resources/list', async () => ({ resources: (await desk()).resources() }));
  server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
    const { resource, resources } = await desk();
    const found = await resource(uri).catch((error) => {
      if (!(error instanceof LabError)) throw error;
      throw new ProtocolError(ProtocolErrorCode.InternalError, `${error.message}; ${error.hint}`);
    });
    if (found !== null) return { contents: [{ uri, ...found }] };
    throw nothingCalled(
      'resource',
      uri,
      resources().map((known) => known.uri),
    );
  });
  server.setRequestHandler('prompts/list', async () => ({ prompts: (await desk()).prompts() }));
  server.setRequestHandler('prompts/get', async ({ params: { name, arguments: given } }) => {
    const { prompt, prompts } = await desk();
    const found = prompt(name, given?.request ?? '');
    if (found === null)
      throw nothingCalled(
        'prompt',
        name,
        prompts().map((known) => known.name),
      );
    const { description, text } = found;
    return { description, messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
  });
  return server;
}

/** How a task stands. When it began is the number in its name, so that any server can say it. */
function standing(taskId: string, status: 'working' | 'completed' | 'cancelled') {
  return {
    taskId,
    status,
    createdAt: new Date(Number(/-(\d{13})-/.exec(taskId)?.[1] ?? 0)).toISOString(),
    lastUpdatedAt: new Date().toISOString(),
    ttlMs: null,
    pollIntervalMs: POLL_MS,
  };
}

/** The library types the answer to a call as that of a finished one, and hands any other through. */
const asTask = (task: ReturnType<typeof standing>): CallToolResult => ({
  resultType: 'task',
  content: [],
  ...task,
});

function resultOf({ ok, text, data }: Answer): CallToolResult {
  return ok
    ? { content: [{ type: 'text', text }], structuredContent: data }
    : { content: [{ type: 'text', text }], isError: true };
}

function nothingCalled(what: string, name: string, known: readonly string[] = []): ProtocolError {
  const others = known.length === 0 ? '' : `; the ${what}s are ${known.join(', ')}`;
  const message = `there is no ${what} "${plain(name.slice(0, 120))}"${others}`;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}

function contextOf({ signal, _meta, notify }: ServerContext['mcpReq']): Omit<ToolContext, 'role'> {
  const token = _meta?.progressToken;
  return {
    signal,
    progress(message, progress, total) {
      if (token === undefined) return;
      const params = { progressToken: token, progress, message, ...(total === undefined ? {} : { total }) };
      // A client that has gone is noticed by its closed pipe; a progress note that cannot be delivered is no error.
      notify({ method: 'notifications/progress', params }).catch(() => undefined);
    },
  };
}

/**
 * Serves on standard input and output until the client leaves or `signal` is aborted, in the protocol that it speaks:
 * that of 2026-07-28, or an older one that begins with `initialize`. Runs go on either way.
 */
export async function serveMcp(
  create: () => Promise<Server>,
  { input, answered }: Greeted,
  signal: AbortSignal,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    if (signal.aborted || process.stdin.errored !== null) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    input.once('end', resolve);
    process.stdin.once('error', () => resolve());
  });
  const served = serveStdio(create, { transport: transportOf(input, answered) });
  await closed;
  await served.close();
}

/** Standard output, without the library's answer to what was answered before it was loaded. */
function transportOf(input: Greeted['input'], answered: Greeted['answered']): StdioServerTransport {
  const transport = new StdioServerTransport(input);
  const send = transport.send.bind(transport);
  let due = answered !== null;
  transport.send = (message) => {
    if (!due || 'method' in message || message.id !== answered) return send(message);
    due = false;
    return Promise.resolve();
  };
  return transport;
}

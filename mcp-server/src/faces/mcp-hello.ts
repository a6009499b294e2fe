import type { Transform } from 'node:stream';
import { wholeLines } from './mcp-lines.js';

/** Calls of hours as a handle that the client asks about: an extension of 2026-07-28 (SEP-2663). */
export const TASKS = 'io.modelcontextprotocol/tasks';

export const CAPABILITIES = { tools: {}, resources: {}, prompts: {}, extensions: { [TASKS]: {} } };

/** The protocols that begin with `initialize`; a test holds them against the library's own list. */
export const GREETED = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'];

/** What every client is told of the server. `instructions` are said to every session at its start. */
export interface About {
  info: { name: string; version: string };
  instructions: string;
}

/** Standard input in whole lines, and the id of the request in it that was answered already. */
export interface Greeted {
  input: Transform;
  answered: string | number | null;
}

/**
 * Answers the first message of a client, where it is the usual one, before the MCP library is loaded: that takes longer than
 * all else of a start. The library reads the message too, and its answer is to be dropped. What is unusual in any way is left
 * to it. Resolves with the first line, at the end of the input, or when `signal` is aborted.
 */
export function greet({ info, instructions }: About, signal: AbortSignal): Promise<Greeted> {
  return new Promise((resolve) => {
    const input = wholeLines((line) => {
      const opening = line === null ? null : usualOpening(line.toString('utf8'));
      if (opening !== null) {
        const { id, protocolVersion } = opening;
        const result = { protocolVersion, capabilities: CAPABILITIES, serverInfo: info, instructions };
        process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
      }
      resolve({ input, answered: opening?.id ?? null });
    });
    signal.addEventListener('abort', () => resolve({ input, answered: null }), { once: true });
    process.stdin.once('error', () => resolve({ input, answered: null }));
    process.stdin.pipe(input);
  });
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const holdsOnly = (fields: Fields, names: readonly string[]): boolean =>
  Object.keys(fields).every((name) => names.includes(name));

/** Null for what only the library can judge: another message, another protocol, a claim in `_meta`, a mistake. */
function usualOpening(line: string): { id: string | number; protocolVersion: string } | null {
  const message = parsed(line);
  if (!isFields(message) || !holdsOnly(message, ['jsonrpc', 'id', 'method', 'params'])) return null;
  const { jsonrpc, id, method, params } = message;
  if (jsonrpc !== '2.0' || method !== 'initialize' || !isFields(params)) return null;
  if (!(typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)))) return null;
  const { protocolVersion, capabilities, clientInfo } = params;
  if (!holdsOnly(params, ['protocolVersion', 'capabilities', 'clientInfo'])) return null;
  if (!isFields(capabilities) || !Object.values(capabilities).every(isFields)) return null;
  if (!isFields(clientInfo) || typeof clientInfo.name !== 'string' || typeof clientInfo.version !== 'string')
    return null;
  return typeof protocolVersion === 'string' && GREETED.includes(protocolVersion)
    ? { id, protocolVersion }
    : null;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

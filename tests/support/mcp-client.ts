import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect } from 'vitest';
import { type Json, MAIN } from './project.js';

export interface ToolAnswer {
  ok: boolean;
  text: string;
  /** `structuredContent`; undefined for an error. */
  data: Json;
  /** Characters of the larger of its two forms, as a host shows it. */
  size: number;
}

interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (message: string) => void;
}

/** The real server over standard input and output, spoken to with the client of the SDK. */
export interface McpSession {
  client: Client;
  pid: number;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
  close(): Promise<void>;
}

export async function connectMcp(
  root: string,
  { role, env = {} }: { role?: string; env?: Record<string, string> } = {},
): Promise<McpSession> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, 'mcp', '--project', root, ...(role === undefined ? [] : ['--role', role])],
    env: { ...inherited, ...env },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'tests', version: '0' });
  await client.connect(transport);
  return {
    client,
    pid: transport.pid ?? 0,
    async call(name, args = {}, { signal, onProgress } = {}) {
      const options = {
        timeout: 120_000,
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined
          ? {}
          : { onprogress: ({ message }: { message?: string | undefined }) => onProgress(message ?? '') }),
      };
      const result = await client.request(
        { method: 'tools/call', params: { name, arguments: args } },
        CallToolResultSchema,
        options,
      );
      const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
      const data = result.structuredContent;
      return {
        ok: result.isError !== true,
        text,
        data,
        size: Math.max(text.length, JSON.stringify(data ?? {}).length),
      };
    },
    close: () => client.close(),
  };
}

/** An answer that says what is wrong, and what to do. */
export function failed(answer: ToolAnswer, words: RegExp | string): void {
  expect(answer.text).toMatch(words);
  expect(answer.text).toMatch(/\nhint: \S/);
  expect(answer).toMatchObject({ ok: false, data: undefined });
}

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';
import { LabError } from '../../mcp-server/src/core/errors.js';
import type { Lab } from '../../mcp-server/src/engine/lab.js';
import { defineTool } from '../../mcp-server/src/engine/tool.js';
import { createMcpServer } from '../../mcp-server/src/faces/mcp.js';

// The conformance suite speaks HTTP and calls tools of fixed names: these, behind the server that is ours.

const fixture = (name: string, text: string, act: () => void = () => undefined) =>
  defineTool({
    name,
    title: name,
    description: `Answers with a fixed text: ${name}.`,
    effect: 'read',
    idempotent: true,
    audience: ['host'],
    input: z.strictObject({}),
    output: z.strictObject({ text: z.string() }),
    async run(_lab, _input, { progress }) {
      act();
      for (const done of [0, 50, 100]) progress(`${done} %`, done, 100);
      return { text };
    },
    render: ({ text: said }) => said,
  });

const TOOLS = [
  fixture('test_simple_text', 'This is a simple text response for testing.'),
  fixture('test_tool_with_progress', 'done'),
  fixture('test_error_handling', '', () => {
    throw new LabError('This tool intentionally returns an error for testing', 'expected');
  }),
];

/** Serves on loopback until `close`. */
export async function startConformanceServer(lab: Lab, packageRoot: string) {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  let port = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? transports.get(id) : undefined;
    if (transport === undefined) {
      const fresh = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void transports.set(session, fresh),
        enableDnsRebindingProtection: true,
        allowedHosts: [`127.0.0.1:${port}`, `localhost:${port}`],
      });
      await createMcpServer(lab, TOOLS, 'host', { version: '0.0.0', packageRoot }).connect(fresh);
      transport = fresh;
    }
    await transport.handleRequest(request, response);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      for (const transport of transports.values()) await transport.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

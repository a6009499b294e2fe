import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { LabError } from '../../mcp-server/src/core/errors.js';
import type { Lab } from '../../mcp-server/src/engine/lab.js';
import { defineTool } from '../../mcp-server/src/engine/tool.js';
import { createMcpServer } from '../../mcp-server/src/faces/mcp.js';
import { openDesk } from '../../mcp-server/src/faces/mcp-desk.js';

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
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const desk = openDesk(lab, TOOLS, 'host', packageRoot);
  let port = 0;
  const answer = async (request: Request): Promise<Response> => {
    let transport = transports.get(request.headers.get('mcp-session-id') ?? '');
    if (transport === undefined) {
      const fresh = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void transports.set(session, fresh),
        enableDnsRebindingProtection: true,
        allowedHosts: [`127.0.0.1:${port}`, `localhost:${port}`],
      });
      await createMcpServer(async () => desk, {
        info: { name: 'auto-experiment', version: '0.0.0' },
        instructions: '',
      }).connect(fresh);
      transport = fresh;
    }
    return transport.handleRequest(request);
  };
  const server = createServer(getRequestListener(answer));
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

// What a plain MCP server costs to start: the SDK as npm installs it, with two tools. Started by start.mjs as a reference.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'reference', version: '0' });
for (const name of ['one', 'two']) {
  server.registerTool(name, { description: name, inputSchema: { value: z.string() } }, ({ value }) => ({
    content: [{ type: 'text', text: value }],
  }));
}
await server.connect(new StdioServerTransport());

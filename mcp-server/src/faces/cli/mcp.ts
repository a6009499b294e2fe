import { type Command, UsageError } from '../command.js';
import { createMcpServer, serveMcp } from '../mcp.js';
import type { Desk } from '../mcp-desk.js';
import { INSTRUCTIONS, mayBeUnderWay } from '../mcp-greeting.js';
import { projectFolder } from './shared.js';

const ROLES = ['host', 'leader', 'idea', 'code', 'writing'] as const;

export const command: Command = {
  name: 'mcp',
  summary: 'The MCP server on standard input and output, for Claude Code, Codex and other hosts.',
  usage: 'mcp [--role code] [--project DIR]',
  flags: {
    role: {
      kind: 'value',
      value: 'ROLE',
      help: `Offer only the tools of a role: ${ROLES.join(', ')}; default host.`,
    },
  },
  json: false,
  project: true,
  words: 0,
  async run(console, args) {
    const role = ROLES.find((known) => known === (args.values.role ?? 'host'));
    if (role === undefined)
      throw new UsageError(`--role takes ${ROLES.join(', ')}, not "${args.values.role}"`);
    const folder = projectFolder(console, args);
    const desk = (): Promise<Desk> => console.desk(folder, role);
    const create = async () => {
      const more = role === 'host' && mayBeUnderWay(folder) ? (await desk()).underWay() : null;
      const instructions = [INSTRUCTIONS, ...(more === null ? [] : [more])].join(' ');
      return createMcpServer(desk, { version: console.version, instructions });
    };
    await serveMcp(create, console.signal);
    // A call that still waits is over with its client; its run is not ours to end.
    process.exit(0);
  },
};

import { type Command, UsageError } from '../command.js';
import type { Desk } from '../mcp-desk.js';
import { INSTRUCTIONS, mayBeUnderWay } from '../mcp-greeting.js';
import { greet } from '../mcp-hello.js';
import { wholeLines } from '../mcp-lines.js';
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
    const about = { info: { name: 'auto-experiment', version: console.version }, instructions: INSTRUCTIONS };
    const underWay = role === 'host' && mayBeUnderWay(folder);
    // With a campaign under way the greeting tells of it, for which the project is opened.
    const greeted = underWay
      ? { input: process.stdin.pipe(wholeLines(() => undefined)), answered: null }
      : await greet(about, console.signal);
    const { createMcpServer, serveMcp, spareParsers } = await console.door();
    const desk = (): Promise<Desk> => {
      // Our own schemas read whole ledgers.
      spareParsers(false);
      return console.desk(folder, role);
    };
    const create = async () => {
      const more = underWay ? (await desk()).underWay() : null;
      const instructions = [INSTRUCTIONS, ...(more === null ? [] : [more])].join(' ');
      return createMcpServer(desk, { ...about, instructions });
    };
    await serveMcp(create, greeted, console.signal);
    // A call that still waits is over with its client; its run is not ours to end.
    process.exit(0);
  },
};

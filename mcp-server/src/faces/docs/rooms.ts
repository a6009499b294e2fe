/** The rooms of mcp-server/src: what each may import. The architecture test holds this table and the docs show it. */
export interface Room {
  name: string;
  holds: string;
  /** Rooms that it may import besides itself. */
  rooms: readonly string[];
  /** npm packages that it may import. */
  npm: readonly string[];
}

/** Files above the rooms, where all is put together: the only places of dynamic imports. */
export const ROOT = ['main.ts', 'lab.ts'];

export const ROOMS: readonly Room[] = [
  {
    name: 'core',
    holds: 'nouns and rules; no I/O, no clock, no randomness that is not passed in',
    rooms: [],
    npm: ['zod'],
  },
  {
    name: 'store',
    holds: 'the project folder; its only reader and writer',
    rooms: ['core'],
    npm: ['yaml', 'gray-matter', 'picomatch', 'zod'],
  },
  {
    name: 'engine',
    holds: 'the verbs: launch, supervise, wait, the loop, views',
    rooms: ['core', 'store'],
    npm: ['zod'],
  },
  { name: 'tools', holds: 'one file per tool: declaration only', rooms: ['core', 'engine'], npm: ['zod'] },
  {
    name: 'faces',
    holds: 'MCP server, CLI, terminal, dashboard, installer, doctor, generated docs',
    rooms: ['core', 'store', 'engine', 'tools'],
    npm: ['@hono/node-server', '@modelcontextprotocol/server', 'hono', 'jsonc-parser', 'smol-toml', 'zod'],
  },
  {
    name: 'adapters',
    holds: 'machines, jobs, providers, GPU vendors, paper sources, notifiers; seen by lab.ts alone',
    rooms: ['core'],
    npm: ['execa', 'fast-xml-parser', 'nodemailer', 'smol-toml', 'ssh2', 'zod'],
  },
];

/** The same as Markdown: a diagram and a table. */
export function roomsMarkdown(): string {
  const rows = ROOMS.map(
    (room) =>
      `| \`${room.name}/\` | ${room.holds} | ${room.rooms.map((name) => `\`${name}/\``).join(' ') || '–'} | ${room.npm.join(', ') || '–'} |`,
  );
  return [
    '```',
    'main.ts  → faces → tools → engine → store → core        downwards only',
    'main.ts  → lab.ts → adapters → core                     nobody but lab.ts sees the adapters',
    '```',
    '',
    '| room | holds | may import | npm packages |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

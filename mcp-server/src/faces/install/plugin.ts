import { CLAUDE_WAITING, CODEX_ENV_VARS, CODEX_WAITING } from './needs.js';
import { SERVER } from './wish.js';

interface About {
  name: string;
  version: string;
  description: string;
  license: string;
}

/** The server as a plugin starts it, which needs no node_modules. From the plugin's own folder. */
const PROGRAM = 'mcp-server/plugin/server.cjs';

/** Stands for the folder of an installed plugin. */
const CLAUDE_ROOT = `$\{CLAUDE_PLUGIN_ROOT}`;
const PLUGIN_ROOT = `$\{PLUGIN_ROOT}`;

/** How the plugin's hooks start the program; an installation names its own. */
export const PLUGIN_PROGRAM = `node "${CLAUDE_ROOT}/${PROGRAM}"`;

/** The manifests that make this package a plugin: of Claude Code, of Codex, and of hosts that read a plain plugin.json. */
export function pluginFiles({ name, version, description, license }: About): Record<string, unknown> {
  const about = { name, version, description, license };
  const author = { name };
  const keywords = ['deep-learning', 'experiments', 'gpu', 'mcp'];
  const server = { command: 'node', args: [`${CLAUDE_ROOT}/${PROGRAM}`, 'mcp'] };
  return {
    '.claude-plugin/plugin.json': {
      ...about,
      author,
      keywords,
      mcpServers: { [SERVER]: { type: 'stdio', ...server, ...CLAUDE_WAITING } },
    },
    '.claude-plugin/marketplace.json': {
      name,
      description,
      owner: author,
      plugins: [{ name, source: './', description, version }],
    },
    '.codex-plugin/plugin.json': {
      ...about,
      author,
      keywords,
      skills: './skills/',
      mcpServers: './.codex-plugin/mcp.json',
      interface: {
        displayName: 'Auto Experiment',
        shortDescription: 'Runs your experiments day and night',
        longDescription: description,
        developerName: name,
        category: 'Developer Tools',
        capabilities: ['Interactive', 'Write'],
        defaultPrompt: ['Use auto-experiment to improve the metric of this project'],
      },
    },
    '.codex-plugin/mcp.json': {
      mcpServers: {
        [SERVER]: {
          command: 'node',
          args: [`./${PROGRAM}`, 'mcp'],
          cwd: '.',
          ...CODEX_WAITING,
          // Started in the plugin's folder, the server learns the person's from PWD.
          env_vars: ['PWD', ...CODEX_ENV_VARS],
        },
      },
    },
    // Without the `$schema` of Agent Plugins 1.0: with it Codex 0.169 takes this one and drops its own, and with it the
    // timeouts that a long wait needs.
    'plugin.json': { ...about, author, keywords, skills: './skills/', mcpServers: './mcp.json' },
    'mcp.json': {
      mcpServers: {
        [SERVER]: { type: 'stdio', command: 'node', args: [`${PLUGIN_ROOT}/${PROGRAM}`, 'mcp'] },
      },
    },
  };
}

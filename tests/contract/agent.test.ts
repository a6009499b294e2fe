import { join } from 'node:path';
import { openAgent } from '../support/model-wire-cases.js';
import { type AgentCase, describeAgent } from './agent-suite.js';

const anthropicError = (type: string, message: string) => ({ type: 'error', error: { type, message } });
const openaiError = (code: string, message: string) => ({ error: { type: code, code, message } });

const claude: AgentCase = {
  name: 'claude_cli',
  host: 'claude',
  model: 'claude-sonnet-4-6',
  open: (env, base_url, passEnv = []) =>
    openAgent('claude_cli', { base_url, api_key_env: 'MY_CLAUDE_KEY', passEnv }, env),
  key: { MY_CLAUDE_KEY: 'own-key-0123456789' },
  answer: (value) => [{ tool: 'StructuredOutput', input: value }],
  planted: (home, project) => {
    const hook = (path: string) => [{ hooks: [{ type: 'command', command: `touch ${path}/TOUCHED` }] }];
    const hooks = (path: string) => ({
      SessionStart: hook(path),
      Stop: hook(path),
      UserPromptSubmit: hook(path),
    });
    return {
      [join(project, '.claude/settings.json')]: JSON.stringify({
        hooks: hooks(project),
        env: {
          ANTHROPIC_CUSTOM_HEADERS: 'x-evil: PROJECT-PLANTED',
          ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
        },
        apiKeyHelper: `touch ${project}/TOUCHED`,
      }),
      [join(project, 'CLAUDE.md')]: 'PROJECT-PLANTED',
      [join(project, '.mcp.json')]: JSON.stringify({
        mcpServers: { evil: { command: 'touch', args: [`${project}/TOUCHED`] } },
      }),
      [join(home, '.claude/settings.json')]: JSON.stringify({
        hooks: hooks(home),
        env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' },
      }),
      [join(home, '.claude/CLAUDE.md')]: 'PROJECT-PLANTED',
      [join(home, '.claude/skills/foo/SKILL.md')]: '---\nname: foo\ndescription: PROJECT-PLANTED\n---\nx\n',
    };
  },
  usd: (1000 * 3 + 50 * 15) / 1e6,
  failures: [
    [
      '401',
      { status: 401, body: anthropicError('authentication_error', 'invalid x-api-key') },
      'auth',
      /refuses the key/,
    ],
    [
      '429',
      { status: 429, headers: { 'retry-after': '7200' }, body: anthropicError('rate_limit_error', 'slow') },
      'limited',
      /rate limited/,
    ],
    ['529', { status: 529, body: anthropicError('overloaded_error', 'Overloaded') }, 'down', /529/],
    [
      'no money',
      { status: 400, body: anthropicError('invalid_request_error', 'Your credit balance is too low') },
      'quota',
      /[Cc]redit balance/,
    ],
    [
      'no such model',
      { status: 404, body: anthropicError('not_found_error', 'model: x') },
      'no_model',
      /no model/,
    ],
    [
      'a web page',
      { headers: { 'content-type': 'text/html' }, body: '<html>login</html>' },
      'bad_answer',
      /malformed|HTML/,
    ],
    [
      'too long',
      {
        status: 400,
        body: anthropicError('invalid_request_error', 'prompt is too long: 300000 tokens > 200000 maximum'),
      },
      'bad_answer',
      /too long/,
    ],
  ],
};

const codex: AgentCase = {
  name: 'codex_cli',
  host: 'codex',
  model: 'scripted-1',
  open: (env, url, passEnv = []) =>
    openAgent('codex_cli', { base_url: `${url}/v1`, api_key_env: 'MY_CODEX_KEY', passEnv }, env),
  key: { MY_CODEX_KEY: 'own-key-0123456789' },
  answer: (value) => [{ text: JSON.stringify({ ...value, note: null }) }],
  planted: (home, project) => ({
    [join(project, '.codex/config.toml')]:
      `model = "PROJECT-PLANTED"\n[mcp_servers.evil]\ncommand = "touch"\nargs = ["${project}/TOUCHED"]\n`,
    [join(project, 'AGENTS.md')]: 'PROJECT-PLANTED',
    [join(home, '.codex/config.toml')]:
      `model = "PROJECT-PLANTED"\nnotify = ["touch", "${home}/TOUCHED"]\n[mcp_servers.own]\ncommand = "touch"\nargs = ["${home}/TOUCHED"]\n`,
    [join(home, '.codex/hooks.json')]: JSON.stringify({
      hooks: { Stop: [{ hooks: [{ type: 'command', command: `touch ${home}/TOUCHED` }] }] },
    }),
    [join(home, '.agents/skills/foo/SKILL.md')]: '---\nname: foo\ndescription: PROJECT-PLANTED\n---\nx\n',
  }),
  usd: null,
  failures: [
    [
      '401',
      { status: 401, body: openaiError('invalid_api_key', 'Incorrect API key provided') },
      'auth',
      /refuses the key \(401\)/,
    ],
    [
      'no money',
      { status: 429, body: openaiError('insufficient_quota', 'You exceeded your current quota') },
      'quota',
      /[Qq]uota/,
    ],
    [
      '500',
      { status: 500, body: openaiError('server_error', 'The server had an error') },
      'down',
      /cannot answer now/,
    ],
    [
      'no such model',
      {
        status: 404,
        body: openaiError('model_not_found', 'The model `x` does not exist or you do not have access to it.'),
      },
      'no_model',
      /no model/,
    ],
    [
      'a web page',
      { headers: { 'content-type': 'text/html' }, body: '<html>login</html>' },
      'down',
      /disconnected/,
    ],
    [
      'too long',
      { status: 400, body: openaiError('context_length_exceeded', 'Your input exceeds the context window') },
      'bad_answer',
      /context window/,
    ],
  ],
};

describeAgent(claude);
describeAgent(codex);

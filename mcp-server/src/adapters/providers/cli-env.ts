import { splitEnv } from '../../core/secrets.js';
import type { Door, Settings } from './door.js';
import type { Key } from './keys.js';

/** Variables by which a CLI knows its login and its ways. Nothing of another provider is among them. */
const OWN = {
  claude_cli: ['ANTHROPIC_*', 'CLAUDE_*'],
  codex_cli: ['OPENAI_*', 'CODEX_*'],
} as const;

/** Set by a host for the processes that it starts; a CLI that finds them takes itself for such a process. */
const HOSTS =
  /^(?:CLAUDECODE|CLAUDE_CODE_(?:ENTRYPOINT|SSE_PORT|SESSION_ID|CHILD_SESSION)|CODEX_SANDBOX.*|CODEX_THREAD_ID)$/;

/** Clouds that Claude Code can be asked to use, with the variables of their logins. */
const CLOUDS: readonly [on: string, names: string][] = [
  ['CLAUDE_CODE_USE_BEDROCK', 'AWS_*'],
  ['CLAUDE_CODE_USE_VERTEX', 'GOOGLE_*'],
  ['CLAUDE_CODE_USE_FOUNDRY', 'AZURE_*'],
];

export interface CliEnv {
  /** What the CLI is started with. */
  env: Record<string, string>;
  /** Names of those that our MCP server below it needs, for what it launches. Its login is not among them. */
  handedOn: string[];
  /** Names of secrets in `env` that our MCP server is not to see. */
  kept: string[];
}

/**
 * The environment of a CLI: what is no secret, what training may see (`experiment.pass_env`), and what belongs to the
 * CLI's own login. `keys` are laid over it; a null takes a variable out.
 */
export function cliEnv(
  settings: Settings & { provider: keyof typeof OWN },
  door: Door,
  keys: Record<string, string | null>,
): CliEnv {
  const { provider, passEnv = [] } = settings;
  const others = Object.entries(OWN).flatMap(([name, patterns]) => (name === provider ? [] : patterns));
  const clouds = CLOUDS.flatMap(([on, names]) => (truthy(door.env[on]) ? [names] : []));
  const own = [...OWN[provider], ...clouds];
  const base = Object.fromEntries(Object.entries(door.env).filter(([name]) => !HOSTS.test(name)));
  // Those of the other provider are withheld by name, whether they look like secrets or not, unless training needs them.
  const withOwn = splitEnv(base, { pass: [...own, ...passEnv], secret: others });
  const withoutOwn = splitEnv(base, { pass: passEnv, secret: [...others, ...own] });
  const env: Record<string, string> = { ...withOwn.env };
  for (const [name, value] of Object.entries(keys)) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  const handedOn = Object.keys(withoutOwn.env).filter((name) => name in env && !(name in keys));
  return { env, handedOn, kept: Object.keys(env).filter((name) => !handedOn.includes(name)) };
}

const truthy = (value: string | undefined): boolean =>
  value !== undefined && !/^(?:|0|false|no|off)$/i.test(value);

/** Claude Code's names for a key. The other one is taken out: it would win or be sent as well. */
export function claudeKeys(key: Key | null, settings: Settings): Record<string, string | null> {
  const base =
    settings.base_url === undefined || settings.base_url === ''
      ? {}
      : { ANTHROPIC_BASE_URL: settings.base_url };
  if (key === null) return base;
  return key.kind === 'bearer'
    ? { ...base, ANTHROPIC_AUTH_TOKEN: key.value, ANTHROPIC_API_KEY: null }
    : { ...base, ANTHROPIC_API_KEY: key.value, ANTHROPIC_AUTH_TOKEN: null };
}

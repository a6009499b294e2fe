import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { isFields } from './body.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface CarriedConfig {
  /** The user's own model; null where none is set. */
  model: string | null;
  /** `key=value` pairs for `-c`. None of them holds a secret. */
  overrides: string[];
  /** The same for the user's own model provider, where one is set. */
  provider: string[];
  /** Variable that holds the key of the user's own model provider. */
  keyEnv: string | null;
}

const NONE: CarriedConfig = { model: null, overrides: [], provider: [], keyEnv: null };
const MAX_BYTES = 256 * 1024;

/** How the user logs in and how hard the model thinks. */
const PLAIN = [
  'cli_auth_credentials_store',
  'forced_login_method',
  'forced_chatgpt_workspace_id',
  'chatgpt_base_url',
  'openai_base_url',
  'model_reasoning_effort',
  'model_context_window',
];

/** What a model provider of theirs may say. Headers and tokens written there in the clear stay there: argv can be read. */
const OF_PROVIDER = [
  'name',
  'base_url',
  'wire_api',
  'env_key',
  'requires_openai_auth',
  'env_http_headers',
  'request_max_retries',
];

/**
 * The few keys of the user's Codex config that a login needs. All else (other servers, hooks, profiles, notify programs) is
 * left out, because the config as a whole is ignored. A config that cannot be read is Codex's own to complain about.
 */
export function carriedConfig(env: Env): CarriedConfig {
  const folder = env.CODEX_HOME || join(env.HOME || homedir(), '.codex');
  const config = tomlIn(join(folder, 'config.toml'));
  if (config === null) return NONE;
  const overrides = PLAIN.flatMap((key) => pair(key, config[key]));
  const name = config.model_provider;
  const all = config.model_providers;
  const own = typeof name === 'string' && isFields(all) ? all[name] : undefined;
  const model = typeof config.model === 'string' ? config.model : null;
  if (typeof name !== 'string' || !isFields(own)) return { model, overrides, provider: [], keyEnv: null };
  const shown = Object.fromEntries(Object.entries(own).filter(([key]) => OF_PROVIDER.includes(key)));
  const keyEnv = typeof own.env_key === 'string' ? own.env_key : null;
  return { model, overrides, provider: modelProvider(name, shown), keyEnv };
}

/** The pairs that make Codex ask this one. */
export const modelProvider = (name: string, fields: Record<string, unknown>): string[] => [
  `model_provider=${inline(name)}`,
  `model_providers=${inline({ [name]: fields })}`,
];

const pair = (key: string, value: unknown): string[] =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || isFields(value)
    ? [`${key}=${inline(value)}`]
    : [];

/** A value as TOML on one line. JSON's strings are strings of TOML too. */
export function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(',')}]`;
  if (isFields(value))
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}=${inline(inner)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}

function tomlIn(path: string): Record<string, unknown> | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > MAX_BYTES) return null;
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof TomlError) return null;
    throw error;
  }
}

import { type Endpoint, ProviderError, type ProviderName } from '../../core/provider.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface Key {
  value: string;
  /** The variable that it came from. */
  name: string;
  /** `bearer`: an `Authorization: Bearer`; else the provider's own header, where it has one. */
  kind: 'key' | 'bearer';
}

/** Variables that are looked at when a config names none, in this order. */
const USUAL: Record<ProviderName, readonly { name: string; kind: Key['kind'] }[]> = {
  anthropic: [
    { name: 'ANTHROPIC_API_KEY', kind: 'key' },
    { name: 'ANTHROPIC_AUTH_TOKEN', kind: 'bearer' },
  ],
  openai: [{ name: 'OPENAI_API_KEY', kind: 'key' }],
  claude_cli: [],
  codex_cli: [],
};

/** The key of a provider, or null where none is configured and none is in the usual variables. Throws ProviderError (`auth`). */
export function keyOf(provider: ProviderName, endpoint: Endpoint, env: Env): Key | null {
  const { api_key_env, auth_token_env } = endpoint;
  if (auth_token_env !== undefined && auth_token_env !== '')
    return { ...taken(auth_token_env, 'agent.auth_token_env', env), kind: 'bearer' };
  if (api_key_env !== undefined && api_key_env !== '')
    return { ...taken(api_key_env, 'agent.api_key_env', env), kind: 'key' };
  for (const { name, kind } of USUAL[provider]) {
    const value = secretIn(name, env);
    if (value !== null) return { value, name, kind };
  }
  return null;
}

function taken(name: string, key: string, env: Env): { value: string; name: string } {
  const value = secretIn(name, env);
  if (value !== null) return { value, name };
  throw new ProviderError('auth', `${key}: ${name} is not set`, exportHint(name));
}

/** A value as it can go into a header: people paste line breaks along with keys. */
function secretIn(name: string, env: Env): string | null {
  const value = env[name]?.trim();
  if (value === undefined || value === '') return null;
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new ProviderError('auth', `${name} holds something that is no key`, exportHint(name));
}

const exportHint = (name: string): string =>
  `export ${name}=… in the shell or unit that starts auto-experiment; docs/providers.md shows how`;

/** Words for a key that is missing: nothing is asked without one. */
export function noKey(provider: ProviderName): ProviderError {
  const names = USUAL[provider].map(({ name }) => name);
  return new ProviderError(
    'auth',
    `${provider}: no key: ${names.join(' or ')} is not set`,
    exportHint(names[0] ?? ''),
  );
}

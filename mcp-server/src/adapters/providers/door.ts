import type { Endpoint, ProviderName } from '../../core/provider.js';

/** What all providers need of the world around them. */
export interface Door {
  env: Readonly<Record<string, string | undefined>>;
  clock: () => number;
  /** This program, for the User-Agent and as the MCP server of a CLI. */
  version: string;
  node: string;
  program: string;
  /** Milliseconds for one request; a model that thinks long on a slow machine needs minutes. */
  timeoutMs?: number;
}

/** What a config says, after it was checked whether this is trusted. */
export interface Settings extends Endpoint {
  provider: ProviderName;
  /** Names of secret variables that training may see, and so its launcher too. */
  passEnv?: readonly string[];
}

export const REQUEST_MS = 15 * 60_000;

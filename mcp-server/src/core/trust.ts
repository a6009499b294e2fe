import { LabError } from './errors.js';
import { OwnConfig } from './own-config.js';
import type { Place } from './place.js';
import type { Endpoint, ProviderName } from './provider.js';

/** Where a project's own config leads a key: these values together. */
export interface LedKey {
  provider: ProviderName;
  base_url: string | null;
  api_key_env: string | null;
  auth_token_env: string | null;
}

/** Where it leads a connection of ssh, and how. */
export interface LedConnection {
  ssh_host: string | null;
  ssh_args: string[];
}

/** Where it has notes written outside of the project: the folder as the config says it, and the one below it. */
export interface LedNotes {
  vault_path: string;
  project_subdir: string;
}

/** What a person has agreed to for one project. All grow: runs that are on a machine stay reachable when the config changes. */
export interface Agreed {
  keys: LedKey[];
  connections: LedConnection[];
  notes: LedNotes[];
}

export const NOTHING_AGREED: Agreed = { keys: [], connections: [], notes: [] };

/** Who works here: their own config, and what they have agreed to of each project. Both lie outside of every project. */
export interface User {
  own: OwnConfig;
  /** `root` is the project's real folder. */
  agreed(root: string): Agreed;
}

/** Nobody in particular: no config, nothing agreed. */
export const NOBODY: User = { own: OwnConfig.parse({}), agreed: () => NOTHING_AGREED };

/** Where keys go without a word of anybody. */
const USUAL: Record<ProviderName, { key: string; base: RegExp }> = {
  anthropic: { key: 'ANTHROPIC_API_KEY', base: /^https:\/\/api\.anthropic\.com\/?(?:v1\/?)?$/ },
  claude_cli: { key: 'ANTHROPIC_API_KEY', base: /^https:\/\/api\.anthropic\.com\/?$/ },
  openai: { key: 'OPENAI_API_KEY', base: /^https:\/\/api\.openai\.com\/?(?:v1\/?)?$/ },
  codex_cli: { key: 'OPENAI_API_KEY', base: /^https:\/\/api\.openai\.com\/?(?:v1\/?)?$/ },
};

/**
 * What of a project's config leads a key elsewhere, beyond what the user's own config says for the same provider; null where
 * nothing does. A key to its usual address is no such thing.
 */
export function ledKey(agent: Endpoint & { provider: ProviderName }, own: OwnConfig['agent']): LedKey | null {
  const { provider } = agent;
  const base_url = agent.base_url || null;
  const api_key_env = agent.api_key_env || null;
  const auth_token_env = agent.auth_token_env || null;
  if (base_url === null && api_key_env === null && auth_token_env === null) return null;
  const sameProvider = (own.provider ?? 'anthropic') === provider;
  if (
    sameProvider &&
    base_url === (own.base_url || null) &&
    api_key_env === (own.api_key_env || null) &&
    auth_token_env === (own.auth_token_env || null)
  )
    return null;
  const usual = USUAL[provider];
  const usualAddress = base_url === null || usual.base.test(base_url);
  if (usualAddress && auth_token_env === null && (api_key_env === null || api_key_env === usual.key))
    return null;
  return { provider, base_url, api_key_env, auth_token_env };
}

/** Words of `execution.ssh_args`. */
const sshWords = (args: string | readonly string[] | undefined): string[] =>
  typeof args === 'string' ? args.split(/\s+/).filter(Boolean) : [...(args ?? [])];

/** The same for the arguments of ssh. A host alone leads nowhere that `ssh` would not go by hand. */
export function ledConnection(
  execution: { ssh_host?: string | undefined; ssh_args?: string | readonly string[] | undefined },
  own: OwnConfig['execution'],
): LedConnection | null {
  const ssh_args = sshWords(execution.ssh_args);
  if (ssh_args.length === 0 || same(ssh_args, sshWords(own.ssh_args))) return null;
  return { ssh_host: execution.ssh_host ?? null, ssh_args };
}

/**
 * The same for notes: a vault is a folder of the person's own, in which a project that came from elsewhere has no business. Null
 * where notes are not kept, or are kept below the workspace. A vault inside of the project counts too: a link may lead out.
 */
export function ledNotes(
  obsidian: { enabled: boolean; vault_path?: string | undefined; project_subdir: string },
  own: OwnConfig['obsidian'],
): LedNotes | null {
  const vault_path = obsidian.vault_path?.trim() ?? '';
  const { project_subdir } = obsidian;
  if (!obsidian.enabled || vault_path === '' || vault_path === own.vault_path?.trim()) return null;
  return { vault_path, project_subdir };
}

/** Whether exactly this was agreed to. */
export const agreedTo = <T>(list: readonly T[], one: T): boolean => list.some((agreed) => same(agreed, one));

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a person is shown before they agree: each key of the config with its value, and what it means. */
export function ledLines(
  key: LedKey | null,
  connection: LedConnection | null,
  notes: LedNotes | null,
): string[] {
  const lines: string[] = [];
  if (key !== null) {
    for (const name of ['base_url', 'api_key_env', 'auth_token_env'] as const)
      if (key[name] !== null) lines.push(`agent.${name} = ${key[name]}`);
    const named = key.auth_token_env ?? key.api_key_env;
    const cli = key.provider === 'claude_cli' || key.provider === 'codex_cli';
    const from =
      named === null && cli
        ? `the login of ${key.provider}`
        : `the value of ${named ?? USUAL[key.provider].key}`;
    const to = key.base_url ?? `the usual address of ${key.provider}`;
    lines.push(`→ ${from} and all prompts are sent to ${to}`);
  }
  if (connection !== null) {
    lines.push(`execution.ssh_args = ${connection.ssh_args.join(' ')}`);
    lines.push(`→ ssh to ${connection.ssh_host ?? '(no host)'} is given these arguments`);
  }
  if (notes !== null) {
    lines.push(`obsidian.vault_path = ${notes.vault_path}`);
    lines.push(
      `→ notes are written in that folder, outside of the project, below ${notes.project_subdir}; nothing of yours there is overwritten`,
    );
  }
  return lines;
}

/** Refuses a key's way that nobody has agreed to. Throws LabError. */
export function assertAgreed(key: LedKey | null, root: string): void {
  if (key === null) return;
  throw new LabError(
    `config.yaml of this project leads a key elsewhere, and you have not agreed to it: ${ledLines(key, null, null).join('; ').replace('→ ', '')}`,
    `look at it and agree once: auto-experiment trust --project ${JSON.stringify(root)}; or write these keys into your own config (docs/providers.md)`,
  );
}

/** Refuses to write notes into a vault that nobody has agreed to. Throws LabError. */
export function assertVault(notes: LedNotes | null, root: string): void {
  if (notes === null) return;
  throw new LabError(
    `config.yaml of this project has notes written in ${notes.vault_path}, and you have not agreed to it`,
    `agree once: auto-experiment trust --project ${JSON.stringify(root)}; or write obsidian.vault_path into your own config (docs/reports.md). Notes are kept below the workspace until then`,
  );
}

/** Refuses arguments of ssh that nobody has agreed to, wherever they come from: the config, or the record of a run. Throws LabError. */
export function assertPlace(place: Pick<Place, 'host' | 'args'>, root: string, { own, agreed }: User): void {
  const led = ledConnection({ ssh_host: place.host, ssh_args: place.args }, own.execution);
  if (led === null || agreedTo(agreed(root).connections, led)) return;
  throw new LabError(
    `this project gives ssh arguments to which you have not agreed: ${led.ssh_args.join(' ')}`,
    `look at them and agree once: auto-experiment trust --project ${JSON.stringify(root)}; or write them into ~/.ssh/config under Host ${place.host}`,
  );
}

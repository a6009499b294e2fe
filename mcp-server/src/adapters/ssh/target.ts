import { LabError } from '../../core/errors.js';
import type { Settings } from './client-config.js';

/** All that it takes to reach a host without the OpenSSH client. */
export interface Target {
  /** As a person named it. */
  name: string;
  host: string;
  port: number;
  user: string;
  /** Named in the configuration; empty = the usual ones. */
  keyFiles: readonly string[];
  onlyNamedKeys: boolean;
  /** Socket of the agent; null = none. */
  agent: string | null;
  knownHosts: readonly string[];
  /** The name under which its key is known. */
  keyAlias: string | null;
  jumps: readonly string[];
  timeoutMs: number;
}

const REFUSED =
  'install the OpenSSH client (Debian/Ubuntu: apt install openssh-client); without it -p, -l, -i, -J and -o Port, User, HostName, IdentityFile, IdentitiesOnly, ProxyJump, ConnectTimeout and known_hosts are understood';

const BY_FLAG: Readonly<Record<string, string>> = {
  '-p': 'port',
  '-l': 'user',
  '-i': 'identityfile',
  '-J': 'proxyjump',
};
const BY_NAME = new Set(
  'port user hostname identityfile identitiesonly identityagent proxyjump connecttimeout hostkeyalias userknownhostsfile'.split(
    ' ',
  ),
);
const NOTHING = /^-[46Cqv]+$/;

/** Arguments of ssh, checked before, as settings. Throws LabError for what is not understood here. */
export function settingsOfArgs(args: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (let at = 0; at < args.length; at++) {
    const flag = args[at] ?? '';
    if (NOTHING.test(flag)) continue;
    let value = args[++at] ?? '';
    let name = BY_FLAG[flag];
    if (flag === '-o') {
      const [, keyword = '', text = ''] = /^([A-Za-z]+)(?:\s*=\s*|\s+)(.+)$/.exec(value) ?? [];
      name = BY_NAME.has(keyword.toLowerCase()) ? keyword.toLowerCase() : undefined;
      value = text;
    }
    if (name === undefined)
      throw new LabError(
        `execution.ssh_args: ${flag} ${value} is not understood without the OpenSSH client`,
        REFUSED,
      );
    if (!found.has(name)) found.set(name, [value]);
    else if (name === 'identityfile') found.get(name)?.push(value);
  }
  return found;
}

/** `given`: of the command line, which win over `config`. */
export function targetOf(
  name: string,
  given: Settings,
  config: Settings,
  { home, user: me, agent }: { home: string; user: string; agent: string | undefined },
): Target {
  const first = (key: string): string | undefined => (given.get(key) ?? config.get(key))?.[0];
  const at = name.lastIndexOf('@');
  const alias = name.slice(at + 1);
  const host = (first('hostname') ?? alias).replaceAll('%h', alias);
  const port = Number(first('port') ?? 22);
  const user = at >= 0 ? name.slice(0, at) : (first('user') ?? me);
  const path = (text: string): string =>
    text
      .replace(/^~(?=\/|$)/, home)
      .replace(
        /%([dhrupn%])/g,
        (_, token: string) =>
          ({ d: home, h: host, r: user, u: me, p: String(port), n: alias, '%': '%' })[token] ?? '',
      );
  const files = (key: string, usual: string[]): string[] =>
    (given.get(key) ?? config.get(key) ?? usual).map(path);
  const socket = first('identityagent');
  const jump = first('proxyjump');
  return {
    name,
    host,
    port,
    user,
    keyFiles: [...(given.get('identityfile') ?? []), ...(config.get('identityfile') ?? [])].map(path),
    onlyNamedKeys: first('identitiesonly')?.toLowerCase() === 'yes',
    agent:
      socket === 'none'
        ? null
        : socket === undefined || socket === 'SSH_AUTH_SOCK'
          ? (agent ?? null)
          : path(socket),
    knownHosts: [
      ...files('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
      ...files('globalknownhostsfile', ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
    ],
    keyAlias: first('hostkeyalias') ?? null,
    jumps: jump === undefined || jump === 'none' ? [] : jump.split(','),
    timeoutMs: Number(first('connecttimeout') ?? 10) * 1000,
  };
}

import { LabError } from '../../core/errors.js';
import { clip } from '../../core/text.js';
import { matchesPattern } from './known-hosts.js';

/** One keyword with its value, as it counts for a host; the first one of a name wins. */
export type Settings = ReadonlyMap<string, readonly string[]>;

export interface ConfigFiles {
  /** The text of a file; null when there is none. */
  read(path: string): string | null;
  /** Files that a path with `*` means. */
  expand(pattern: string): string[];
}

const INSTALL =
  'install the OpenSSH client, which does (Debian/Ubuntu: apt install openssh-client), or take it out for this host';

/** What is understood, and what makes no difference to a connection without a terminal. Whatever else counts for a host is refused. */
const UNDERSTOOD = words(
  'HostName User Port IdentityFile IdentitiesOnly IdentityAgent UserKnownHostsFile GlobalKnownHostsFile HostKeyAlias',
  'ProxyJump ConnectTimeout',
);
const HARMLESS = words(
  'AddKeysToAgent AddressFamily BatchMode CheckHostIP ClearAllForwardings Compression ConnectionAttempts ControlMaster',
  'ControlPath ControlPersist EscapeChar ExitOnForwardFailure FingerprintHash ForwardAgent ForwardX11 ForwardX11Trusted',
  'GSSAPIAuthentication GSSAPIDelegateCredentials HashKnownHosts HostbasedAuthentication IgnoreUnknown IPQoS',
  'KbdInteractiveAuthentication ChallengeResponseAuthentication LocalForward DynamicForward RemoteForward LogLevel',
  'NumberOfPasswordPrompts PasswordAuthentication PermitLocalCommand PreferredAuthentications PubkeyAuthentication',
  'RequestTTY SendEnv SetEnv ServerAliveCountMax ServerAliveInterval StrictHostKeyChecking TCPKeepAlive UpdateHostKeys',
  'UseKeychain VisualHostKey XAuthLocation EnableEscapeCommandline',
);

function words(...lists: string[]): ReadonlySet<string> {
  return new Set(lists.join(' ').toLowerCase().split(' '));
}

/**
 * What a file like ~/.ssh/config says of a host: Host blocks and Include. Throws LabError for what only the OpenSSH client
 * can decide: nobody may be led elsewhere than by hand.
 */
export function readClientConfig(files: ConfigFiles, path: string, host: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  visit(files, path, host, true, found, 0);
  return found;
}

function visit(
  files: ConfigFiles,
  path: string,
  host: string,
  counts: boolean,
  found: Map<string, string[]>,
  depth: number,
): void {
  if (depth > 8) throw refused(path, 'Include', 'it includes itself');
  let active = counts;
  for (const line of (files.read(path) ?? '').split('\n')) {
    const [, name = '', rest = ''] = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
    const keyword = name.toLowerCase();
    if (keyword === '' || line.trim().startsWith('#')) continue;
    const values = split(rest);
    if (keyword === 'host') active = counts && isFor(values, host);
    else if (keyword === 'match') {
      if (values.join(' ').toLowerCase() !== 'all') throw refused(path, 'Match', rest);
      active = counts;
    } else if (!active) continue;
    else if (keyword === 'include')
      for (const inner of values.flatMap((value) => files.expand(value)))
        visit(files, inner, host, true, found, depth + 1);
    else if (UNDERSTOOD.has(keyword)) take(found, keyword, values);
    else if (!HARMLESS.has(keyword)) throw refused(path, name, rest);
  }
}

/** The first value counts; of key files, all do. */
function take(found: Map<string, string[]>, keyword: string, values: string[]): void {
  const before = found.get(keyword);
  if (before === undefined) found.set(keyword, values);
  else if (keyword === 'identityfile') before.push(...values);
}

function isFor(patterns: readonly string[], host: string): boolean {
  if (patterns.some((one) => one.startsWith('!') && matchesPattern(one.slice(1), host))) return false;
  return patterns.some((one) => matchesPattern(one, host));
}

/** Words, of which some stand in double quotes. */
const split = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const refused = (path: string, name: string, value: string): LabError =>
  new LabError(
    `${path} says ${name} ${clip(value, 60)}, which this program cannot follow by itself, and there is no program ssh`,
    INSTALL,
  );

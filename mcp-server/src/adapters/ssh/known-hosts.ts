import { createHash, createHmac } from 'node:crypto';

/** A line of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) that is about a host. */
interface KnownKey {
  type: string;
  key: Buffer;
  revoked: boolean;
}

/** `known`: this very key · `changed`: another one of its type · `unknown`: none of its type · `revoked`: marked so. */
export type HostKeyState = 'known' | 'changed' | 'unknown' | 'revoked';

/** How a host is named in known_hosts. */
export const knownName = (host: string, port: number): string =>
  (port === 22 ? host : `[${host}]:${port}`).toLowerCase();

/** The keys that these files know of a host. Certificate authorities are no keys of a host. */
export function knownKeys(texts: readonly string[], name: string): KnownKey[] {
  return texts.flatMap((text) =>
    text.split('\n').flatMap((line): KnownKey[] => {
      const words = line.trim().split(/\s+/);
      const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
      const [hosts = '', type = '', base64 = ''] = words;
      if (hosts.startsWith('#') || base64 === '' || (marker !== undefined && marker !== '@revoked'))
        return [];
      if (!isMeant(hosts, name)) return [];
      return [{ type, key: Buffer.from(base64, 'base64'), revoked: marker !== undefined }];
    }),
  );
}

export function hostKeyState(known: readonly KnownKey[], key: Buffer): HostKeyState {
  if (known.some((one) => one.revoked && one.key.equals(key))) return 'revoked';
  const valid = known.filter((one) => !one.revoked);
  if (valid.some((one) => one.key.equals(key))) return 'known';
  const type = keyType(key);
  return valid.some((one) => one.type === type) ? 'changed' : 'unknown';
}

/** As `ssh-keygen -l` prints it. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** A key begins with the name of its type (RFC 4253, 6.6). */
export function keyType(key: Buffer): string {
  return key.length < 4 ? '' : key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

function isMeant(hosts: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts) ?? [];
  if (salt !== undefined && hash !== undefined)
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  const patterns = hosts.toLowerCase().split(',');
  if (patterns.some((one) => one.startsWith('!') && matchesPattern(one.slice(1), name))) return false;
  return patterns.some((one) => matchesPattern(one, name));
}

/** Patterns of ssh_config(5): `*` and `?`. */
export function matchesPattern(pattern: string, name: string): boolean {
  const source = [...pattern].map((one) => {
    if (one === '*') return '.*';
    return one === '?' ? '.' : one.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 's').test(name);
}

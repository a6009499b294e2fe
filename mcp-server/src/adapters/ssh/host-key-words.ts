import { LabError } from '../../core/errors.js';
import { fingerprint, type HostKeyState, keyType, knownName } from './known-hosts.js';
import type { Target } from './target.js';

/** Why a host is not spoken to, with the fingerprint to compare and what to do. */
export function hostKeyError(target: Target, key: Buffer, state: HostKeyState): LabError {
  const name = knownName(target.keyAlias ?? target.host, target.keyAlias === null ? target.port : 22);
  const file = target.knownHosts[0] ?? '~/.ssh/known_hosts';
  const print = fingerprint(key);
  const line = `${name} ${keyType(key)} ${key.toString('base64')}`;
  if (state === 'unknown')
    return new LabError(
      `the host key of ${target.name} is not known (${print}); nothing was sent to it`,
      `compare the fingerprint with what its administrator tells, and only if it is the same append this line to ${file}: ${line}`,
    );
  if (state === 'revoked')
    return new LabError(
      `the host key of ${target.name} is marked as revoked (${print}); nothing was sent to it`,
      'ask its administrator for the new key',
    );
  return new LabError(
    `the host key of ${target.name} is not the one that is known (${print}); nothing was sent to it`,
    `somebody may be in between, or the host was set up anew: ask its administrator for the fingerprint, and only if it is the same replace its line in ${file} by: ${line}`,
  );
}

import { createHash } from 'node:crypto';
import type { CodeRef } from '../../core/ledger.js';

/**
 * Equal for runs that would do the same work: same code, same command with its seed left open, same variables of the
 * config. Null when the code could not be kept, and then nothing is known to be the same.
 */
export function workKey(
  code: CodeRef | null,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  seedEnv: string | undefined,
): string | null {
  if (code === null) return null;
  const named = Object.entries(env).filter(([name]) => name !== seedEnv);
  const settings = named.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([code.tree, argv, settings]))
    .digest('hex')
    .slice(0, 24);
}

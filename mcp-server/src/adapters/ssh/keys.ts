import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2, { type AnyAuthMethod, type BaseAgent, type ParsedKey } from 'ssh2';
import { errorCode } from '../../core/errors.js';
import type { Target } from './target.js';

const USUAL = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** How somebody may show who they are, and the key files that could not be used because a passphrase guards them. */
export interface Ways {
  methods: AnyAuthMethod[];
  locked: string[];
}

/** Keys of files and of the agent, never a question. */
export function waysIn(target: Target, home: string): Ways {
  const named = target.keyFiles;
  const files = named.length > 0 ? named : USUAL.map((name) => join(home, '.ssh', name));
  const locked: string[] = [];
  const keys: ParsedKey[] = [];
  const publicHalves: Buffer[] = [];
  for (const file of files) {
    const text = readIfThere(file);
    const half = parse(readIfThere(`${file}.pub`));
    if (half !== null) publicHalves.push(half.getPublicSSH());
    const key = text === null ? null : parse(text);
    if (key?.isPrivateKey() === true) {
      keys.push(key);
      publicHalves.push(key.getPublicSSH());
    } else if (text !== null) locked.push(file);
  }
  const username = target.user;
  const own = keys.map((key): AnyAuthMethod => ({ type: 'publickey', username, key }));
  const agent = agentOf(target, publicHalves);
  const byAgent: AnyAuthMethod[] = agent === null ? [] : [{ type: 'agent', username, agent }];
  return { methods: named.length > 0 ? [...own, ...byAgent] : [...byAgent, ...own], locked };
}

function agentOf(target: Target, allowed: readonly Buffer[]): BaseAgent | null {
  if (target.agent === null || !existsSync(target.agent)) return null;
  const agent = ssh2.createAgent(target.agent);
  if (!target.onlyNamedKeys) return agent;
  const all = agent.getIdentities.bind(agent);
  agent.getIdentities = (done) => {
    all((error, keys) => {
      done(
        error,
        keys?.filter((key) => allowed.some((half) => half.equals(publicOf(key)))),
      );
    });
  };
  return agent;
}

type AgentKey = NonNullable<Parameters<Parameters<BaseAgent['getIdentities']>[0]>[1]>[number];

function publicOf(key: AgentKey): Buffer {
  if (Buffer.isBuffer(key)) return key;
  if (typeof key === 'string') return Buffer.from(key);
  if ('getPublicSSH' in key) return key.getPublicSSH();
  return Buffer.isBuffer(key.pubKey) ? key.pubKey : Buffer.alloc(0);
}

/** Null for what is no key, or one that a passphrase guards. */
function parse(text: string | null): ParsedKey | null {
  const parsed = text === null ? null : ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key instanceof Error || key === null || key === undefined ? null : key;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

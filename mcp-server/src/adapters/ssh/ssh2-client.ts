import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { errorCode, LabError } from '../../core/errors.js';
import { hostKeyError } from './host-key-words.js';
import { waysIn } from './keys.js';
import { type HostKeyState, hostKeyState, knownKeys, knownName } from './known-hosts.js';
import type { Target } from './target.js';
import { linkError } from './words.js';

/** A connection that has shown who it is, on both sides. */
export interface Connection {
  client: Client;
  /** Null when it goes through another host, whose connection holds the process. */
  socket: Socket | null;
  /** Resolves when it is over, with the reason in words. */
  ended: Promise<LabError>;
}

/** Connects to a host whose key is known. `through`: the stream to it that a jump host opened. Rejects with LabError. */
export function connectSsh2(target: Target, home: string, through: Duplex | null): Promise<Connection> {
  const client = new ssh2.Client();
  const name = knownName(target.keyAlias ?? target.host, target.keyAlias === null ? target.port : 22);
  const known = knownKeys(target.knownHosts.map(textOf), name);
  const { methods, locked } = waysIn(target, home);
  let refusal: LabError | null = null;
  const socket = through === null ? new Socket() : null;
  const sock = through ?? socket ?? new Socket();
  return new Promise((resolve, reject) => {
    let why: LabError | null = null;
    const ended = new Promise<LabError>((over) => {
      client.once('close', () => over(why ?? linkError(target.name, 'Connection closed by the host')));
    });
    client.on('error', (error) => {
      why ??= refusal ?? wordsOf(target, error, locked);
      reject(why);
    });
    client.once('ready', () => {
      client.setNoDelay(true);
      resolve({ client, socket, ended });
    });
    client.once('close', () => reject(why ?? linkError(target.name, 'Connection closed by the host')));
    socket?.connect(target.port, target.host);
    // Nobody is asked anything: a server that wants more than a key is told no.
    client.connect({
      username: target.user,
      authHandler: methods.length > 0 ? methods : [{ type: 'none', username: target.user }],
      readyTimeout: target.timeoutMs,
      sock,
      host: target.host,
      port: target.port,
      algorithms: { serverHostKey: preferred(known.map(({ type }) => type)) },
      hostVerifier: (key: Buffer) => {
        const state: HostKeyState = hostKeyState(known, key);
        if (state !== 'known') refusal = hostKeyError(target, key, state);
        return state === 'known';
      },
    });
  });
}

/** Kinds of key that are known come first: a server that has several then shows one that can be checked. */
function preferred(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const all: ServerHostKeyAlgorithm[] = [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ];
  const isKnown = (one: string): boolean => types.includes(one.startsWith('rsa-sha2') ? 'ssh-rsa' : one);
  return [...all.filter(isKnown), ...all.filter((one) => !isKnown(one))];
}

function wordsOf(target: Target, error: Error & { level?: string }, locked: readonly string[]): LabError {
  if (error.level === 'client-authentication' && locked.length > 0)
    return new LabError(
      `${target.name} did not accept any key, and a passphrase guards ${locked.join(', ')}`,
      `hold it in an agent: eval "$(ssh-agent)" && ssh-add ${locked[0]}, in the shell that starts this program`,
    );
  if (error.level === 'client-authentication')
    return linkError(target.name, 'All configured authentication methods failed');
  if (error.level === 'client-timeout') return linkError(target.name, 'ETIMEDOUT');
  return linkError(target.name, `${errorCode(error) ?? ''} ${error.message}`.trim());
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return '';
  }
}

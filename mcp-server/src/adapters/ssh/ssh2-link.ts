import { readdirSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { errorCode, LabError } from '../../core/errors.js';
import { assertHost } from './arguments.js';
import { type ConfigFiles, readClientConfig } from './client-config.js';
import { matchesPattern } from './known-hosts.js';
import type { Channel, Link } from './link.js';
import { type Connection, connectSsh2 } from './ssh2-client.js';
import { settingsOfArgs, type Target, targetOf } from './target.js';
import { linkError } from './words.js';

const MAX_JUMPS = 8;

/**
 * A link without the OpenSSH client, for computers that have none. It reads of ~/.ssh/config what it can follow and refuses the
 * rest; host keys are checked against known_hosts and never taken on trust.
 */
export function ssh2Link(options: {
  host: string;
  /** Checked by `sshArguments`. */
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}): Link {
  const { host, args, env } = options;
  assertHost(host);
  const home = env.HOME ?? homedir();
  /** Connections and how many sessions are open or asked for on each. */
  const live = new Map<Connection, number>();
  let first: Promise<Connection> | undefined;

  const resolve = (name: string, given: ReadonlyMap<string, string[]>): Target => {
    assertHost(name);
    const alias = name.slice(name.lastIndexOf('@') + 1);
    const config = readClientConfig(configFiles(home), join(home, '.ssh', 'config'), alias);
    return targetOf(name, given, config, { home, user: userInfo().username, agent: env.SSH_AUTH_SOCK });
  };

  const reach = async (target: Target, depth: number): Promise<Connection> => {
    let through: Duplex | null = null;
    const before: Connection[] = [];
    if (depth > MAX_JUMPS)
      throw new LabError(
        `${target.name} is behind more than ${MAX_JUMPS} jump hosts`,
        'check ProxyJump for a circle',
      );
    if (target.jumps.length > 0) {
      const [last = ''] = target.jumps.slice(-1);
      const hop = jumpOf(resolve, last, target.jumps.slice(0, -1));
      const connection = await reach(hop, depth + 1);
      before.push(connection);
      through = await forward(connection, target);
    }
    try {
      const made = await connectSsh2(target, home, through);
      void made.ended.then(() => {
        for (const one of before) one.client.end();
      });
      return { ...made, socket: made.socket ?? before[0]?.socket ?? null };
    } catch (error) {
      for (const one of before) one.client.end();
      throw error;
    }
  };

  const connect = async (): Promise<Connection> => {
    const made = await reach(resolve(host, settingsOfArgs(args)), 0);
    live.set(made, 0);
    void made.ended.then(() => live.delete(made));
    return made;
  };

  /** Null when the server grants no further session on this connection. */
  const openOn = async (connection: Connection, isShared: boolean): Promise<Channel | null> => {
    const count = (by: number): void => {
      const sessions = (live.get(connection) ?? 0) + by;
      if (live.has(connection)) live.set(connection, sessions);
      if (sessions > 0 || isShared) return;
      live.delete(connection);
      connection.client.end();
    };
    // Ended while others were tried.
    if (!live.has(connection)) return null;
    count(1);
    try {
      const channel = await shellOn(connection, host);
      if (channel === null) count(-1);
      else void channel.ended.then(() => count(-1));
      return channel;
    } catch (error) {
      count(-1);
      throw error;
    }
  };

  const firstConnection = (): Promise<Connection> => {
    first ??= connect().then((made) => {
      void made.ended.then(() => {
        first = undefined;
      });
      return made;
    });
    first.catch(() => {
      first = undefined;
    });
    return first;
  };

  return {
    name: host,
    async open() {
      const shared = await firstConnection();
      for (const connection of [shared, ...live.keys()]) {
        const channel = await openOn(connection, connection === shared);
        if (channel !== null) return channel;
      }
      // The server allows no further session on any of them: one connection more, as long as it has work.
      const channel = await openOn(await connect(), false);
      if (channel === null) throw linkError(host, 'Connection closed by the host: no session was granted');
      return channel;
    },
    reset: async () => {
      for (const { client } of live.keys()) client.destroy();
      first = undefined;
    },
    close() {
      for (const { client } of live.keys()) client.end();
      first = undefined;
    },
  };
}

/** `user@host:port` of a ProxyJump, reached through those before it. */
function jumpOf(
  resolve: (name: string, given: ReadonlyMap<string, string[]>) => Target,
  jump: string,
  before: readonly string[],
): Target {
  const [, name = jump, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(jump.replace(/^ssh:\/\//, '')) ?? [];
  const given = new Map<string, string[]>();
  if (port !== undefined) given.set('port', [port]);
  if (before.length > 0) given.set('proxyjump', [before.join(',')]);
  return resolve(name, given);
}

function forward({ client, ended }: Connection, { name, host, port }: Target): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    void ended.then(reject);
    client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
      if (error === undefined || error === null) resolve(stream);
      else reject(linkError(name, error.message));
    });
  });
}

/** Null when the server grants no further session on this connection. */
async function shellOn(connection: Connection, host: string): Promise<Channel | null> {
  const { client, socket, ended } = connection;
  // While it is waited for, the connection holds this process; an idle one holds nobody.
  socket?.ref();
  try {
    const stream = await Promise.race([
      new Promise<ClientChannel | null>((resolve, reject) => {
        // The word `exec /bin/sh` means the same in every login shell.
        client.exec('exec /bin/sh', (error, made) => {
          if (error === undefined || error === null) resolve(made);
          else if (/open fail/i.test(error.message)) resolve(null);
          else reject(linkError(host, error.message));
        });
      }),
      ended.then((why) => Promise.reject(why)),
    ]);
    return stream === null ? null : channelOf(stream, connection, host);
  } finally {
    socket?.unref();
  }
}

function channelOf(stream: ClientChannel, { ended }: Connection, host: string): Channel {
  // Whoever writes learns of the end through `ended`.
  stream.on('error', () => undefined);
  const over = new Promise<Error>((resolve) => {
    stream.once('close', () => resolve(linkError(host, 'Connection closed by the host')));
    void ended.then(resolve);
  });
  return {
    stdin: stream,
    stdout: stream,
    stderr: stream.stderr,
    ended: over,
    close() {
      stream.close();
    },
  };
}

function configFiles(home: string): ConfigFiles {
  const read = (path: string): string | null => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return null;
    }
  };
  return {
    read,
    expand(pattern) {
      const whole = pattern.replace(/^~(?=\/)/, home);
      const path = isAbsolute(whole) ? whole : join(home, '.ssh', whole);
      const name = basename(path);
      if (!/[*?]/.test(name)) return [path];
      try {
        return readdirSync(dirname(path))
          .filter((one) => matchesPattern(name, one))
          .sort()
          .map((one) => join(dirname(path), one));
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
        return [];
      }
    },
  };
}

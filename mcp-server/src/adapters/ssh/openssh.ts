import { execFile, spawn } from 'node:child_process';
import { lstatSync, mkdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { errorCode, LabError } from '../../core/errors.js';
import { assertHost } from './arguments.js';
import type { Channel, Link } from './link.js';
import { linkError } from './words.js';

export interface OpenSshOptions {
  host: string;
  /** Checked by `sshArguments`. */
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

/** Longest path of a socket, less what ssh appends while it makes one. */
const MAX_SOCKET = 104 - 18;
const HASH = 40;
const SAID = 4096;

/**
 * The user's own ssh program: their configuration, jump hosts, agent, certificates, security keys and known hosts hold
 * as they do by hand. Sessions share one connection; a connection that the user shares themselves is used as it is.
 */
export function openSsh({ host, args, env }: OpenSshOptions): Link {
  assertHost(host);
  const options = [
    '-T',
    '-a',
    '-x',
    ...['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=15', 'ServerAliveCountMax=3'].flatMap(
      (one) => ['-o', one],
    ),
    ...['ClearAllForwardings=yes', 'PermitLocalCommand=no', 'RemoteCommand=none'].flatMap((one) => [
      '-o',
      one,
    ]),
    ...args,
  ];
  let sharing: Promise<string[]> | undefined;
  const share = (): Promise<string[]> => {
    sharing ??= sharingOf(host, args, env);
    return sharing;
  };
  return {
    name: host,
    async open() {
      // The word `exec /bin/sh` means the same in every login shell.
      return channelOf(spawnSsh([...options, ...(await share()), '--', host, 'exec /bin/sh'], env), host);
    },
    async reset() {
      await output('ssh', [...(await share()), ...args, '-O', 'exit', '--', host], env);
    },
    close: () => undefined,
  };
}

function spawnSsh(argv: readonly string[], env: OpenSshOptions['env']) {
  // A group of its own: Ctrl-C is for us, who end cleanly, and not for the connection that others share.
  return spawn('ssh', argv, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
}

function channelOf(child: ReturnType<typeof spawnSsh>, host: string): Channel {
  let said = '';
  child.stderr.on('data', (chunk: Uint8Array) => {
    said = (said + Buffer.from(chunk).toString('latin1')).slice(-SAID);
  });
  // Whoever writes learns of the end through `ended`.
  child.stdin.on('error', () => undefined);
  // An idle shell keeps nobody from ending; whoever waits for an answer holds a timer.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref();
  const ended = new Promise<Error>((resolve) => {
    child.once('error', (error) =>
      resolve(
        errorCode(error) === 'ENOENT'
          ? new LabError(
              'there is no program ssh',
              'install the OpenSSH client (Debian/Ubuntu: apt install openssh-client)',
            )
          : error,
      ),
    );
    // Not `close`: the shared connection goes on in the background and holds our pipes.
    child.once('exit', () => setImmediate(() => resolve(linkError(host, said))));
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    close() {
      child.stdin.destroy();
      child.kill('SIGTERM');
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

/** Arguments that share one connection. The user's own setting counts, where there is one for this host. */
async function sharingOf(
  host: string,
  args: readonly string[],
  env: OpenSshOptions['env'],
): Promise<string[]> {
  const resolved = await output('ssh', ['-G', ...args, '--', host], env);
  const own = /^controlpath (.+)$/im.exec(resolved)?.[1];
  if (own !== undefined && own !== 'none') return ['-o', 'ControlMaster=auto'];
  const folder = socketFolder(env);
  if (folder === null) return [];
  return ['-o', 'ControlMaster=auto', '-o', `ControlPath=${join(folder, '%C')}`, '-o', 'ControlPersist=10m'];
}

/** A folder that nobody else can write, with a path short enough for a socket; null where there is none. */
function socketFolder(env: OpenSshOptions['env']): string | null {
  const uid = process.getuid?.() ?? 0;
  for (const base of [env.XDG_RUNTIME_DIR, '/tmp']) {
    if (base === undefined || base === '') continue;
    const folder = join(base, `auto-experiment-${uid}`);
    if (folder.length + 1 + HASH > MAX_SOCKET) continue;
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') continue;
    }
    const stat = lstatSync(folder);
    if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0) return folder;
  }
  return null;
}

function output(program: string, args: readonly string[], env: OpenSshOptions['env']): Promise<string> {
  return new Promise((resolve) => {
    // Whatever goes wrong here shows itself, with its words, when a session is opened.
    execFile(program, [...args], { env, timeout: 10_000 }, (_error, stdout) => resolve(stdout));
  });
}

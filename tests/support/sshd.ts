import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { kill, until } from './project.js';

/** A real sshd on loopback with keys of its own, and an `ssh` on PATH that knows it as the host `gpu1`. */
export interface Sshd {
  port: number;
  folder: string;
  /** A home whose ~/.ssh/config knows it too, for who has no program ssh. */
  home: string;
  /** What the program under test is started with. */
  env: Record<string, string | undefined>;
  /** Ends the server and every session of it, as a restart of the host's network does. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Takes new connections with these lines before its configuration; sessions that are open go on. */
  reconfigure(lines: string): Promise<void>;
  /** Gives the host another key, as a machine in between would have. */
  changeHostKey(): void;
  end(): Promise<void>;
}

export interface SshdOptions {
  /** Program that stands for the login shell; it is given `-c` and the command, as sshd does. */
  loginShell?: string;
  /** Printed before anything, on both streams, as a careless .bashrc does. */
  greeting?: string;
  /** A folder that comes first on PATH there. */
  bin?: string;
  /** Variables of whoever logs in there. */
  env?: Record<string, string>;
  /** Further lines of sshd_config(5). */
  config?: string;
  /** Further lines of the user's ssh_config(5). */
  client?: string;
  /** The port by which the user reaches it; its own one when absent. */
  through?: () => number;
  /** A free one when absent. */
  port?: number;
}

export async function startSshd({ port: wanted, ...options }: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'ae-sshd-'));
  const [port, bin] = [wanted ?? (await freePort()), join(folder, 'bin')];
  mkdirSync(bin);
  // Where sshd keeps its unprivileged half; made by the package's service elsewhere.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const keygen = (name: string) =>
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(folder, name)]);
  keygen('host');
  keygen('user');
  const publicOf = (name: string) => readFileSync(join(folder, `${name}.pub`), 'utf8');
  writeFileSync(join(folder, 'authorized'), publicOf('user'), { mode: 0o600 });
  const door = options.through?.() ?? port;
  writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${door} ${publicOf('host')}`, { mode: 0o600 });
  const greet =
    options.greeting === undefined ? '' : `echo '${options.greeting}'; echo '${options.greeting}' >&2; `;
  const exported = Object.entries(options.env ?? {})
    .map(([name, value]) => `${name}='${value}'; export ${name}; `)
    .join('');
  const account = join(folder, 'account');
  mkdirSync(account);
  const config = join(folder, 'sshd_config');
  writeFileSync(
    config,
    [
      // The first value of a keyword counts.
      options.config ?? '',
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${folder}/host`,
      `PidFile ${folder}/pid`,
      `AuthorizedKeysFile ${folder}/authorized`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      // Not the account's own: bash reads ~/.bashrc when sshd starts it, which is slow on some machines and different on each.
      `SetEnv "HOME=${account}" "PATH=${process.env.PATH}"`,
      `ForceCommand ${options.bin === undefined ? '' : `PATH=${options.bin}:$PATH; export PATH; `}${exported}${greet}exec ${options.loginShell ?? '/bin/sh'} -c "$SSH_ORIGINAL_COMMAND"`,
      '',
    ].join('\n'),
  );
  writeFileSync(
    join(folder, 'ssh_config'),
    [
      options.client ?? '',
      'Host gpu1 gpu2',
      '  HostName 127.0.0.1',
      `  Port ${door}`,
      `  User ${userInfo().username}`,
      `  IdentityFile ${folder}/user`,
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
      `  UserKnownHostsFile ${folder}/known_hosts`,
      '  GlobalKnownHostsFile /dev/null',
      '',
    ].join('\n'),
  );
  // What finds its configuration by $HOME has it there.
  const home = join(folder, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  copyFileSync(join(folder, 'ssh_config'), join(home, '.ssh', 'config'));
  // OpenSSH finds its configuration by the account's home, not by $HOME.
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${folder}/ssh_config "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  let server: ReturnType<typeof spawn> | undefined;
  const start = async (): Promise<void> => {
    let said = '';
    server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    server.stderr?.on('data', (part) => {
      said += part;
    });
    await until(() => said.includes('Server listening') || server?.exitCode !== null);
    if (server.exitCode !== null) throw new Error(`sshd: ${said}`);
  };
  const stop = async (): Promise<void> => {
    const gone = server;
    server = undefined;
    if (gone?.pid === undefined) return;
    for (const pid of [...childrenOf(gone.pid), gone.pid]) kill(pid);
    await until(() => gone.exitCode !== null || gone.signalCode !== null);
  };
  await start();
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    XDG_RUNTIME_DIR: folder,
    SSH_AUTH_SOCK: undefined,
  };
  return {
    port,
    folder,
    home,
    env,
    start,
    stop,
    async reconfigure(lines) {
      const gone = server;
      if (gone?.pid !== undefined) kill(gone.pid);
      await until(() => gone?.exitCode !== null || gone?.signalCode !== null);
      writeFileSync(config, `${lines}\n${readFileSync(config, 'utf8')}`);
      await start();
    },
    changeHostKey() {
      for (const name of ['host', 'host.pub']) rmSync(join(folder, name));
      keygen('host');
    },
    async end() {
      // Ends the shared connections too: they go with their server.
      await stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The server's own session processes; what people started in them belongs to nobody of these. */
function childrenOf(pid: number): number[] {
  const children = (of: number): number[] => {
    try {
      return readFileSync(`/proc/${of}/task/${of}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  };
  const isSshd = (one: number): boolean => {
    try {
      return readFileSync(`/proc/${one}/comm`, 'utf8').trim().startsWith('sshd');
    } catch {
      return false;
    }
  };
  const all = children(pid).filter(isSshd);
  return all.flatMap((child) => [...childrenOf(child), child]);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()));
    });
  });
}

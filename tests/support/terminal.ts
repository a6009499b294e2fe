import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BIN, type Home, type HostName, TRUST } from './hosts.js';

/** A host in a terminal of its own, as a person sees it. */
export interface Terminal {
  /** What is on the screen now. */
  screen(): string;
  /** Types text, or presses a key by tmux's name for it. */
  type(text: string): void;
  press(key: string): void;
  /** The process of the host. */
  pid(): number;
  close(): void;
}

let count = 0;

/** Starts the host's own interface with a first message. */
export function openTerminal(
  host: HostName,
  home: Home,
  cwd: string,
  prompt: string,
  more: readonly string[] = [],
): Terminal {
  // A socket below HOME: no other tmux of this machine is met.
  const socket = join(home.path, `tmux-${++count}`);
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: home.path, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const variables = Object.entries(home.env).map(([name, value]) => `${name}=${value}`);
  const own = host === 'codex' ? ['--no-daemon', '--no-alt-screen', ...TRUST] : [];
  const command = ['env', '-i', ...variables, join(BIN, host), ...own, ...more, prompt];
  tmux('new-session', '-d', '-x', '180', '-y', '50', '-s', 'host', '-c', cwd, ...command);
  tmux('set-option', '-g', 'remain-on-exit', 'on');
  return {
    screen: () => tmux('capture-pane', '-p', '-t', 'host'),
    type: (text) => void tmux('send-keys', '-t', 'host', '-l', text),
    press: (key) => void tmux('send-keys', '-t', 'host', key),
    pid: () => Number(tmux('display-message', '-p', '-t', 'host', '#{pane_pid}')),
    close() {
      try {
        tmux('kill-server');
      } catch {
        // It ends by itself with its last window.
      }
    },
  };
}

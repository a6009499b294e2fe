import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN, type TestProject } from '../../tests/support/project.js';

interface Looking {
  folder: string;
  project: TestProject;
  until(holds: () => boolean): Promise<void>;
}

const COMMANDS: Record<string, string[]> = {
  'status-watch': ['status', '--watch'],
  'gpu-watch': ['gpu', '--watch'],
  compare: ['compare', 'exp001', 'exp036', 'exp038', 'exp039', 'exp041'],
  'logs-follow': ['logs', 'exp041', '--follow'],
};

/** Captures of the commands at 80 × 24 and 120 × 40, with colour and without, and after the terminal was made narrower. */
export async function terminals({ folder, project }: Looking): Promise<void> {
  const socket = join(project.root, 'tmux');
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    });
  const pause = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms));
  // One that stays, so that the server does.
  tmux('new-session', '-d', '-s', 'stays', 'sleep 600');
  try {
    for (const [name, args] of Object.entries(COMMANDS))
      for (const colour of [true, false])
        for (const [width, height] of [
          [80, 24],
          [120, 40],
        ] as const) {
          const more = colour ? ['env', '-u', 'NO_COLOR'] : ['env', 'NO_COLOR=1'];
          const state = `AUTO_EXPERIMENT_STATE_DIR=${process.env.AUTO_EXPERIMENT_STATE_DIR}`;
          const own = args[0] === 'gpu' ? [] : ['--project', project.root];
          const command = [...more, state, process.execPath, MAIN, ...args, ...own];
          tmux(
            'new-session',
            '-d',
            '-x',
            `${width}`,
            '-y',
            `${height}`,
            '-s',
            's',
            '-c',
            project.root,
            'cat',
          );
          tmux('set-option', '-t', 's', 'remain-on-exit', 'on');
          tmux('respawn-pane', '-k', '-t', 's', ...command);
          await pause(4000);
          const label = `${name}-${width}x${height}${colour ? '-colour' : ''}`;
          const keep = (file: string): void =>
            writeFileSync(
              join(folder, `${file}.txt`),
              tmux('capture-pane', '-p', ...(colour ? ['-e'] : []), '-t', 's'),
            );
          keep(label);
          if (width === 120) {
            tmux('resize-window', '-t', 's', '-x', '72', '-y', '20');
            await pause(3000);
            keep(`${label}-then-72x20`);
          }
          tmux('kill-session', '-t', 's');
        }
  } finally {
    tmux('kill-server');
  }
}

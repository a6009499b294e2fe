import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textWidth } from '../../mcp-server/src/core/width.js';
import { fillProject } from '../support/filled.js';
import { MAIN, makeProject, type TestProject, until } from '../support/project.js';
import { standInGpus } from '../support/stand-in-gpus.js';

// What is on the screen of a real terminal (tmux), line by line.

const SIZES = [
  [80, 24],
  [120, 40],
] as const;
const ESCAPE = '\u001b';

let project: TestProject;
let bin: string;
const tmux = (...args: string[]): string =>
  execFileSync('tmux', ['-S', join(bin, 'tmux'), '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: bin, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
  });

beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), 'auto-experiment-bin-'));
  standInGpus(bin);
  project = makeProject({
    'PROJECT_BRIEF.md':
      '---\nmetric: val_acc\ndirection: maximize\ntarget: 0.95\n---\n# Goal\nBetter digits\n',
    'config.yaml': 'budget: {runs: 300, gpu_hours: 40}\n',
  });
  fillProject(project.root, {
    runs: 40,
    confirmed: true,
    endings: { 38: 'oom' },
    titles: { 37: `学習率を0.1から0.2へ 🎉 ${'long '.repeat(30)}` },
  });
  const train = `echo epoch 1; echo val_acc=0.5 ${'x'.repeat(300)}; echo last line`;
  await project.json('launch', '--', 'sh', '-c', train);
  await project.json('wait', 'exp041');
  tmux('new-session', '-d', '-s', 'stays', 'cat');
});
afterAll(async () => {
  tmux('kill-server');
  await project.end();
  rmSync(bin, { recursive: true, force: true });
});

let count = 0;

/** A command in a terminal of that size. Lines that the terminal had to break are put together again: they are too long. */
function openIn([width, height]: readonly [number, number], colour: boolean, args: readonly string[]) {
  const name = `t${++count}`;
  const env = [
    `PATH=${bin}${delimiter}${process.env.PATH}`,
    `AUTO_EXPERIMENT_STATE_DIR=${join(bin, 'state')}`,
    ...(colour ? [] : ['NO_COLOR=1']),
  ];
  // The screen stays when the command has ended.
  const command = ['env', ...env, 'sh', '-c', '"$@"; exec cat', 'sh', process.execPath, MAIN, ...args];
  tmux('new-session', '-d', '-x', `${width}`, '-y', `${height}`, '-s', name, '-c', project.root, ...command);
  const capture = (...how: string[]): string => tmux('capture-pane', '-p', ...how, '-t', name);
  return {
    lines: () =>
      capture('-J')
        .replace(/\n+$/, '')
        .split('\n')
        .map((line) => line.trimEnd()),
    painted: () => capture('-e').includes(ESCAPE),
    resize: (to: readonly [number, number]) =>
      void tmux('resize-window', '-t', name, '-x', `${to[0]}`, '-y', `${to[1]}`),
    close: () => void tmux('kill-session', '-t', name),
  };
}

const COMMANDS: [string, string[], RegExp][] = [
  ['status --watch', ['status', '--watch'], /^Ctrl-C leaves/m],
  ['gpu --watch', ['gpu', '--watch'], /4 GPUs, [\s\S]*^Ctrl-C leaves/m],
  ['compare', ['compare', 'exp001', 'exp036', 'exp037', 'exp038'], /^code .*(?:kept|same)$/m],
];

describe.each(COMMANDS)('%s', (_, args, ready) => {
  it.each(SIZES)('keeps its lines at %d × %d, and says the same with colour and without', async (...size) => {
    const screens = [true, false].map((colour) => openIn(size, colour, args));
    for (const screen of screens) await until(() => ready.test(screen.lines().join('\n')));
    const [coloured, plain] = screens.map((screen) => screen.lines());
    // Commands and differences are shown whole, after the table.
    const whole = args[0] === 'compare' ? (plain ?? []).slice(0, (plain ?? []).indexOf('')) : (plain ?? []);
    expect(whole.length).toBeGreaterThan(3);
    for (const line of whole) expect(textWidth(line), line).toBeLessThanOrEqual(size[0]);
    const still = (lines: string[] = []): string[] =>
      lines.map((line) => line.replace(/\b\d+(?:\.\d+)?[smh]\S*/g, '<time>').replace(/ +/g, ' '));
    expect(still(coloured)).toEqual(still(plain));
    expect(screens.map((screen) => screen.painted())).toEqual([true, false]);
    for (const screen of screens) screen.close();
  });
});

it.each(COMMANDS.slice(0, 2))('%s follows a terminal that becomes smaller', async (_, args, ready) => {
  const screen = openIn([120, 40], false, args);
  await until(() => ready.test(screen.lines().join('\n')));
  screen.resize([60, 16]);
  const fits = (): boolean => {
    const lines = screen.lines();
    return lines.length <= 16 && ready.test(lines.join('\n')) && lines.every((line) => textWidth(line) <= 60);
  };
  await until(fits);
  screen.close();
});

it('logs --follow shows the log as it was written, then how the run ended', async () => {
  const screen = openIn([80, 24], false, ['logs', 'exp041', '--follow']);
  await until(() => /^exp041 +succeeded/m.test(screen.lines().join('\n')));
  const lines = screen.lines();
  expect(lines.slice(0, 3)).toEqual(['epoch 1', `val_acc=0.5 ${'x'.repeat(300)}`, 'last line']);
  expect(textWidth(lines.find((line) => line.startsWith('exp041')) ?? '')).toBeLessThanOrEqual(80);
  screen.close();
});

import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clipMiddle, textWidth } from '../../mcp-server/src/core/width.js';
import { createFollowText } from '../../mcp-server/src/faces/terminal/follow-text.js';
import { endedLine, progressLine } from '../../mcp-server/src/faces/terminal/run-lines.js';
import { showFrames } from '../../mcp-server/src/faces/terminal/screen.js';
import { statusText } from '../../mcp-server/src/faces/terminal/status-text.js';
import { createStyle } from '../../mcp-server/src/faces/terminal/style.js';
import { MAIN, makeProject, until } from '../support/project.js';
import { overview, run } from '../support/report.js';

const plain = createStyle(false);
const colour = createStyle(true);
const LONG = 'resnet50-imagenet-pretrained-lr0.0003-wd0.05-ema0.9999-mixup0.8-cutmix1.0-seed7';
const WIDE = '学習率を0.1から0.2へ、ウォームアップ500ステップ、コサイン減衰 🎉';

const view = overview({
  project: 'cifar',
  goal: '画像分類の精度を上げる: best top-1 accuracy of the EMA weights within 24 GPU-hours 🚀',
  metric: { name: 'val_acc', direction: 'maximize', target: null },
  status: 'running exp007; controller at work (process 4711)',
  baseline: {
    run: 'exp001',
    title: 'unchanged',
    value: 0.91,
    verdict: null,
    gain: null,
    interval: null,
    seeds: 3,
  },
  best: {
    ...{ run: 'exp004', title: 'cosine schedule', value: 0.922, verdict: 'confirmed' },
    ...{ gain: 0.012, interval: [0.006, 0.018] as [number, number], seeds: 3 },
  },
  certainty: {
    mode: 'strict',
    sigma: 0.0015,
    replicates: 3,
    alpha: 0.05,
    alpha_left: 0.031,
    confirmations: 1,
  },
  budgets: [{ name: 'gpu_hours', used: 7.5, limit: 24, unit: 'GPU-hours' }],
  runs: [
    run(1, { title: 'unchanged' }, 0.91),
    run(2, { replicate_of: 'exp001', title: 'unchanged (seed 12)' }, 0.912),
    run(3, { ending: 'oom', verdict: 'crash', evidence: ['CUDA out of memory'], title: LONG }, null),
    run(
      4,
      {
        verdict: 'confirmed',
        gain: 0.012,
        title: 'cosine schedule',
        flags: ['val_acc is better than any before by far'],
      },
      0.926,
    ),
    run(5, { verdict: 'inconclusive', title: WIDE }, 0.915),
    run(6, { verdict: 'rejected', title: 'label smoothing \u001b[31m0.1\nwith a line break' }, 0.905),
    run(
      7,
      {
        ...{ state: 'running', ending: null, verdict: null, title: LONG, duration_s: 4321 },
        progress: { step: null, epoch: 34, total: 90 },
      },
      0.9,
    ),
  ],
  running: ['exp007'],
  decisions: [{ at: '2026-03-04T02:00:00.000Z', text: 'exp006 not kept: rejected on one seed' }],
});
const frame = (width: number, height: number, style = plain) =>
  statusText(view, { width, height, style, sparks: { exp007: '▁▂▃▅▆▇▇█' } });
// biome-ignore lint/complexity/useRegexLiterals: the escape character is easier to see in a string
const uncoloured = (text: string): string => text.replace(new RegExp('\u001b\\[[0-9;]*m', 'g'), '');

describe('status', () => {
  it('says all that matters on 80 × 24', () => {
    expect(`\n${frame(80, 24).join('\n')}\n`).toMatchInlineSnapshot(`
      "
      cifar  running exp007; controller at work (process 4711)
      画像分類の精度を上げる: best top-1 accuracy of the EMA weights within 24 GPU-h…
      needs you  Is the result of exp004 real? It is the best so far, and: val_acc is
                 better than any before by far
      metric     val_acc (maximize)
      baseline   exp001  0.91  mean of 3 seeds  unchanged
      best       exp004  0.922  confirmed  +0.012 (95 %: +0.006 to +0.018) to the ba…
      noise      σ 0.0015 (3 runs). 1 candidate tested on fresh seeds; left of the c…
      budgets    GPU-hours: 7.5 of 24

      exp007  resnet50-imagenet-…1.0-seed7  1h12m  epoch 34/90  val_acc 0.9  ▁▂▃▅▆▇▇█

      run     ending     val_acc  verdict                     time  what
      exp001  succeeded     0.91  baseline                   1m05s  unchanged
      exp002  succeeded    0.912  seed of exp001             1m05s  unchanged (s…d 12)
      exp003  oom        unknown  crash                      1m05s  resnet50-ima…seed7
      exp004  succeeded    0.926  confirmed                  1m05s  cosine schedule
      exp005  succeeded    0.915  inconclusive, unconfirmed  1m05s  学習率を0.1…衰 🎉
      exp006  succeeded    0.905  rejected                   1m05s  label smooth…break

      decided    exp006 not kept: rejected on one seed
      "
    `);
  });

  it('uses the room of 120 × 40', () => {
    expect(`\n${frame(120, 40).join('\n')}\n`).toMatchInlineSnapshot(`
      "
      cifar  running exp007; controller at work (process 4711)
      画像分類の精度を上げる: best top-1 accuracy of the EMA weights within 24 GPU-hours 🚀
      needs you  Is the result of exp004 real? It is the best so far, and: val_acc is better than any before by far
      metric     val_acc (maximize)
      baseline   exp001  0.91  mean of 3 seeds  unchanged
      best       exp004  0.922  confirmed  +0.012 (95 %: +0.006 to +0.018) to the baseline  mean of 3 seeds  cosine schedule
      noise      σ 0.0015 (3 runs). 1 candidate tested on fresh seeds; left of the chance of a false keep: 0.031 of 0.05.
      budgets    GPU-hours: 7.5 of 24

      exp007  resnet50-imagenet-pretrained-lr0.0003-wd0.05-…xup0.8-cutmix1.0-seed7  1h12m  epoch 34/90  val_acc 0.9  ▁▂▃▅▆▇▇█

      run     ending     val_acc  verdict                     time  what
      exp001  succeeded     0.91  baseline                   1m05s  unchanged
      exp002  succeeded    0.912  seed of exp001             1m05s  unchanged (seed 12)
      exp003  oom        unknown  crash                      1m05s  resnet50-imagenet-pretrained-lr0.0003-…0.8-cutmix1.0-seed7
      exp004  succeeded    0.926  confirmed                  1m05s  cosine schedule
      exp005  succeeded    0.915  inconclusive, unconfirmed  1m05s  学習率を0.1から0.2へ、ウォームアップ50…プ、コサイン減衰 🎉
      exp006  succeeded    0.905  rejected                   1m05s  label smoothing 0.1 with a line break

      decided    exp006 not kept: rejected on one seed
      "
    `);
  });

  it.each([
    [20, 5],
    [40, 10],
    [80, 24],
    [120, 40],
    [250, 80],
  ])('fits %d × %d, and says the same in colour', (width, height) => {
    const lines = frame(width, height);
    expect(lines.length).toBeLessThanOrEqual(height);
    for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(width);
    expect(frame(width, height, colour).map(uncoloured)).toEqual(lines);
  });

  it('leaves out the oldest runs first, and says how many', () => {
    const many = { ...view, runs: Array.from({ length: 200 }, (_, i) => run(i + 1)) };
    const lines = statusText(many, { width: 80, height: 24, style: plain });
    expect(lines).toHaveLength(24);
    expect(lines.join('\n')).toContain('exp200');
    const shown = lines.filter((line) => /^exp\d/.test(line)).length;
    expect(lines.find((line) => line.startsWith('… and'))).toMatch(
      new RegExp(`^… and ${200 - shown} before these`),
    );
  });
});

describe('one line for a run', () => {
  const running = view.runs[6] ?? run(7);
  it('gives way in the middle of the name, and never breaks', () => {
    expect(progressLine(running, 80, plain, '▁▃█')).toBe(
      'exp007  resnet50-imagenet-pret…x1.0-seed7  1h12m  epoch 34/90  val_acc 0.9  ▁▃█',
    );
    for (const width of [20, 40, 60, 80, 200])
      expect(textWidth(progressLine(running, width, plain, '▁▃█'))).toBeLessThanOrEqual(width);
    for (const one of view.runs.slice(0, 6))
      for (const width of [60, 80, 120])
        expect(textWidth(endedLine(one, width, plain))).toBeLessThanOrEqual(width);
  });

  it('cuts by what is seen: wide characters and emoji count twice', () => {
    expect(clipMiddle('abcdefghij', 7)).toBe('abcd…ij');
    expect(clipMiddle('学習率とバッチサイズ', 11)).toBe('学習率と…ズ');
    expect(textWidth(clipMiddle(WIDE, 21))).toBeLessThanOrEqual(21);
    expect(clipMiddle('short', 80)).toBe('short');
    expect(clipMiddle('👩‍🔬👩‍🔬👩‍🔬👩‍🔬', 5)).toBe('👩‍🔬👩‍🔬…');
  });
});

describe('a log that is followed', () => {
  it('a progress bar moves in its place on a terminal, and is one line elsewhere', () => {
    const feed = (terminal: boolean): string => {
      const text = createFollowText(terminal);
      return (
        ['epoch 1\n 10%', '\r 50%', '\r100%\r\n', 'don', 'e'].map((part) => text.push(part)).join('') +
        text.end()
      );
    };
    expect(feed(false)).toBe('epoch 1\n100%\ndone\n');
    const clear = '\r\u001b[2K';
    expect(feed(true)).toBe(
      `${clear}epoch 1\n${clear} 10%${clear} 50%${clear}100%\n${clear}don${clear}done${clear}done\n`,
    );
  });

  it('shows no escape sequence of the log, wherever it was cut, and no line without end', () => {
    const text = createFollowText(false);
    expect(text.push('\u001b[3') + text.push('1mred\u001b[0m\u0007\n')).toBe('red\n');
    expect(text.push('x'.repeat(70_000))).toBe(`${'x'.repeat(70_000)}\n`);
  });
});

describe('the screen', () => {
  it('draws anew at once when the terminal is resized, and gives the screen back', async () => {
    const terminal = Object.assign(new EventEmitter(), { columns: 80, rows: 24 });
    const abort = new AbortController();
    const sizes: string[] = [];
    let out = '';
    const console_ = {
      out: (text: string) => {
        out += text;
      },
      signal: abort.signal,
      width: 1,
      height: 1,
    };
    await showFrames(console_, terminal, 1_000_000, async ({ width, height }) => {
      sizes.push(`${width}x${height}`);
      if (sizes.length === 1)
        setImmediate(() => {
          Object.assign(terminal, { columns: 120, rows: 2 });
          terminal.emit('resize');
        });
      else setImmediate(() => abort.abort());
      return ['a', 'b', 'c'];
    });
    expect(sizes).toEqual(['80x24', '120x2']);
    expect(out).toMatch(
      /^\u001b\[\?1049h[\s\S]*\u001b\[2J\u001b\[Ha\u001b\[K\r\nb\u001b\[K\u001b\[J[\s\S]*\u001b\[\?1049l$/,
    );
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('fills a real terminal, and follows its size', async () => {
    const project = makeProject({ 'config.yaml': 'gpu: {auto_detect: false}\n' });
    const socket = join(project.root, 'tmux');
    const tmux = (...args: string[]): string =>
      execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
        encoding: 'utf8',
        env: { ...process.env, TERM: 'xterm-256color' },
      });
    try {
      const command = [process.execPath, MAIN, 'status', '--watch', '--project', project.root];
      tmux('new-session', '-d', '-x', '80', '-y', '24', '-s', 's', ...command);
      const screen = (): string[] => tmux('capture-pane', '-p', '-t', 's').replace(/\n$/, '').split('\n');
      const full = (rows: number): boolean =>
        screen().length === rows && (screen()[rows - 1] ?? '').startsWith('Ctrl-C leaves');
      await until(() => full(24));
      expect(screen()[0]).toContain('nothing was run yet');
      tmux('resize-window', '-t', 's', '-x', '120', '-y', '40');
      await until(() => full(40));
      expect(screen().filter((line) => line.startsWith('Ctrl-C leaves'))).toHaveLength(1);
    } finally {
      tmux('kill-server');
      await project.end();
    }
  });
});

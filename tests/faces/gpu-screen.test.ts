import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../mcp-server/src/core/gpu.js';
import type { GpuBoard } from '../../mcp-server/src/engine/views/gpu-board.js';
import { idleRules } from '../../mcp-server/src/faces/idle-rules.js';
import { gpuScreen } from '../../mcp-server/src/faces/terminal/gpu-screen.js';
import { createStyle } from '../../mcp-server/src/faces/terminal/style.js';

const gpu = (index: number, over: Partial<Gpu> = {}): Gpu => ({
  index,
  uuid: `GPU-${index}`,
  vendor: 'nvidia',
  name: 'NVIDIA H100 80GB HBM3',
  memory_used_mb: 4,
  memory_total_mb: 81559,
  utilization_pct: 0,
  temperature_c: 31,
  power_w: 68.2,
  processes: [],
  state: 'free',
  ...over,
});

const board = (over: Partial<GpuBoard> = {}): GpuBoard => ({
  survey: {
    machine: 'box',
    error: null,
    gpus: [
      gpu(0, {
        state: 'busy',
        utilization_pct: 87,
        memory_used_mb: 61_440,
        processes: [
          { pid: 4711, name: 'python3', user: 'ada', memory_mb: 41_000 },
          { pid: 77, name: 'python', user: 'bob', memory_mb: 20_000 },
        ],
      }),
      gpu(1),
      gpu(2, {
        state: 'error',
        memory_used_mb: null,
        utilization_pct: null,
        temperature_c: null,
        power_w: null,
      }),
    ],
    sick: {
      'GPU-2':
        'is sick: 2 uncorrectable memory errors (ECC) since it was last reset; reset it (nvidia-smi --gpu-reset) or reboot',
    },
    notes: ['GPU 0 throttles: it is slowed down because it is too hot.'],
  },
  holders: new Map([
    [
      'GPU-0',
      [
        {
          run: 'exp007',
          project: 'digits',
          seconds: 7800,
          command: 'python3 train.py --lr 0.1',
          pids: [4711],
        },
      ],
    ],
  ]),
  processes: new Map([
    [77, { seconds: 90_061, command: 'python -m torch.distributed.run --nproc 8 pretrain.py' }],
  ]),
  waiting: [{ run: 'exp009', project: 'digits', want: 2, seconds: 190 }],
  ...over,
});
const shown = (one: GpuBoard, width = 80): string =>
  gpuScreen(one, { width, style: createStyle(false) }).join('\n');

describe('the screen of GPUs', () => {
  it('tells who holds which, since when, doing what, and what is sick', () => {
    expect(shown(board())).toMatchInlineSnapshot(`
      "box: 3 GPUs, 1 free, 1 busy, 1 sick
      GPU name           state    load        memory               temp  power
      0   H100 80GB HBM3 busy     █████▎  87% ████▌·    60.0/79.6G  31C    68W
           exp007 of digits         2h10m  40.0 GiB  python3 train.py --lr 0.1
           bob        pid 77       25h01m  19.5 GiB  python -m torch.distributed.run …
      1   H100 80GB HBM3 free     ······   0% ······     0.0/79.6G  31C    68W
      2   H100 80GB HBM3 sick              ?%              ?/79.6G   ?C     ?W
           is sick: 2 uncorrectable memory errors (ECC) since it was last reset; reset
           it (nvidia-smi --gpu-reset) or reboot
      by user: ada 1 GPU 40.0 GiB, bob 1 GPU 19.5 GiB
      waiting: exp009 of digits for 2 GPUs, since 3m10s
      Note: GPU 0 throttles: it is slowed down because it is too hot."
    `);
  });

  it('keeps to the width, and prints no control characters, whatever names say', () => {
    const evil = `\u001b[2J${'漢'.repeat(60)}\u0007`;
    const one = board();
    const gpus = one.survey.gpus.map((each) => ({
      ...each,
      name: evil,
      processes: each.processes.map((process) => ({ ...process, user: evil, name: evil })),
    }));
    const facts = new Map([[77, { seconds: 1, command: evil }]]);
    const text = (width: number): string =>
      shown({ ...one, survey: { ...one.survey, gpus }, processes: facts }, width);
    for (const width of [60, 80, 120])
      for (const line of text(width).split('\n')) {
        expect(line).not.toMatch(/[\u0000-\u001f]/);
        const cells = [...line].reduce((sum, sign) => sum + (sign === '漢' ? 2 : 1), 0);
        expect(cells).toBeLessThanOrEqual(width);
      }
  });

  it('paints only where there is colour, and says the same without', () => {
    const painted = gpuScreen(board(), { width: 80, style: createStyle(true) }).join('\n');
    expect(painted).toContain('\u001b[');
    expect(painted.replaceAll(/\u001b\[\d+m/g, '')).toBe(shown(board()));
  });

  it('says that there is nothing, and why', () => {
    const none = { machine: 'far', gpus: [], error: 'far cannot be reached: check the network' };
    expect(shown(board({ survey: none, waiting: [] }))).toBe(
      'far: nothing is told\nProblem: far cannot be reached: check the network',
    );
  });
});

describe('rules for idle instances', () => {
  it('are explained where one holds, with the queue as the honest way', () => {
    expect(idleRules({})).toEqual([]);
    const [rule] = idleRules({ DATABRICKS_RUNTIME_VERSION: '15.4' });
    expect(rule).toMatchObject({ name: 'idle rule', state: 'note' });
    expect(rule?.text).toContain('autotermination_minutes');
    expect(rule?.hint).toMatch(/nothing here keeps a GPU busy for show.*queue several runs/s);
  });
});

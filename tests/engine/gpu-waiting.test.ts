import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWaiting } from '../../mcp-server/src/engine/runs/waiting.js';

// Which of the queued runs ask for GPUs, and when; the clock is passed in.

let root: string;
let now: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'auto-experiment-waiting-'));
  now = 1_000_000;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (id: string, gpus_wanted: number | 'auto' = 1) => ({
  id,
  gpus_wanted,
  gpus_allowed: null,
  place: null,
});
const open = () => {
  const waiting = createWaiting({ clock: () => now, leases: root }, '/p');
  waiting.begin();
  return waiting;
};

describe('runs that wait for GPUs', () => {
  it('ask once for all that want the same, and hold back those behind them while there is hope', () => {
    const waiting = open();
    waiting.refused(run('exp001', 2), { why: 'busy', hopeless: false, until: null });
    waiting.begin();
    expect(waiting.turn(run('exp001', 2))).toBe('stop');
    const many = open();
    many.refused(run('exp001', 2), { why: 'bob computes', hopeless: true, until: null });
    expect(many.turn(run('exp002', 2))).toBe('skip');
    expect(many.turn(run('exp003', 1))).toBe('ask');
    many.begin();
    expect(many.turn(run('exp001', 2))).toBe('skip');
    expect(many.turn(run('exp002', 2))).toBe('skip');
    now += 5000;
    many.begin();
    expect(many.turn(run('exp001', 2))).toBe('ask');
  });

  it('do not wait behind one that is held for a reason of its own, which asks at its own time', () => {
    const waiting = open();
    waiting.refused(run('exp001'), { why: 'held', hopeless: true, own: true, until: now + 200 });
    expect(waiting.turn(run('exp002'))).toBe('ask');
    waiting.refused(run('exp002'), { why: 'busy', hopeless: false, until: null });
    expect(waiting.patience(1000)).toBe(200);
    now += 200;
    waiting.begin();
    expect(waiting.turn(run('exp001'))).toBe('ask');
    waiting.served('exp001');
    expect(waiting.turn(run('exp002'))).toBe('stop');
    expect(waiting.patience(1000)).toBe(1000);
  });

  it('ask at once when a run of ours has ended, and soon again', () => {
    const waiting = open();
    waiting.refused(run('exp001'), { why: 'busy', hopeless: false, until: null });
    waiting.freed();
    waiting.begin();
    expect(waiting.turn(run('exp001'))).toBe('ask');
    expect(waiting.maxAgeMs()).toBe(0);
    waiting.refused(run('exp001'), { why: 'its process still ends', hopeless: true, until: null });
    expect(waiting.patience(1000)).toBe(100);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../support/project.js';

let sweep: ChildProcess | null = null;

afterEach(async () => {
  const child = sweep;
  sweep = null;
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  // Asked politely it ends all that it has started.
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
});

/** Runs the sweep of scripts/kill-sweep.mjs; its last line is one JSON document. */
function runSweep(...args: string[]): Promise<{ summary: Json; text: string }> {
  const child = spawn(process.execPath, ['scripts/kill-sweep.mjs', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  sweep = child;
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      const line = text.split('\n').findLast((one) => one.startsWith('{'));
      if (line === undefined) reject(new Error(`the sweep gave no result:\n${text}`));
      else resolve({ summary: JSON.parse(line), text });
    });
  });
}

describe('campaigns whose processes are killed at random instants', () => {
  it('lose, double and tear nothing', { timeout: 300_000 }, async () => {
    const { summary, text } = await runSweep('--kills', '12', '--lanes', '3');
    const { kills, runs, by_target, by_phase, rewatched_ms, seconds, ...rest } = summary;
    const { seed, campaigns, restarts, directives, torn_ledger_lines, ...violations } = rest;
    expect(kills).toBe(12);
    expect(runs).toBeGreaterThanOrEqual(12);
    expect(directives).toBeGreaterThan(0);
    const broken = Object.entries(violations).filter(([, count]) => count !== 0);
    expect(broken, `seed ${seed}\n${text}`).toEqual([]);
    expect(Object.keys(violations)).toContain('runs_lost');
  });
});

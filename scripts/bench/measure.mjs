// Numbers and processes, shared by all benches.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The value below which a share of the sorted samples lies (nearest rank). */
export function quantile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const median = (samples) => quantile(samples, 0.5);
export const p95 = (samples) => quantile(samples, 0.95);

/** Milliseconds since 1970, finer than Date.now(). */
export const now = () => performance.timeOrigin + performance.now();

/**
 * One figure beside its reference of the same run. `ratio` is value / reference: under 1 is less than the reference.
 * `target` is an upper limit that the design sets; it is shown, never enforced.
 */
export function figure(what, value, unit, { reference, against, target, samples, note } = {}) {
  return {
    what,
    value: round(value),
    unit,
    reference: reference === undefined ? null : round(reference),
    against: against ?? null,
    ratio: reference === undefined ? null : round(value / reference),
    target: target ?? null,
    met: target === undefined ? null : value <= target,
    samples: samples ?? 1,
    note: note ?? null,
  };
}

function round(value) {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}

/** Runs a program to its end; rejects for another exit code than 0. `ms` is from the start to the end. */
export async function run(argv, { env, cwd } = {}) {
  const began = performance.now();
  const child = spawn(argv[0], argv.slice(1), { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  const { code, at } = await ended(child);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${(await err).slice(-500)}`);
  return { ms: at - began, out: await out };
}

/** The end of a child: its exit code, when it exited (performance.now()) and when (since 1970). */
export function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code, at: performance.now(), epoch: now() }));
  });
}

export async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** Runs a worker of this folder with the engine's bundle; it prints one JSON document. */
export async function worker({ bundle, env }, name, ...args) {
  const argv = [process.execPath, '--expose-gc', join(import.meta.dirname, name), bundle, ...args];
  return JSON.parse((await run(argv, { env })).out);
}

/** As the Python original reads a tail; prints milliseconds, peak MiB and lines. */
export const READ_ALL = `import sys, time
from pathlib import Path
t = time.perf_counter()
lines = Path(sys.argv[1]).read_text(encoding='utf-8', errors='replace').splitlines()[-50:]
ms = 1000 * (time.perf_counter() - t)
rss = next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM')) / 1024
print(ms, rss, len(lines))`;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a condition that is cheap to look at. */
export async function until(what, condition, { ms = 60_000, every = 10 } = {}) {
  const limit = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`waited ${ms / 1000} s in vain: ${what}`);
    await sleep(every);
  }
}

/** CPU seconds that a process has used; with `children` those of its ended children too. proc(5), 100 ticks a second. */
export function cpuSeconds(pid, { children = false } = {}) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const own = fields[11] + fields[12];
  return (own + (children ? fields[13] + fields[14] : 0)) / 100;
}

/** MiB of memory that a process has resident. */
export function rssMb(pid) {
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kb) / 1024;
}

/** Median times (ms) of several things done in turn, so that the load of the machine hits all alike. */
export async function inTurn(times, things) {
  const samples = things.map(() => []);
  for (let round = 0; round < times; round++) {
    for (const [index, thing] of things.entries()) samples[index].push(await thing());
  }
  return samples;
}

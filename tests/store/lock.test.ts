import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { acquireLock, lockHolder, withLock } from '../../mcp-server/src/store/lock.js';
import { childProgram, startChild } from '../support/child-program.js';

/** Takes the lock named by its first argument, says how that went, and stays until its input ends. */
const HOLDER = `
import { spawn } from 'node:child_process';
import { acquireLock } from './mcp-server/src/store/lock.js';
const [name = '', about = '', mode = ''] = process.argv.slice(2);
const lock = await acquireLock(name, about);
let heir = 0;
if (mode === 'with-heir') {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' });
  child.unref();
  heir = child.pid ?? 0;
}
console.log(JSON.stringify({ held: lock.held, heir }));
if (mode !== 'leave') process.stdin.resume();
`;

let program: Awaited<ReturnType<typeof childProgram>>;
beforeAll(async () => {
  program = await childProgram(HOLDER);
});
afterAll(() => program.remove());

async function holder(name: string, about = '', mode = '') {
  const child = startChild(program.path, [name, about, mode]);
  const { held, heir }: { held: boolean; heir: number } = JSON.parse(await child.line());
  return { ...child, held, heir };
}

describe('acquireLock', () => {
  it('is held by one, and names the holder to the other', async () => {
    const name = randomUUID();
    const child = await holder(name, 'supervisor of /tmp/ü');
    expect(child.held).toBe(true);
    expect(await acquireLock(name)).toEqual({
      held: false,
      holder: { pid: child.pid, about: 'supervisor of /tmp/ü' },
    });
    expect(await lockHolder(name)).toEqual({ pid: child.pid, about: 'supervisor of /tmp/ü' });
    child.process.stdin.end();
    await child.ended;
    expect(await lockHolder(name)).toBeNull();
  });

  it('is refused within one process too, free after release, and released once', async () => {
    const name = randomUUID();
    const first = await acquireLock(name, 'first');
    if (!first.held) throw new Error('not held');
    expect(await acquireLock(name)).toEqual({ held: false, holder: { pid: process.pid, about: 'first' } });
    expect((await acquireLock(randomUUID())).held).toBe(true);
    await first.release();
    const second = await acquireLock(name, 'second');
    expect(second.held).toBe(true);
    await first.release();
    expect((await acquireLock(name)).held).toBe(false);
  });

  it('is free after kill -9, though a child of the holder lives on', async () => {
    const name = randomUUID();
    const child = await holder(name, '', 'with-heir');
    expect((await acquireLock(name)).held).toBe(false);
    child.process.kill('SIGKILL');
    await child.ended;
    expect(() => process.kill(child.heir, 0)).not.toThrow();
    expect((await acquireLock(name)).held).toBe(true);
    process.kill(child.heir, 'SIGKILL');
  });

  it('is kept by a suspended holder, which cannot say who it is', async () => {
    const name = randomUUID();
    const child = await holder(name);
    child.process.kill('SIGSTOP');
    expect(await acquireLock(name)).toEqual({ held: false, holder: null });
    expect(await lockHolder(name)).toMatchObject({ pid: null });
    child.process.kill('SIGKILL');
    await child.ended;
  });

  it('does not keep its process alive', async () => {
    const child = await holder(randomUUID(), '', 'leave');
    expect(child.held).toBe(true);
    await child.ended;
  });

  it('has exactly one winner among racing processes', async () => {
    for (let round = 0; round < 3; round += 1) {
      const name = randomUUID();
      const racers = await Promise.all(Array.from({ length: 8 }, () => holder(name)));
      expect(racers.filter((racer) => racer.held)).toHaveLength(1);
      for (const racer of racers) racer.process.stdin.end();
      await Promise.all(racers.map((racer) => racer.ended));
    }
  });
});

describe('withLock', () => {
  it('lets one in at a time, and gives back what each returns', async () => {
    const name = randomUUID();
    let inside = 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        withLock(name, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          inside -= 1;
          return index;
        }),
      ),
    );
    expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('lets go when the work throws', async () => {
    const name = randomUUID();
    const failing = withLock(name, () => {
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(await lockHolder(name)).toBeNull();
  });

  it('waits until a holder lets go', async () => {
    const name = randomUUID();
    const child = await holder(name);
    const waiting = withLock(name, () => 'in');
    child.process.stdin.end();
    expect(await waiting).toBe('in');
  });

  it('stops waiting on abort, with the reason, and when its patience ends, with the holder', async () => {
    const name = randomUUID();
    const lock = await acquireLock(name, 'someone slow');
    const work = vi.fn();
    const abort = new AbortController();
    const waiting = withLock(name, work, { signal: abort.signal });
    abort.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    await expect(withLock(name, work, { patienceMs: 20 })).rejects.toThrow(
      `process ${process.pid} (someone slow)`,
    );
    expect(work).not.toHaveBeenCalled();
    if (lock.held) await lock.release();
  });
});

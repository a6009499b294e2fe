import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { ProcessIdentity } from '../../mcp-server/src/core/process-identity.js';
import {
  bootId,
  isAlive,
  isProcess,
  processIdentity,
  selfIdentity,
} from '../../mcp-server/src/store/identity.js';

describe('process identity', () => {
  it('is the same at every look, and of the known shape', () => {
    const self = selfIdentity();
    expect(ProcessIdentity.parse(self)).toEqual(self);
    expect(processIdentity(process.pid)).toEqual(self);
    expect(self.pid).toBe(process.pid);
    expect(self.boot).toBe(bootId());
    expect(isAlive(self)).toBe(true);
  });

  it('is not fooled by a pid that is used again, nor by a reboot', () => {
    const self = selfIdentity();
    expect(isAlive({ ...self, start: `${self.start}0` })).toBe(false);
    expect(isAlive({ ...self, boot: '00000000' })).toBe(false);
  });

  it('dies with its process', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const identity = processIdentity(child.pid ?? 0);
    if (identity === null) throw new Error('the child has no identity');
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
    expect(processIdentity(identity.pid)).toBeNull();
    expect(isProcess(identity.pid)).toBe(false);
  });

  it('counts a zombie as dead', async () => {
    // The shell becomes a program that never asks after its child, which dies after that and stays in the table.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = await once(parent.stdout, 'data');
    const zombie = Number(String(line));
    await vi.waitFor(() => expect(processIdentity(zombie)).toBeNull(), { timeout: 20_000 });
    expect(() => process.kill(zombie, 0)).not.toThrow();
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('counts a suspended process as alive', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const identity = processIdentity(child.pid ?? 0);
    child.kill('SIGSTOP');
    expect(identity !== null && isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('is nobody for pids that cannot be', () => {
    for (const pid of [0, -1, 2 ** 22 + 1, 2 ** 40]) expect(processIdentity(pid)).toBeNull();
  });

  it.runIf(process.platform === 'linux')('reads past spaces and parentheses in a name', async () => {
    const script = 'process.title = "a) Z 1 (b"; console.log("up"); setInterval(() => 0, 1000)';
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const identity = processIdentity(child.pid ?? 0);
    expect(identity?.start).toMatch(/^\d+$/);
    expect(Number(identity?.start)).toBeGreaterThanOrEqual(Number(selfIdentity().start));
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});

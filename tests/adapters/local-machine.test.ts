import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { localMachine } from '../../mcp-server/src/adapters/machines/local.js';
import { tailBytes } from '../../mcp-server/src/adapters/machines/tail-bytes.js';
import { LabError } from '../../mcp-server/src/core/errors.js';
import { isProcess } from '../../mcp-server/src/store/identity.js';

const machine = localMachine();
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ae-local-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ok = { code: 0, signal: null, stderr: '', timedOut: false, truncated: false };

/** Node itself, so that nothing depends on the tools of the machine. */
function node(script: string): string[] {
  return [process.execPath, '-e', script];
}

describe('exec: ends', () => {
  it('passes arguments as they are, and keeps both streams to the byte', async () => {
    const argv = [
      ...node('process.stdout.write(JSON.stringify(process.argv.slice(1)) + "\\n\\n")'),
      'a b',
      '$HOME',
      '*',
      '',
      'ü\n',
    ];
    expect(await machine.exec(argv)).toEqual({
      ...ok,
      stdout: `${JSON.stringify(['a b', '$HOME', '*', '', 'ü\n'])}\n\n`,
    });
  });

  it('resolves for any exit code and signal', async () => {
    expect(await machine.exec(node('console.error("bad"); process.exit(3)'))).toEqual({
      ...ok,
      code: 3,
      stdout: '',
      stderr: 'bad\n',
    });
    expect(await machine.exec(node('process.kill(process.pid, "SIGKILL")'))).toMatchObject({
      code: null,
      signal: 'SIGKILL',
      timedOut: false,
    });
  });

  it('tells what cannot be started as a shell does', async () => {
    expect(await machine.exec(['no-such-program-here'])).toEqual({
      ...ok,
      code: 127,
      stdout: '',
      stderr: 'no-such-program-here: not found\n',
    });
    const plain = join(folder, 'plain');
    writeFileSync(plain, 'text');
    chmodSync(plain, 0o644);
    expect(await machine.exec([plain])).toMatchObject({ code: 126, stderr: `${plain}: permission denied\n` });
    expect(await machine.exec(node(''), { cwd: join(folder, 'absent') })).toMatchObject({
      code: 126,
      stderr: expect.stringContaining('no such folder'),
    });
    expect(await machine.exec([...node(''), 'x'.repeat(5_000_000)])).toMatchObject({
      code: 126,
      stderr: expect.stringContaining('E2BIG'),
    });
  });

  it('refuses what is no command', async () => {
    await expect(machine.exec([])).rejects.toThrow(LabError);
    await expect(machine.exec(['echo', 'a\0b'])).rejects.toThrow(LabError);
  });

  it('runs in the folder and environment that it is given', async () => {
    const script = 'console.log(process.cwd(), process.env.AE_ONE, process.env.AE_TWO)';
    const boxed = localMachine({ env: { PATH: process.env.PATH, AE_ONE: 'base', AE_TWO: 'base' } });
    const result = await boxed.exec(node(script), { cwd: folder, env: { AE_TWO: 'mine' } });
    expect(result.stdout.trim().split(' ').slice(1)).toEqual(['base', 'mine']);
    expect(statSync(result.stdout.split(' ')[0] ?? '').ino).toBe(statSync(folder).ino);
  });

  it('gives no input and no terminal', async () => {
    const script =
      'process.stdin.on("data", () => 0).on("end", () => console.log("closed", process.stdin.isTTY, process.stdout.isTTY))';
    expect((await machine.exec(node(script))).stdout).toBe('closed undefined undefined\n');
  });
});

describe('exec: output', () => {
  it('keeps the last bytes of each stream', async () => {
    const script =
      'for (let i = 0; i < 300000; i += 1) process.stdout.write("line " + i + "\\n"); process.stderr.write("e".repeat(50))';
    const result = await machine.exec(node(script), { maxBytes: 100 });
    expect(result).toMatchObject({ code: 0, truncated: true, stderr: 'e'.repeat(50) });
    expect(result.stdout).toHaveLength(100);
    expect(result.stdout.endsWith('line 299998\nline 299999\n')).toBe(true);
  });

  it('is not truncated at exactly the limit', async () => {
    expect(await machine.exec(node('process.stdout.write("x".repeat(64))'), { maxBytes: 64 })).toMatchObject({
      truncated: false,
      stdout: 'x'.repeat(64),
    });
    expect(await machine.exec(node('process.stdout.write("x".repeat(65))'), { maxBytes: 64 })).toMatchObject({
      truncated: true,
      stdout: 'x'.repeat(64),
    });
  });

  it('keeps exactly the tail, however it was cut into chunks (property)', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 12 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 0, max: 20_000 }), (parts, max) => {
        const tail = tailBytes(max);
        for (const part of parts) tail.push(part.map((byte) => byte & 0x7f));
        const all = Buffer.concat(parts).map((byte) => byte & 0x7f);
        expect(tail.text()).toBe(Buffer.from(all.subarray(Math.max(0, all.length - max))).toString('latin1'));
        expect(tail.truncated()).toBe(all.length > max);
      }),
    );
  });

  it('does not begin in the middle of a character', () => {
    const text = 'é😀漢字'.repeat(50);
    const size = Buffer.byteLength(text);
    for (let max = size - 12; max < size; max += 1) {
      const tail = tailBytes(max);
      tail.push(Buffer.from(text));
      expect(text.endsWith(tail.text())).toBe(true);
    }
  });
});

describe('exec: timeout and abort', () => {
  /**
   * A command that starts a grandchild, which writes its pid into `mark`; both outlive every test unless they are ended.
   * `stubborn`: both ignore SIGTERM. `escaped`: the grandchild leaves the group, and keeps the pipes. `afterwards`: what the
   * command does once the grandchild is up.
   */
  function family(mark: string, { stubborn = false, escaped = false, afterwards = '' } = {}): string[] {
    const stay = `${stubborn ? 'process.on("SIGTERM", () => 0);' : ''} setInterval(() => 0, 1000);`;
    const grandchild = `${stay} const fs = require("node:fs");
      fs.writeFileSync(process.argv[1] + ".new", String(process.pid)); fs.renameSync(process.argv[1] + ".new", process.argv[1]);`;
    return node(
      `${stay} const mark = ${JSON.stringify(mark)};
      require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}, mark], { stdio: "inherit", detached: ${escaped} });
      const wait = setInterval(() => { if (require("node:fs").existsSync(mark)) { clearInterval(wait); console.log("up"); ${afterwards} } }, 5);`,
    );
  }

  /** Aborts once the grandchild is up; gives its pid. */
  async function abortWhenUp(options: { stubborn?: boolean; escaped?: boolean }) {
    const mark = join(folder, randomUUID());
    const abort = new AbortController();
    const running = machine.exec(family(mark, options), { signal: abort.signal });
    const pid = await pidIn(mark);
    abort.abort();
    return { result: await running, pid };
  }

  async function pidIn(mark: string): Promise<number> {
    const pid = Number(await vi.waitFor(() => readFileSync(mark, 'utf8'), { timeout: 20_000 }));
    expect(pid).toBeGreaterThan(1);
    return pid;
  }

  async function expectGone(pid: number): Promise<void> {
    await vi.waitFor(() => expect(isProcess(pid)).toBe(false), { timeout: 20_000 });
  }

  it('ends the whole group on abort', async () => {
    const { result, pid } = await abortWhenUp({});
    expect(result).toMatchObject({ code: null, signal: 'SIGTERM', timedOut: false });
    await expectGone(pid);
  });

  it('ends those who ignore the polite signal', async () => {
    const { result, pid } = await abortWhenUp({ stubborn: true });
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL' });
    await expectGone(pid);
  });

  it('does not wait for an escaped grandchild that holds the pipes', async () => {
    const { result, pid } = await abortWhenUp({ escaped: true });
    expect(result).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(isProcess(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  it('does not wait for what a command that ended left behind', async () => {
    const mark = join(folder, randomUUID());
    const result = await machine.exec(
      family(mark, { escaped: true, afterwards: 'process.exitCode = 5; process.exit()' }),
    );
    expect(result).toMatchObject({ code: 5, signal: null, stdout: 'up\n', timedOut: false });
    process.kill(await pidIn(mark), 'SIGKILL');
  });

  it('ends a command at its timeout, and keeps what it printed', async () => {
    const result = await machine.exec(['sh', '-c', 'echo begun; exec sleep 600'], { timeoutMs: 1000 });
    expect(result).toEqual({ ...ok, code: null, signal: 'SIGTERM', stdout: 'begun\n', timedOut: true });
  });

  it('does not call an early end a timeout', async () => {
    expect(await machine.exec(['sh', '-c', 'exit 4'], { timeoutMs: 60_000 })).toMatchObject({
      code: 4,
      timedOut: false,
    });
  });

  it('does not start what is aborted already', async () => {
    const mark = join(folder, 'never');
    const result = await machine.exec(node(`require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`), {
      signal: AbortSignal.abort(),
    });
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(statSync(mark, { throwIfNoEntry: false })).toBeUndefined();
  });
});

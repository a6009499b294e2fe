import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../mcp-server/src/core/ports.js';
import { isProcess } from '../../mcp-server/src/store/identity.js';
import { until } from '../support/project.js';

export interface Opened {
  machine: Machine;
  close(): Promise<void> | void;
}

/** What every Machine must do. Hosts of the tests share this computer's disk, so files can be looked at from both sides. */
export function machineContract(name: string, open: () => Promise<Opened>): void {
  describe(`Machine: ${name}`, () => {
    let machine: Machine;
    let close: () => Promise<void> | void;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ae machine’s '));
      ({ machine, close } = await open());
    });
    afterAll(async () => {
      await close();
      rmSync(folder, { recursive: true, force: true });
    });
    const sh = (script: string, ...args: string[]): string[] => ['sh', '-c', script, 'sh', ...args];
    const ok = { code: 0, signal: null, stderr: '', timedOut: false, truncated: false };

    it('passes arguments as they are, and keeps both streams to the byte', async () => {
      const words = ['a b', '$HOME', '*', '', 'ü\n', "it's", '`id`', '\\', '!x', 'a;b&c|d', '--', '-n'];
      const result = await machine.exec(
        sh('for w; do printf "<%s>" "$w"; done; printf "\\n\\n"; printf e >&2', ...words),
      );
      expect(result).toEqual({
        ...ok,
        stdout: `${words.map((word) => `<${word}>`).join('')}\n\n`,
        stderr: 'e',
      });
    });

    it('resolves for any exit code, signal, missing program and missing folder', async () => {
      expect(await machine.exec(sh('exit 3'))).toMatchObject({ code: 3, signal: null });
      expect(await machine.exec(sh('kill -9 $$'))).toMatchObject({
        code: null,
        signal: 'SIGKILL',
        timedOut: false,
      });
      expect(await machine.exec(['no-such-program-here'])).toMatchObject({ code: 127, stdout: '' });
      expect(await machine.exec(['true'], { cwd: join(folder, 'absent') })).toMatchObject({
        code: 126,
        stderr: expect.stringContaining('no such folder'),
      });
    });

    it('refuses what is no command', async () => {
      await expect(machine.exec([])).rejects.toMatchObject({ name: 'LabError' });
      await expect(machine.exec(['echo', 'a\0b'])).rejects.toMatchObject({ name: 'LabError' });
    });

    it('runs in the folder and environment that it is given, without input', async () => {
      const script = 'pwd; h=$HOME; printf "%s|%s|" "$AE_ONE" "$h"; cat';
      const laid = await machine.exec(sh(script), { cwd: folder, env: { AE_ONE: "mine 'and' $yours" } });
      expect(laid.stdout).toContain(`${folder}\nmine 'and' $yours|/`);
      const only = await machine.exec(sh(script), {
        env: { AE_ONE: 'x', PATH: '/usr/bin:/bin' },
        onlyEnv: true,
      });
      expect(only.stdout).toMatch(/\nx\|\|$/);
    });

    it('keeps the last bytes of each stream', async () => {
      const result = await machine.exec(
        sh('i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done'),
        { maxBytes: 22 },
      );
      expect(result).toMatchObject({ code: 0, truncated: true, stdout: 'line 19998\nline 19999\n' });
    });

    it('ends the whole group at the time limit, also when it ignores the polite signal', async () => {
      const pids = join(folder, 'pids');
      const script = `trap '' TERM; sh -c 'trap "" TERM; echo $$ >> "$1"; while :; do sleep 1; done' sh "$1" & echo $$ >> "$1"; wait; wait`;
      const result = await machine.exec(sh(script, pids), { timeoutMs: 3000 });
      expect(result.timedOut).toBe(true);
      const left = readFileSync(pids, 'utf8').split('\n').filter(Boolean).map(Number);
      expect(left.length).toBe(2);
      await until(() => left.every((pid) => !isProcess(pid)));
    });

    it('ends it at an abort, and starts nothing after one', async () => {
      const mark = join(folder, 'began');
      const abort = new AbortController();
      const running = machine.exec(sh('echo $$ > "$1"; sleep 600', mark), { signal: abort.signal });
      await until(
        () =>
          statSync(mark, { throwIfNoEntry: false })?.size !== undefined &&
          readFileSync(mark, 'utf8').endsWith('\n'),
      );
      abort.abort();
      expect(await running).toMatchObject({ code: null });
      await until(() => !isProcess(Number(readFileSync(mark, 'utf8'))));
      const never = join(folder, 'never');
      await machine.exec(sh('touch "$1"', never), { signal: abort.signal });
      expect(statSync(never, { throwIfNoEntry: false })).toBeUndefined();
    });

    it('does not wait for what a command leaves behind with its pipes', async () => {
      const result = await machine.exec(sh('sleep 30 & echo $!'));
      expect(result.code).toBe(0);
      process.kill(Number(result.stdout), 'SIGKILL');
    });

    it('answers 25 calls at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 25 }, (_, index) => machine.exec(sh('echo "$1"', String(index)))),
      );
      expect(results.map(({ stdout }) => stdout.trim())).toEqual(
        Array.from({ length: 25 }, (_, index) => String(index)),
      );
    });

    it('writes whole files of any bytes, keeps their permissions, and reads them', async () => {
      const path = join(folder, 'deep', 'er', "it's a file");
      const bytes = new Uint8Array(100_000).map((_, index) => (index * 7 + (index >> 8)) & 255);
      await machine.write(path, bytes);
      expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
      expect(Buffer.compare(await machine.read(path), bytes)).toBe(0);
      await machine.exec(['chmod', '640', path]);
      await machine.write(path, 'second\n');
      expect(readFileSync(path, 'utf8')).toBe('second\n');
      expect(statSync(path).mode & 0o777).toBe(0o640);
      await machine.write(path, '');
      expect(statSync(path).size).toBe(0);
      expect(await machine.list(join(folder, 'deep', 'er'))).toEqual(["it's a file"]);
    });

    it('tells errors of files by their code', async () => {
      await expect(machine.read(join(folder, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(machine.read(folder)).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(machine.list(join(folder, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
      writeFileSync(join(folder, 'plain'), 'x');
      await expect(machine.write(join(folder, 'plain', 'below'), 'x')).rejects.toMatchObject({
        code: expect.stringMatching(/ENOTDIR|EEXIST/),
      });
    });

    it('lists a folder by name, hidden ones too', async () => {
      const names = ['.hidden', 'a b', '*', 'ü', 'line\nbreak'];
      for (const name of names) await machine.write(join(folder, 'list', name), '');
      symlinkSync('/nowhere', join(folder, 'list', 'dangling'));
      expect(await machine.list(join(folder, 'list'))).toEqual([...names, 'dangling'].sort());
      await machine.exec(['mkdir', join(folder, 'bare')]);
      expect(await machine.list(join(folder, 'bare'))).toEqual([]);
    });

    it('reads a growing file from where it was left', async () => {
      const path = join(folder, 'log');
      expect(await machine.readFrom(path, 0, 10)).toBeNull();
      writeFileSync(path, 'hello\0world');
      const first = await machine.readFrom(path, 0, 5);
      expect([Buffer.from(first?.bytes ?? []).toString(), first?.size]).toEqual(['hello', 11]);
      const second = await machine.readFrom(path, 5, 100);
      expect(Buffer.from(second?.bytes ?? []).toString()).toBe('\0world');
      expect(second?.id).toBe(first?.id);
      expect((await machine.readFrom(path, 11, 100))?.bytes.length).toBe(0);
      expect((await machine.readFrom(path, 99, 100))?.bytes.length).toBe(0);
      rmSync(path);
      writeFileSync(join(folder, 'other'), '');
      writeFileSync(path, 'new');
      expect((await machine.readFrom(path, 0, 100))?.id).not.toBe(first?.id);
      await expect(machine.readFrom(folder, 0, 1)).rejects.toMatchObject({ name: 'LabError' });
    });

    it('runs a script in one go, to the byte, whatever it reads', async () => {
      const { code, stdout, stderr } = await machine.script(
        'cat; printf "a\\000\\377"; echo e >&2; exit 4',
        20_000,
      );
      expect([code, Buffer.from(stdout).toString('latin1'), stderr]).toEqual([4, 'a\0\xff', 'e\n']);
      expect((await machine.script('echo still here', 20_000)).code).toBe(0);
    });

    it('gives up a script that hangs, and answers the next one', async () => {
      await expect(machine.script('sleep 600', 300)).rejects.toMatchObject({ name: 'LabError' });
      const { stdout } = await machine.script('echo back', 20_000);
      expect(Buffer.from(stdout).toString()).toBe('back\n');
    });
  });
}

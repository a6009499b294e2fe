import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localMachine } from '../../mcp-server/src/adapters/machines/local.js';
import { LabError } from '../../mcp-server/src/core/errors.js';

const machine = localMachine();
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ae-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('files', () => {
  it('writes whole files, makes folders, keeps permissions and leaves nothing behind', async () => {
    const path = join(folder, 'deep', 'er', 'script.sh');
    await machine.write(path, 'one');
    chmodSync(path, 0o750);
    await machine.write(path, new Uint8Array([0x74, 0xff]));
    expect(new Uint8Array(await machine.read(path))).toEqual(new Uint8Array([0x74, 0xff]));
    expect(statSync(path).mode & 0o777).toBe(0o750);
    expect(readdirSync(join(folder, 'deep', 'er'))).toEqual(['script.sh']);
  });

  it('leaves the old content when a write fails', async () => {
    const path = join(folder, 'taken');
    mkdirSync(join(path, 'inner'), { recursive: true });
    await expect(machine.write(path, 'x')).rejects.toThrow();
    expect(readdirSync(path)).toEqual(['inner']);
    expect(readdirSync(folder).filter((name) => name.startsWith('.ae-'))).toEqual([]);
  });

  it('lists names in order, and reports what is absent by its code', async () => {
    const path = join(folder, 'listed');
    mkdirSync(path);
    for (const name of ['b', 'a', '.c']) writeFileSync(join(path, name), '');
    expect(await machine.list(path)).toEqual(['.c', 'a', 'b']);
    await expect(machine.list(join(path, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(machine.read(join(path, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('readFrom', () => {
  it('reads on from an offset, up to a limit', async () => {
    const path = join(folder, 'log');
    writeFileSync(path, '0123456789');
    const text = async (offset: number, max: number) => {
      const part = await machine.readFrom(path, offset, max);
      return part === null ? null : { text: Buffer.from(part.bytes).toString(), size: part.size };
    };
    expect(await text(0, 4)).toEqual({ text: '0123', size: 10 });
    expect(await text(8, 4)).toEqual({ text: '89', size: 10 });
    expect(await text(10, 4)).toEqual({ text: '', size: 10 });
    expect(await text(99, 4)).toEqual({ text: '', size: 10 });
    appendFileSync(path, 'ab');
    expect(await text(10, 4)).toEqual({ text: 'ab', size: 12 });
  });

  it('shows by its id whether the file was replaced', async () => {
    const path = join(folder, 'rotating');
    writeFileSync(path, 'old');
    const before = await machine.readFrom(path, 3, 10);
    appendFileSync(path, 'more');
    expect((await machine.readFrom(path, 0, 10))?.id).toBe(before?.id);
    await machine.write(path, 'new');
    expect((await machine.readFrom(path, 0, 10))?.id).not.toBe(before?.id);
  });

  it('gives null for what is absent, and refuses what would never answer', async () => {
    expect(await machine.readFrom(join(folder, 'absent'), 0, 10)).toBeNull();
    writeFileSync(join(folder, 'file'), '');
    expect(await machine.readFrom(join(folder, 'file', 'below'), 0, 10)).toBeNull();
    symlinkSync(join(folder, 'absent'), join(folder, 'dangling'));
    expect(await machine.readFrom(join(folder, 'dangling'), 0, 10)).toBeNull();
    await expect(machine.readFrom(folder, 0, 10)).rejects.toThrow(LabError);
    const pipe = join(folder, 'pipe');
    expect((await machine.exec(['mkfifo', pipe])).code).toBe(0);
    await expect(machine.readFrom(pipe, 0, 10)).rejects.toThrow(LabError);
  });
});

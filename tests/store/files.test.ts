import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  appendLine,
  hostTag,
  readTextIfThere,
  removeStaleTemps,
  tempName,
  writeAtomic,
} from '../../mcp-server/src/store/files.js';
import { childProgram } from '../support/child-program.js';

let folder: string;
const root = mkdtempSync(join(tmpdir(), 'ae-files-'));
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('writeAtomic', () => {
  it('writes a new file, replaces an old one and keeps its permissions', () => {
    const path = join(folder, 'a');
    writeAtomic(path, 'one');
    chmodSync(path, 0o640);
    writeAtomic(path, new Uint8Array([0x74, 0x77, 0x6f]));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('replaces a link itself, never what it points to', () => {
    writeFileSync(join(folder, 'target'), 'kept');
    symlinkSync('target', join(folder, 'link'));
    writeAtomic(join(folder, 'link'), 'new');
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('kept');
    expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('new');
  });

  it('leaves all as it was when it is abandoned or cannot rename', () => {
    writeFileSync(join(folder, 'a'), 'old');
    const lastLook = () => {
      expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
      throw new Error('changed my mind');
    };
    expect(() => writeAtomic(join(folder, 'a'), 'new', { lastLook })).toThrow('changed my mind');
    mkdirSync(join(folder, 'd', 'inner'), { recursive: true });
    expect(() => writeAtomic(join(folder, 'd'), 'new')).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(readdirSync(folder).sort()).toEqual(['a', 'd']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
  });
});

describe.runIf(process.platform === 'linux')('a disk that takes no more', () => {
  let program: Awaited<ReturnType<typeof childProgram>>;
  beforeAll(async () => {
    program = await childProgram(`
      import { appendLine, writeAtomic } from './mcp-server/src/store/files.js';
      const [act, path, bytes] = process.argv.slice(2);
      try {
        if (act === 'write') writeAtomic(path, 'n'.repeat(Number(bytes)));
        else appendLine(path, 'n'.repeat(Number(bytes)));
        console.log('done');
      } catch (error) { console.log(error.code); }
    `);
  });
  afterAll(() => program.remove());
  // A limit on the size of files takes a part of the data and refuses the rest, as a full disk does.
  const limited = (kib: number, ...args: string[]) =>
    spawnSync(
      'sh',
      ['-c', `ulimit -f ${kib * 2}; exec "$@"`, 'sh', process.execPath, program.path, ...args],
      { encoding: 'utf8' },
    ).stdout.trim();

  it('keeps the old content, removes the temporary file and gives the code', () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'old');
    expect(limited(64, 'write', path, '1000')).toBe('done');
    writeFileSync(path, 'old');
    expect(limited(64, 'write', path, '200000')).toBe('EFBIG');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('reports a line that was written in part, and the next one stands alone', () => {
    const path = join(folder, 'log');
    appendLine(path, 'first');
    expect(limited(64, 'append', path, '200000')).toBe('ENOSPC');
    appendLine(path, 'third');
    const lines = readFileSync(path, 'utf8').split('\n');
    expect([lines[0], lines[2], lines[3]]).toEqual(['first', 'third', '']);
    expect(lines[1]?.length).toBe(64 * 1024 - 'first\n'.length);
  });

  it('passes on what the system says', () => {
    expect(() => appendLine('/dev/full', 'x')).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    expect(() => writeAtomic(join(folder, 'none', 'x'), 'x')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('appendLine', () => {
  it('begins anew after a torn line', () => {
    const path = join(folder, 'log');
    appendLine(path, 'one');
    appendLine(path, 'two\n');
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"torn`);
    appendLine(path, 'three');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n{"torn\nthree\n');
  });

  it('mixes no lines of several processes', async () => {
    const path = join(folder, 'log');
    const { path: program, remove } = await childProgram(`
      import { appendLine } from './mcp-server/src/store/files.js';
      for (let n = 0; n < 50; n++) appendLine(process.argv[2], process.argv[3] + ':' + n + ':' + 'x'.repeat(3000));
    `);
    const both = `"$1" "$2" "$3" a & "$1" "$2" "$3" b; wait`;
    spawnSync('sh', ['-c', both, 'sh', process.execPath, program, path]);
    remove();
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    expect(lines).toHaveLength(100);
    for (const line of lines) expect(line).toMatch(/^[ab]:\d+:x{3000}$/);
    for (const who of ['a', 'b']) {
      expect(lines.filter((line) => line.startsWith(who)).map((line) => Number(line.split(':')[1]))).toEqual([
        ...Array(50).keys(),
      ]);
    }
  });
});

describe('readTextIfThere', () => {
  it('tells absence from trouble', () => {
    expect(readTextIfThere(join(folder, 'none'))).toBeNull();
    expect(() => readTextIfThere(folder)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  });
});

describe('removeStaleTemps', () => {
  it('removes only our own files of processes that are gone', () => {
    const gone = spawnSync(process.execPath, ['-e', 'console.log(process.pid)'], {
      encoding: 'utf8',
    }).stdout.trim();
    const stale = `.ae-tmp-${hostTag()}-${gone}-0123456789ab`;
    const kept = [
      tempName(),
      `.ae-tmp-00000000-${gone}-0123456789ab`,
      `.ae-tmp-${hostTag()}-${gone}-0123456789ab.bak`,
      '.ae-tmp-mine',
      'MEMORY_LOG.md',
    ];
    for (const name of [stale, ...kept]) writeFileSync(join(folder, name), '');
    expect(removeStaleTemps(folder)).toEqual([stale]);
    expect(readdirSync(folder).sort()).toEqual([...kept].sort());
    expect(removeStaleTemps(join(folder, 'none'))).toEqual([]);
    expect(existsSync(folder)).toBe(true);
  });
});

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../mcp-server/src/core/errors.js';
import {
  archiveDirective,
  pendingDirective,
  takeDirective,
  writeDirective,
} from '../../mcp-server/src/store/directive.js';
import { childProgram, startChild } from '../support/child-program.js';

const base = mkdtempSync(join(tmpdir(), 'ae-directive-'));
let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(base, 'case-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const clock = () => Date.UTC(2026, 10, 23, 2, 30);
const file = () => join(workspace, 'HUMAN_DIRECTIVE.md');
const archive = () => join(workspace, 'directive_archive');
const visible = () =>
  readdirSync(archive())
    .filter((name) => !name.startsWith('.'))
    .sort();
const texts = () => takeDirective(workspace, clock).map((directive) => directive.text);

describe('a directive', () => {
  it('is seen, taken once, and archived when it was acted on', () => {
    expect(pendingDirective(workspace)).toBeNull();
    expect(takeDirective(workspace, clock)).toEqual([]);
    writeFileSync(file(), '  Try lr=0.01\n');
    expect(pendingDirective(workspace)).toEqual({ text: 'Try lr=0.01', taken: [], waiting: true });
    const [taken] = takeDirective(workspace, clock);
    expect(taken).toMatchObject({ text: 'Try lr=0.01', takenAt: '2026-11-23T02:30:00.000Z' });
    expect(existsSync(file())).toBe(false);
    expect(pendingDirective(workspace)).toEqual({ text: 'Try lr=0.01', taken: [taken?.id], waiting: false });
    archiveDirective(workspace, taken?.id ?? '');
    archiveDirective(workspace, taken?.id ?? '');
    expect(visible()).toEqual(['2026-11-23T02-30-00-000Z.md']);
    expect(readFileSync(join(archive(), '2026-11-23T02-30-00-000Z.md'), 'utf8')).toBe('  Try lr=0.01\n');
    expect(pendingDirective(workspace)).toBeNull();
  });

  it('taken by a process that was killed is taken again, in order, and none is overwritten', () => {
    for (const text of ['one', 'two', 'three']) {
      writeFileSync(file(), text);
      takeDirective(workspace, clock);
    }
    writeFileSync(file(), 'four');
    expect(pendingDirective(workspace)?.text).toBe('one\n\ntwo\n\nthree\n\nfour');
    expect(texts()).toEqual(['one', 'two', 'three', 'four']);
    for (const { id } of takeDirective(workspace, clock)) archiveDirective(workspace, id);
    expect(visible()).toEqual(
      ['', '-2', '-3', '-4'].map((end) => `2026-11-23T02-30-00-000Z${end}.md`).sort(),
    );
    expect(
      visible()
        .map((name) => readFileSync(join(archive(), name), 'utf8'))
        .sort(),
    ).toEqual(['four', 'one', 'three', 'two']);
  });

  it('keeps its place when the clock is set back', () => {
    writeFileSync(file(), 'first');
    takeDirective(workspace, clock);
    writeFileSync(file(), 'second');
    expect(takeDirective(workspace, () => 0).map((one) => one.text)).toEqual(['first', 'second']);
  });

  it('without text is archived as empty and not reported', () => {
    writeFileSync(file(), ' \n\t\n');
    expect(pendingDirective(workspace)).toBeNull();
    expect(takeDirective(workspace, clock)).toEqual([]);
    expect(visible()).toEqual(['2026-11-23T02-30-00-000Z-empty.md']);
  });

  it('over 16 KiB is shown in part, says so, and is archived whole', () => {
    const long = 'é'.repeat(20_000);
    writeFileSync(file(), long);
    const [taken] = takeDirective(workspace, clock);
    expect(taken?.text).toMatch(
      /^é+\n… \[clipped: the first 16 KiB of 40000 bytes; .*directive_archive\/2026-11-23T02-30-00-000Z\.md\]$/,
    );
    archiveDirective(workspace, taken?.id ?? '');
    expect(readFileSync(join(archive(), '2026-11-23T02-30-00-000Z.md'), 'utf8')).toBe(long);
  });

  it('is read in the encodings of Windows, without control characters', () => {
    writeFileSync(file(), Buffer.from('\ufeffTry é\r\n', 'utf16le'));
    expect(texts()).toEqual(['Try é']);
    writeFileSync(file(), '\ufeffA\x1b[31mB\u202eC');
    expect(texts()).toEqual(['Try é', 'ABC']);
  });

  it('that is a link or a folder is refused in words', () => {
    symlinkSync('/etc/hostname', file());
    for (const act of [
      () => pendingDirective(workspace),
      () => takeDirective(workspace, clock),
      () => writeDirective(workspace, 'x'),
    ]) {
      expect(act).toThrow(LabError);
      expect(act).toThrow(/symbolic link/);
    }
    rmSync(file());
    mkdirSync(file());
    expect(() => takeDirective(workspace, clock)).toThrow(/is a folder/);
  });

  it('has an id that names nothing else', () => {
    writeFileSync(join(workspace, 'state.json'), '{}');
    for (const id of ['../state.json', '', 'x', '.taken-1.md'])
      expect(() => archiveDirective(workspace, id)).toThrow(LabError);
  });
});

describe('writeDirective', () => {
  it('writes, and adds below one that waits', () => {
    writeDirective(workspace, 'first\n');
    writeDirective(workspace, 'second');
    expect(readFileSync(file(), 'utf8')).toBe('first\n\nsecond\n');
    expect(readdirSync(workspace)).toEqual(['HUMAN_DIRECTIVE.md']);
    expect(texts()).toEqual(['first\n\nsecond']);
    writeDirective(workspace, 'third');
    expect(texts()).toEqual(['first\n\nsecond', 'third']);
    expect(() => writeDirective(workspace, ' \n')).toThrow(LabError);
  });

  it('adds to what an editor of Windows wrote', () => {
    writeFileSync(file(), Buffer.from('\ufefffirst', 'utf16le'));
    writeDirective(workspace, 'second');
    expect(texts()).toEqual(['first\n\nsecond']);
  });

  it('takes the lock of a killed process over', async () => {
    const identity = `import { selfIdentity } from './mcp-server/src/store/identity.js';
      import { hostname } from 'node:os';
      console.log(JSON.stringify({ host: hostname(), identity: selfIdentity(), once: 'x' }));`;
    const program = await childProgram(identity);
    const gone = spawnSync(process.execPath, [program.path], { encoding: 'utf8' }).stdout.trim();
    program.remove();
    expect(JSON.parse(gone)).toMatchObject({ identity: { pid: expect.any(Number) } });
    writeFileSync(join(workspace, '.directive.lock'), gone);
    writeDirective(workspace, 'on we go');
    expect(texts()).toEqual(['on we go']);
    expect(readdirSync(workspace)).toEqual(['directive_archive']);
  });

  it('starts anew when a person saves the file in the same instant', async () => {
    const program = await childProgram(`
      import { appendFileSync } from 'node:fs';
      for (let n = 0; n < 300; n++) appendFileSync(process.argv[2], 'p:' + n + '\\n');
      console.log('done');
    `);
    writeFileSync(file(), 'p:start\n');
    const person = startChild(program.path, [file()]);
    for (let n = 0; n < 30; n++) writeDirective(workspace, `w:${n}`);
    expect(await person.line()).toBe('done');
    program.remove();
    const lines = readFileSync(file(), 'utf8').split(/\n+/);
    expect(lines.filter((line) => line.startsWith('w:'))).toEqual(
      Array.from({ length: 30 }, (_, n) => `w:${n}`),
    );
  });

  it('loses and doubles nothing, in order, while others write and one takes', async () => {
    const program = await childProgram(`
      import { writeDirective } from './mcp-server/src/store/directive.js';
      for (let n = 0; n < 60; n++) writeDirective(process.argv[2], process.argv[3] + ':' + n);
      console.log('done');
    `);
    const writers = ['a', 'b', 'c'].map((name) => startChild(program.path, [workspace, name]));
    let running = writers.length;
    const lines = writers.map(async (writer) => {
      expect(await writer.line()).toBe('done');
      await writer.ended;
      running -= 1;
    });
    const acted: string[] = [];
    const take = () => {
      for (const directive of takeDirective(workspace, clock)) {
        acted.push(...directive.text.split(/\n+/));
        archiveDirective(workspace, directive.id);
      }
    };
    let rounds = 0;
    while (running > 0) {
      take();
      rounds += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(lines);
    program.remove();
    take();
    expect(rounds).toBeGreaterThan(5);
    expect(acted).toHaveLength(180);
    for (const name of ['a', 'b', 'c']) {
      expect(acted.filter((one) => one.startsWith(name))).toEqual(
        Array.from({ length: 60 }, (_, n) => `${name}:${n}`),
      );
    }
    expect(readdirSync(workspace)).toEqual(['directive_archive']);
    expect(readdirSync(archive()).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

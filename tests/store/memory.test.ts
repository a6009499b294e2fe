import {
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
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../mcp-server/src/core/errors.js';
import { addDecision, addResult } from '../../mcp-server/src/core/memory.js';
import { decodeLossless, encodeLossless } from '../../mcp-server/src/store/lossless.js';
import { appendMemory, changeMemory, readMemory } from '../../mcp-server/src/store/memory.js';
import { childProgram, startChild } from '../support/child-program.js';

const base = mkdtempSync(join(tmpdir(), 'ae-memory-'));
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'));
  file = join(folder, 'MEMORY_LOG.md');
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const limits = { log_max_chars: 2000, milestone_max_chars: 1200, max_recent_entries: 15 };
const at = new Date(2026, 3, 7, 14, 30);

describe('appendMemory', () => {
  it('makes the file, adds to it and adds nothing twice', () => {
    expect(readMemory(file)).toBe('');
    expect(appendMemory(file, { section: 'results', at, text: 'acc=76.1%', run: 'exp001' }, limits)).toBe(
      true,
    );
    expect(appendMemory(file, { section: 'decisions', at, text: 'go on' }, limits)).toBe(true);
    expect(appendMemory(file, { section: 'decisions', at, text: 'go on' }, limits)).toBe(false);
    expect(readMemory(file)).toBe(
      '# Memory Log\n\n## Key Results\n[04-07 14:30] Exp001: acc=76.1%\n\n## Recent Decisions\n[04-07 14:30] go on\n',
    );
    expect(readdirSync(folder)).toEqual(['MEMORY_LOG.md']);
  });

  it('keeps every byte of a file that is no text', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x41, 0xed, 0xa0, 0x80, 0x0a, 0xc3, 0xa9, 0xf0, 0x9f]);
    writeFileSync(file, bytes);
    appendMemory(file, { section: 'decisions', at, text: 'née' }, limits);
    const after = readFileSync(file);
    expect(after.subarray(0, bytes.length)).toEqual(bytes);
    expect(after.subarray(bytes.length).toString('utf8')).toBe(
      '\n\n## Key Results\n\n## Recent Decisions\n[04-07 14:30] née\n',
    );
  });

  it('is made anew on top of what a person saves meanwhile', () => {
    writeFileSync(file, '## Notes\nmine\n');
    let saves = 0;
    const changed = changeMemory(file, (log) => {
      const next = addDecision(log, { at, text: 'go on' }, limits);
      // The person saves after we have read.
      if (saves++ < 3) writeFileSync(file, `## Notes\nmine, edited ${saves}\n`);
      return next;
    });
    expect(changed).toBe(true);
    expect(saves).toBe(4);
    expect(readMemory(file)).toContain('mine, edited 3\n');
    expect(readMemory(file)).toContain('go on');
  });

  it('notices that the file was removed or came to be meanwhile', () => {
    let calls = 0;
    changeMemory(file, (log) => {
      if (calls++ === 0) writeFileSync(file, 'came to be\n');
      return addResult(log, { at, text: 'acc=1' }, limits);
    });
    expect(readMemory(file)).toMatch(/^came to be\n[\s\S]*acc=1/);
    calls = 0;
    changeMemory(file, (log) => {
      if (calls++ === 0) rmSync(file);
      return addResult(log, { at, text: 'acc=2' }, limits);
    });
    expect(readMemory(file)).not.toContain('acc=1');
    expect(readMemory(file)).toContain('acc=2');
  });

  it('gives up on a file that never rests, and says so', () => {
    let n = 0;
    const act = () =>
      changeMemory(file, (log) => {
        writeFileSync(file, `${n++}`);
        return addResult(log, { at, text: 'acc=1' }, limits);
      });
    expect(act).toThrow(LabError);
    expect(readdirSync(folder)).toEqual(['MEMORY_LOG.md']);
  });

  it('loses no entry of several processes', async () => {
    const program = await childProgram(`
      import { appendMemory } from './mcp-server/src/store/memory.js';
      const limits = { log_max_chars: 1e6, milestone_max_chars: 1e6, max_recent_entries: 1e6 };
      for (let n = 0; n < 100; n++) {
        appendMemory(process.argv[2], { section: 'decisions', at: new Date(0), text: process.argv[3] + ':' + n }, limits);
      }
      console.log('done');
    `);
    const writers = ['a', 'b'].map((name) => startChild(program.path, [file, name]));
    for (const writer of writers) expect(await writer.line()).toBe('done');
    program.remove();
    const entries = readMemory(file).match(/[ab]:\d+$/gm) ?? [];
    for (const name of ['a', 'b']) {
      expect(entries.filter((one) => one.startsWith(name))).toEqual(
        Array.from({ length: 100 }, (_, n) => `${name}:${n}`),
      );
    }
    expect(readdirSync(folder)).toEqual(['MEMORY_LOG.md']);
  });

  it('refuses a folder or a link in that place', () => {
    mkdirSync(file);
    expect(() => readMemory(file)).toThrow(LabError);
    expect(() => appendMemory(file, { section: 'results', at, text: 'x' }, limits)).toThrow(/not a file/);
    symlinkSync('/etc/hostname', join(folder, 'link.md'));
    expect(() => readMemory(join(folder, 'link.md'))).toThrow(/symbolic link/);
  });
});

describe('lossless text', () => {
  it('brings every byte back (property)', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(
        fc.constantFrom(
          0xc3,
          0xa9,
          0xe0,
          0x80,
          0xed,
          0xa0,
          0xf0,
          0x9f,
          0x91,
          0x8d,
          0xf4,
          0x90,
          0xef,
          0xbf,
          0xbd,
          0x41,
        ),
        { maxLength: 40 },
      ),
    );
    fc.assert(
      fc.property(bytes, (some) => {
        const data = Buffer.from(some);
        expect(encodeLossless(decodeLossless(data))).toEqual(data);
      }),
      { numRuns: 2000 },
    );
  });

  it('is plain UTF-8 for text (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeLossless(Buffer.from(text))).toBe(text);
      }),
    );
  });
});

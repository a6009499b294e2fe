import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../mcp-server/src/core/errors.js';
import { openBeneath } from '../../mcp-server/src/store/beneath.js';
import { checkedPath } from '../../mcp-server/src/store/beneath-checked.js';
import { listBeneath, readBeneath, writeBeneath } from '../../mcp-server/src/store/beneath-files.js';
import { projectPaths } from '../../mcp-server/src/store/paths.js';
import { protectedReason } from '../../mcp-server/src/store/protected.js';

const base = mkdtempSync(join(tmpdir(), 'ae-beneath-'));
let world: string;
let root: string;
const SECRET = 'outside secret';

beforeEach(() => {
  world = mkdtempSync(join(base, 'case-'));
  root = join(world, 'root');
  mkdirSync(join(root, 'dir', 'deep'), { recursive: true });
  mkdirSync(join(world, 'root-evil'));
  for (const place of ['secret', 'root-evil/secret']) writeFileSync(join(world, place), SECRET);
  writeFileSync(join(root, 'file'), 'inside');
  writeFileSync(join(root, 'dir', 'deep', 'file'), 'deep inside');
  symlinkSync('..', join(root, 'up'));
  symlinkSync(join(world, 'secret'), join(root, 'link'));
  symlinkSync('dir', join(root, 'alias'));
  linkSync(join(world, 'secret'), join(root, 'hard'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const read = (path: string, maxBytes = 1000) => readBeneath(root, path, { maxBytes }).text;

describe('openBeneath', () => {
  it('opens what lies below (the control)', () => {
    expect(read('file')).toBe('inside');
    expect(read('./dir//deep/./file')).toBe('deep inside');
    writeBeneath(root, 'new/er/file.txt', 'written');
    expect(readFileSync(join(root, 'new/er/file.txt'), 'utf8')).toBe('written');
  });

  it.each(
    [
      ...[
        '../secret',
        'dir/../../secret',
        'up/secret',
        'link',
        'hard',
        'alias/deep/file',
        '../root-evil/secret',
        '/etc/passwd',
      ],
      ...[
        'file\0.txt',
        '..',
        '.',
        '',
        'dir',
        `${'a/'.repeat(3000)}b`,
        'x'.repeat(5000),
        'x'.repeat(300),
        'file/below',
      ],
    ].map((path) => ({ path, shown: JSON.stringify(path).slice(0, 60) })),
  )('refuses to read $shown, in words', ({ path }) => {
    expect(() => read(path)).toThrow(LabError);
  });

  it.each([
    '../new',
    'up/new',
    'link',
    'hard',
    'alias/new',
    '/tmp/ae-new',
    'a\0b',
    '..',
    '',
    'dir',
    'dir/',
    'a\nb',
    '\u202egnp',
    '\ud800',
  ])('refuses to write %j and changes nothing outside', (path) => {
    expect(() => writeBeneath(root, path, 'HACKED')).toThrow(LabError);
    expect(readdirSync(world).sort()).toEqual(['root', 'root-evil', 'secret']);
    expect(readFileSync(join(world, 'secret'), 'utf8')).toBe(SECRET);
    expect(readdirSync(join(root, 'dir'))).toEqual(['deep']);
  });

  it('names the path and what to do', () => {
    const act = () => read('hard');
    expect(act).toThrow(/"hard" is refused: it has 2 hard links/);
    expect(act).toThrow(expect.objectContaining({ hint: expect.stringContaining('hard') }));
    expect(() => read('nothing/here')).toThrow(/there is no "nothing\/here"/);
  });

  it.runIf(process.platform === 'linux')('does not wait for a FIFO and does not truncate a hard link', () => {
    spawnSync('mkfifo', [join(root, 'fifo')]);
    expect(() => read('fifo')).toThrow(/not a regular file/);
    expect(() => openBeneath(root, 'hard', constants.O_WRONLY | constants.O_TRUNC)).toThrow(LabError);
    expect(readFileSync(join(world, 'secret'), 'utf8')).toBe(SECRET);
  });

  it('makes a file only when asked, and never a second time with O_EXCL', () => {
    const { O_CREAT, O_EXCL, O_WRONLY } = constants;
    expect(() => openBeneath(root, 'dir/new', O_WRONLY)).toThrow(/there is no/);
    closeSync(openBeneath(root, 'dir/new', O_WRONLY | O_CREAT | O_EXCL));
    expect(() => openBeneath(root, 'dir/new', O_WRONLY | O_CREAT | O_EXCL)).toThrow(/there already/);
    closeSync(openBeneath(root, 'dir/new', O_WRONLY | O_CREAT));
  });

  it('leaves no descriptor open', () => {
    const count = () => readdirSync('/proc/self/fd').length;
    const attempt = (path: string) => {
      try {
        read(path);
      } catch (error) {
        expect(error).toBeInstanceOf(LabError);
      }
    };
    const before = process.platform === 'linux' ? count() : 0;
    for (let n = 0; n < 200; n++)
      for (const path of ['file', 'hard', 'up/secret', 'link', 'none/x', 'dir']) attempt(path);
    expect(process.platform === 'linux' ? count() : 0).toBeLessThan(before + 50);
  });
});

/** Paths as an attacker writes them: climbing, encoded, look-alikes, links, folders that are links, endless. */
const piece = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '',
    '...',
    '.. ',
    '..;',
    '%2e%2e',
    '%2e%2e%2f',
    '..%2f',
    '%252e%252e',
    '..%c0%af',
    '..%5c',
    '..\\',
    '\\..\\',
  ),
  fc.constantFrom(
    '\u2024\u2024',
    '\uff0e\uff0e',
    '\u2025',
    '..\u200b',
    '\u200b..',
    '..\0',
    '\0',
    '/',
    '//',
    '~',
    '$HOME',
    'C:',
    '`id`',
  ),
  fc.constantFrom(
    'dir',
    'deep',
    'file',
    'up',
    'link',
    'alias',
    'hard',
    'secret',
    'root',
    'root-evil',
    'proc',
    'self',
    'etc',
    'passwd',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constant('a'.repeat(300)),
);
const hostile = fc
  .tuple(
    fc.constantFrom('', '/', '../', '//', './', 'dir/', 'up/', 'file:///'),
    fc.array(piece, { maxLength: 12 }),
    fc.constantFrom('', '/', '/.', '/secret'),
  )
  .map(([head, parts, tail]) => head + parts.join('/') + tail);

describe('confinement', () => {
  it('holds for any path (property)', () => {
    let inside = 0;
    fc.assert(
      fc.property(hostile, (path) => {
        try {
          const { text } = readBeneath(root, path, { maxBytes: 1000 });
          expect(['inside', 'deep inside', 'MINE']).toContain(text);
          inside += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
        try {
          writeBeneath(root, path, 'MINE');
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
        expect(readdirSync(world).sort()).toEqual(['root', 'root-evil', 'secret']);
        expect(readdirSync(join(world, 'root-evil'))).toEqual(['secret']);
        for (const place of ['secret', 'root-evil/secret'])
          expect(readFileSync(join(world, place), 'utf8')).toBe(SECRET);
      }),
      { numRuns: 3000, examples: [['file'], ['dir/deep/file']] },
    );
    expect(inside).toBeGreaterThanOrEqual(2);
  });

  it.runIf(process.platform === 'linux')('holds while a folder is swapped for a link (race)', async () => {
    mkdirSync(join(world, 'target'));
    mkdirSync(join(root, 'swap'));
    writeFileSync(join(world, 'target', 'file'), SECRET);
    writeFileSync(join(root, 'swap', 'file'), 'inside');
    symlinkSync(join(world, 'target'), join(root, 'spare'));
    const swapper = spawn(
      process.execPath,
      [
        '-e',
        `const fs = require('fs'); process.chdir(process.argv[1]);
         process.stdout.write('on\\n');
         for (;;) { fs.renameSync('swap', 'was'); fs.renameSync('spare', 'swap'); fs.renameSync('swap', 'spare'); fs.renameSync('was', 'swap'); }`,
        root,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => swapper.stdout.once('data', resolve));
    const seen = { inside: 0, refused: 0, naive: 0, escaped: 0 };
    const buffer = Buffer.alloc(100);
    const isSecret = (fd: number) => buffer.toString('utf8', 0, readSync(fd, buffer, 0, 100, 0)) === SECRET;
    try {
      for (let n = 0; n < 20_000; n++) {
        try {
          const fd = openBeneath(root, 'swap/file', constants.O_RDONLY);
          if (isSecret(fd)) seen.escaped += 1;
          else seen.inside += 1;
          closeSync(fd);
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
          seen.refused += 1;
        }
        if (n % 100 === 0) {
          writeOrRefuse();
          if (readsSecretNaively()) seen.naive += 1;
        }
      }
    } finally {
      swapper.kill('SIGKILL');
      await new Promise((resolve) => swapper.once('close', resolve));
    }
    expect(seen.escaped).toBe(0);
    expect(readdirSync(join(world, 'target'))).toEqual(['file']);
    // The controls: both states were met, so the swapper was at work.
    expect(seen.inside).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(100);
    expect(seen.naive).toBeGreaterThan(0);

    function writeOrRefuse() {
      try {
        closeSync(openBeneath(root, 'swap/written', constants.O_WRONLY | constants.O_CREAT));
      } catch (error) {
        expect(error).toBeInstanceOf(LabError);
      }
    }
    function readsSecretNaively(): boolean {
      for (let n = 0; n < 50; n++) {
        try {
          if (readFileSync(join(root, 'swap/file'), 'utf8') === SECRET) return true;
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENOENT' });
        }
      }
      return false;
    }
  });

  it('finds links without /proc as well', () => {
    expect(checkedPath(root, ['dir', 'deep'], 'x')).toBe(join(root, 'dir', 'deep'));
    expect(checkedPath(root, ['made', 'now'], 'x', true)).toBe(join(root, 'made', 'now'));
    for (const parts of [['up'], ['alias', 'deep'], ['file'], ['link']])
      expect(() => checkedPath(root, parts, 'x')).toThrow(LabError);
  });
});

describe('readBeneath', () => {
  it('pages through a file between characters', () => {
    const text = 'aé日👍'.repeat(50);
    writeFileSync(join(root, 'utf8'), text);
    let out = '';
    let next: number | null = 0;
    while (next !== null) {
      const part = readBeneath(root, 'utf8', { offset: next, maxBytes: 7 });
      expect(part.size).toBe(Buffer.byteLength(text));
      expect(part.text).not.toContain('\ufffd');
      out += part.text;
      next = part.next;
    }
    expect(out).toBe(text);
  });

  it('goes on through bytes that are no text, and says so', () => {
    writeFileSync(join(root, 'bin'), Buffer.from([0, 0xff, 0x80, 0x80, 0x80, 0x80, 0xf0]));
    const first = readBeneath(root, 'bin', { maxBytes: 2 });
    expect(first).toMatchObject({ binary: true, size: 7, next: 2 });
    expect(readBeneath(root, 'bin', { offset: 2, maxBytes: 4 }).next).toBeGreaterThan(2);
    expect(readBeneath(root, 'bin', { offset: 9, maxBytes: 4 })).toMatchObject({ text: '', next: null });
  });
});

describe('writeBeneath', () => {
  it('replaces in one step and keeps permissions', () => {
    writeFileSync(join(root, 'run.sh'), 'old');
    chmodSync(join(root, 'run.sh'), 0o755);
    const inode = statSync(join(root, 'run.sh')).ino;
    writeBeneath(root, 'run.sh', 'new');
    expect(readFileSync(join(root, 'run.sh'), 'utf8')).toBe('new');
    expect(statSync(join(root, 'run.sh')).mode & 0o777).toBe(0o755);
    expect(statSync(join(root, 'run.sh')).ino).not.toBe(inode);
    expect(readdirSync(root).filter((name) => name.startsWith('.ae-tmp'))).toEqual([]);
  });
});

describe('listBeneath', () => {
  it('lists in order, shows links and follows none', () => {
    const { entries, truncated } = listBeneath(root, '', { maxEntries: 100, depth: 3 });
    expect(truncated).toBe(false);
    expect(entries).toEqual([
      { path: 'alias', kind: 'link', bytes: null },
      { path: 'dir', kind: 'folder', bytes: null },
      { path: 'dir/deep', kind: 'folder', bytes: null },
      { path: 'dir/deep/file', kind: 'file', bytes: 11 },
      { path: 'file', kind: 'file', bytes: 6 },
      { path: 'hard', kind: 'file', bytes: 14 },
      { path: 'link', kind: 'link', bytes: null },
      { path: 'up', kind: 'link', bytes: null },
    ]);
    expect(
      listBeneath(root, 'dir', { maxEntries: 100, depth: 1 }).entries.map((entry) => entry.path),
    ).toEqual(['dir/deep']);
    expect(listBeneath(root, '.', { maxEntries: 3, depth: 3 })).toMatchObject({
      truncated: true,
      entries: { length: 3 },
    });
    expect(() => listBeneath(root, 'up', { maxEntries: 3, depth: 3 })).toThrow(LabError);
    expect(() => listBeneath(root, '../..', { maxEntries: 3, depth: 3 })).toThrow(LabError);
  });
});

describe('protectedReason', () => {
  const places = () => projectPaths(root, 'PROJECT_BRIEF.md', 'workspace');

  it.each([
    ...[
      'PROJECT_BRIEF.md',
      'config.yaml',
      'workspace/MEMORY_LOG.md',
      'workspace/HUMAN_DIRECTIVE.md',
      'workspace/ledger.jsonl',
    ],
    ...[
      'workspace/state.json',
      'workspace/runs/exp001/log',
      'workspace/runs',
      'workspace/directive_archive/x.md',
      'workspace/supervisor.json',
    ],
    ...[
      'workspace/controller.json',
      'workspace/any.lock',
      '.git/config',
      '.git',
      'sub/.git/hooks/pre-commit',
      'workspace/snapshots/x',
    ],
    ...[
      'project_brief.MD',
      './PROJECT_BRIEF.md',
      'PROJECT_BRIEF.md/.',
      'a/../x',
      'WORKSPACE//Memory_Log.md',
      'workspace/./state.json',
      '.GIT/config',
    ],
    ...[
      'PROJECT_BRIEF.md.',
      'PROJECT_BRIEF.md ',
      'ＰＲＯＪＥＣＴ_BRIEF.md',
      'workspace/ſtate.json',
      'workspace/memory\u200b_log.md',
      '.g\u200cit/config',
    ],
    ...[
      'workspace／state.json',
      'workspace/runs/',
      'workspace',
      'git~1/config',
      'CONFIG.YAML',
      'workspace/ledger.jsonl/',
      '../x',
    ],
  ])('protects %j, also while nothing is there', (path) => {
    expect(existsSync(join(root, 'workspace'))).toBe(false);
    expect(protectedReason(path, places())).toEqual(expect.any(String));
  });

  it.each([
    'train.py',
    'workspace/notes.md',
    'workspace/notes/plan.md',
    'configs/config.yaml',
    'runs/x',
    'state.json',
    '.gitignore',
    'MEMORY_LOG.md',
    'workspace2/state.json',
    'src/ledger.jsonl',
  ])('leaves %j alone', (path) => expect(protectedReason(path, places())).toBeNull());

  it('knows a protected file by its inode', () => {
    writeFileSync(join(root, 'config.yaml'), '');
    linkSync(join(root, 'config.yaml'), join(root, 'other'));
    expect(protectedReason('other', places())).toContain('config');
    expect(protectedReason('file', places())).toBeNull();
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLiterature } from '../../mcp-server/src/adapters/papers/index.js';
import { type DigestAnswer, makeDigest } from '../../mcp-server/src/engine/papers/digest.js';
import { openBodyCache } from '../../mcp-server/src/store/body-cache.js';
import { openProject } from '../../mcp-server/src/store/project.js';
import { openTurns } from '../../mcp-server/src/store/turns.js';
import { type Asked, atom, feed, type Item, replayServer, type Said } from '../support/replay.js';

// Digests over a fortnight against a server on loopback, with a clock of the test's own.

let root: string;
let state: string;
let now: number;
let reply: (asked: Asked) => Said | 'break';
let server: Awaited<ReturnType<typeof replayServer>>;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ae-digest-'));
  state = mkdtempSync(join(tmpdir(), 'ae-state-'));
  writeFileSync(
    join(root, 'config.yaml'),
    'papers: {topics: [gesture generation, diffusion policy], categories: [cs.LG, cs.CV], top: 3, also: 20, mutes: [Mallory], pins: [Grace Hopper]}\n',
  );
  reply = () => ({ status: 500, body: '' });
  server = await replayServer((asked) => reply(asked));
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true });
  rmSync(state, { recursive: true });
});

const lab = {
  clock: () => now,
  literature: async () =>
    openLiterature({
      turns: openTurns(join(state, 'turns')),
      cache: openBodyCache(join(state, 'cache')),
      clock: () => now,
      random: () => 0,
      env: { AUTO_EXPERIMENT_HTTP_BASE: server.base, AUTO_EXPERIMENT_HTTP_SPACING_MS: '0' },
      version: 'test',
      contact: undefined,
    }),
};
/** 09:00 in New York (winter). */
const at = (day: string): number => Date.parse(`${day}T14:00:00Z`);
const digest = (day: string, request = {}): Promise<DigestAnswer> => {
  now = at(day);
  return makeDigest(lab, openProject(root), request, new AbortController().signal);
};
const paper = (id: string, words = 'gesture generation', more: Partial<Item> = {}): Item => ({
  id: `${id}v1`,
  title: `Paper ${id.replace('.', ' ')} on ${words}`,
  ...more,
});
const ids = (answer: DigestAnswer): string[] => [...answer.top, ...answer.also].map(({ id }) => id);
const serve = (day: string, items: readonly Item[], searched: readonly Item[] = []): void => {
  reply = ({ host }) => (host === 'rss.arxiv.org' ? feed(day, items) : atom(searched));
};
const marks = (): string => join(root, 'workspace/papers/digests.jsonl');

describe('a fortnight', () => {
  it('shows each paper once and loses none', async () => {
    const shown: string[] = [];
    const expected = new Set<string>();
    const day = async (date: string, items: Item[], wanted: string[], searched: Item[] = []) => {
      serve(date, items, searched);
      const answer = await digest(date);
      expect(answer.status, `${date}: ${answer.message}`).toBe('written');
      expect(ids(answer).sort(), date).toEqual(wanted.map((id) => `arxiv:${id}`).sort());
      shown.push(...ids(answer));
      for (const id of wanted) expected.add(`arxiv:${id}`);
    };
    // Monday to Wednesday: new, cross-listed, a new version, muted, pinned, off topic.
    const monday = [
      paper('2611.00001'),
      paper('2611.00002', 'cooking rice'),
      paper('2611.00003', 'diffusion policy'),
    ];
    await day('2026-11-16', monday, ['2611.00001', '2611.00003']);
    await day(
      '2026-11-17',
      [
        { ...paper('2611.00001'), kind: 'cross', categories: ['cs.LG', 'cs.CV'] },
        { ...paper('2611.00003', 'diffusion policy'), id: '2611.00003v2', kind: 'replace' },
        paper('2611.00004', 'gesture generation', { author: 'Eve Mallory' }),
        paper('2611.00005', 'soup', { author: 'Grace Hopper, Al Two' }),
        paper('2611.00006', 'gesture generation', { kind: 'cross', categories: ['cs.RO', 'cs.CV'] }),
      ],
      ['2611.00005', '2611.00006'],
    );
    // The published twin: another id, the same title and first author.
    const twin = { ...paper('2611.00001'), id: '2611.09999v1' };
    await day('2026-11-18', [twin, paper('2611.00007')], ['2611.00007']);
    // Thursday the network is out, Friday the source refuses, Saturday and Sunday nothing is due.
    reply = () => 'break';
    expect(await digest('2026-11-19')).toMatchObject({ status: 'late', file: null });
    reply = () => ({ status: 429, body: 'Rate exceeded.', headers: { 'retry-after': '3600' } });
    const refused = await digest('2026-11-20');
    expect(refused.status).toBe('late');
    expect(refused.notes.join(' ')).toContain('rate limited until');
    // Monday: the feed has its own batch, search tells of the two that were missed.
    await day(
      '2026-11-23',
      [paper('2611.00010')],
      ['2611.00008', '2611.00010'],
      [paper('2611.00008'), paper('2611.00007')],
    );
    // Tuesday the feed repeats Monday's papers as its own: stale; search has Tuesday's.
    const monday2 = ['2611.00011', '2611.00012', '2611.00013'].map((id) => paper(id));
    await day('2026-11-24', monday2, ['2611.00011', '2611.00012', '2611.00013'], [paper('2611.00008')]);
    serve('2026-11-25', monday2, [paper('2611.00014')]);
    const stale = await digest('2026-11-25');
    expect(stale.notes.join(' ')).toContain('stale');
    expect(ids(stale)).toEqual(['arxiv:2611.00014']);
    shown.push(...ids(stale));
    expected.add('arxiv:2611.00014');
    // Thanksgiving's evening has no announcement, so Friday has no batch; Thursday has.
    await day('2026-11-26', [paper('2611.00015')], ['2611.00015'], [paper('2611.00014')]);
    expect(await digest('2026-11-27')).toMatchObject({
      status: 'quiet',
      message: expect.stringContaining('holiday'),
    });
    expect(await digest('2026-11-28')).toMatchObject({
      status: 'quiet',
      message: expect.stringContaining('weekend'),
    });
    expect(shown.length).toBe(new Set(shown).size);
    expect(new Set(shown)).toEqual(expected);
  });

  it('takes a paper that search learned of late, once', async () => {
    serve('2026-11-16', [paper('2611.00001')]);
    await digest('2026-11-16');
    // Tuesday's feed is empty: search is asked, and knows one of two papers.
    serve('2026-11-17', [], [paper('2611.00002')]);
    expect(ids(await digest('2026-11-17'))).toEqual(['arxiv:2611.00002']);
    serve('2026-11-18', [paper('2611.00004')], [paper('2611.00002'), paper('2611.00003')]);
    expect(ids(await digest('2026-11-18')).sort()).toEqual(['arxiv:2611.00003', 'arxiv:2611.00004']);
  });
});

describe('the file', () => {
  it('is the same when asked again, and takes no request', async () => {
    serve('2026-11-16', [
      paper('2611.00001', 'gesture generation', { abstract: 'Bad \u001b[31m`code` [x](y) text.' }),
    ]);
    const first = await digest('2026-11-16');
    expect(first.file).toBe('workspace/digests/2026-11-16.md');
    const file = join(root, first.file ?? '');
    const text = readFileSync(file, 'utf8');
    const requests = server.asked.length;
    expect(await digest('2026-11-16')).toMatchObject({ status: 'there', file: first.file });
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(server.asked.length).toBe(requests);
    expect(text).toMatch(/^---\ntitle: "Papers of 2026-11-16"\ndate: 2026-11-16\ntags: \[papers, digest\]/);
    expect(text).toContain('papers: ["arxiv:2611.00001"]');
    expect(text).not.toContain('\u001b');
    expect(text).toContain('\\`code\\` \\[x\\]');
  });

  it.each(['the file and the mark', 'the record and the file', 'a torn mark'])(
    'a process killed between %s repeats and loses nothing',
    async (where) => {
      serve('2026-11-16', [paper('2611.00001')]);
      await digest('2026-11-16');
      const file = join(root, 'workspace/digests/2026-11-16.md');
      const text = readFileSync(file, 'utf8');
      writeFileSync(marks(), where === 'a torn mark' ? readFileSync(marks(), 'utf8').slice(0, 30) : '');
      if (where === 'the record and the file') rmSync(file);
      expect((await digest('2026-11-16')).status).toBe('there');
      expect(readFileSync(file, 'utf8')).toBe(text);
      serve('2026-11-17', [{ ...paper('2611.00001'), kind: 'cross' }, paper('2611.00002')]);
      expect(ids(await digest('2026-11-17'))).toEqual(['arxiv:2611.00002']);
      expect(readdirSync(join(root, 'workspace/digests'))).toEqual(['2026-11-16.md', '2026-11-17.md']);
    },
  );

  it('takes new versions when asked', async () => {
    serve('2026-11-16', [{ ...paper('2511.00001'), id: '2511.00001v3', kind: 'replace' }]);
    expect(ids(await digest('2026-11-16', { replacements: true }))).toEqual(['arxiv:2511.00001']);
  });

  it('says so when a category does not exist', async () => {
    reply = () => ({ body: '<?xml version="1.0"?><feed><title>Feed error for query: cs.XX</title></feed>' });
    await expect(digest('2026-11-16')).rejects.toThrow('Feed error');
  });
});

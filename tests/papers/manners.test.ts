import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAIN, runProcess } from '../support/project.js';
import { type Asked, atom, replayServer, type Said } from '../support/replay.js';

// The program itself against a server on loopback that stands for the sources.

let root: string;
let state: string;
let reply: (asked: Asked) => Said | 'break';
let server: Awaited<ReturnType<typeof replayServer>>;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ae-manners-'));
  state = mkdtempSync(join(tmpdir(), 'ae-state-'));
  reply = () => ({ body: '{"total":0,"offset":0}' });
  server = await replayServer((asked) => reply(asked));
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true });
  rmSync(state, { recursive: true });
});

const run = (args: string[], env: Record<string, string> = { AUTO_EXPERIMENT_HTTP_SPACING_MS: '0' }) =>
  runProcess([process.execPath, MAIN, 'papers', ...args], {
    cwd: root,
    env: { ...process.env, AUTO_EXPERIMENT_STATE_DIR: state, AUTO_EXPERIMENT_HTTP_BASE: server.base, ...env },
  });
const toArxiv = (): Asked[] => server.asked.filter(({ host }) => host === 'export.arxiv.org');
const found = atom([{ id: '2611.00001v1', title: 'Gesture generation' }]);
const serveArxiv = (said: Said | 'break'): void => {
  reply = ({ host }) => (host === 'export.arxiv.org' ? said : { body: '{"total":0,"offset":0}' });
};

describe('manners', () => {
  it('keeps the spacing of arXiv over processes, and identifies itself', async () => {
    serveArxiv(found);
    const all = await Promise.all(
      ['gesture', 'robots', 'diffusion'].map((word) => run(['search', word], {})),
    );
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    const times = toArxiv().map(({ at }) => at);
    expect(times.length).toBe(3);
    // The pause is 3.1 s from the end of one to the start of the next; arXiv asks for three.
    for (const [i, at] of times.slice(1).entries()) expect(at - (times[i] ?? 0)).toBeGreaterThanOrEqual(3000);
    expect(toArxiv()[0]?.headers['user-agent']).toMatch(/^auto-experiment\/\d/);
  });

  it('asks once for the same, and lets two at once share the answer', async () => {
    serveArxiv(found);
    await Promise.all([run(['search', 'gesture']), run(['search', 'gesture'])]);
    await run(['search', 'gesture']);
    expect(toArxiv().length).toBe(1);
  });

  it.each<[string, Said, RegExp]>([
    [
      '429 with Retry-After',
      { status: 429, body: 'no', headers: { 'retry-after': '3600' } },
      /rate limited until \d{4}/,
    ],
    [
      '429 as HTML',
      { status: 429, body: '<html><h1>Too Many Requests</h1></html>', type: 'text/html' },
      /rate limited until/,
    ],
    ['200 with the words of a refusal', { body: 'Rate exceeded.' }, /rate limited until/],
    ['an empty page with a total', atom([], 580), /580 papers and shows none/],
    [
      'HTML in place of XML',
      { body: '<!DOCTYPE html><html></html>', type: 'text/html' },
      /did not answer with its XML/,
    ],
    [
      'a document type',
      { body: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><feed/>' },
      /defines entities/,
    ],
    ['nothing', { body: '' }, /did not answer with its XML/],
  ])('tells of %s in words, and does not call it “no papers”', async (_, said, words) => {
    serveArxiv(said);
    const { stderr, code } = await run(['search', 'gesture']);
    expect(stderr).toMatch(words);
    expect(code).toBe(0);
  });

  it('does not ask again while it is refused, also from another process', async () => {
    serveArxiv({ status: 429, body: '', headers: { 'retry-after': '600' } });
    await run(['search', 'gesture']);
    const { stderr } = await run(['search', 'robots']);
    expect(stderr).toContain('rate limited until');
    expect(toArxiv().length).toBe(1);
  });

  it('waits once for a short Retry-After', async () => {
    let first = true;
    reply = ({ host }) => {
      if (host !== 'export.arxiv.org') return { body: '{"total":0,"offset":0}' };
      if (!first) return found;
      first = false;
      return { status: 503, body: '', headers: { 'retry-after': '0' } };
    };
    expect((await run(['search', 'gesture'])).stdout).toContain('Gesture generation');
    expect(toArxiv().length).toBe(2);
  });

  it('leaves a host alone that is down, and fails when none answers', async () => {
    reply = () => 'break';
    const first = await run(['search', 'gesture']);
    expect(first.code).toBe(1);
    await run(['search', 'robots']);
    const asked = server.asked.length;
    const third = await run(['search', 'diffusion']);
    expect(third.stdout).toContain('not asked again until');
    expect(server.asked.length).toBe(asked);
  });

  it('sends the words of the question and nothing of the project, and keeps keys out of the cache', async () => {
    serveArxiv(found);
    await run(['search', 'gesture'], {
      AUTO_EXPERIMENT_HTTP_SPACING_MS: '0',
      SEMANTIC_SCHOLAR_API_KEY: 'secret-key-123',
    });
    const scholar = server.asked.find(({ host }) => host === 'api.semanticscholar.org');
    expect(scholar?.headers['x-api-key']).toBe('secret-key-123');
    const { stdout } = await runProcess(['grep', '-rl', 'secret-key-123', state], {
      cwd: root,
      env: process.env,
    });
    expect(stdout).toBe('');
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp } from '../support/mcp-client.js';
import { makeProject, type TestProject } from '../support/project.js';
import { type Asked, atom, replayServer, type Said } from '../support/replay.js';

let project: TestProject;
let reply: (asked: Asked) => Said | 'break';
let server: Awaited<ReturnType<typeof replayServer>>;
let env: Record<string, string>;

beforeEach(async () => {
  server = await replayServer((asked) => reply(asked));
  env = { AUTO_EXPERIMENT_HTTP_BASE: server.base, AUTO_EXPERIMENT_HTTP_SPACING_MS: '0' };
  project = makeProject({}, env);
});
afterEach(async () => {
  await server.close();
  await project.end();
});

const json = (value: unknown): Said => ({ body: JSON.stringify(value), type: 'application/json' });
const event = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  authors: [{ fullname: 'Ada One' }],
  abstract: `We study ${name}.`,
  decision: 'Accept (poster)',
  eventtype: 'Poster',
  paper_url: `https://openreview.net/forum?id=${name.replace(/\W/g, '').slice(0, 12)}`,
  ...more,
});
const LIST = {
  count: 5,
  results: [
    event('Gesture generation with diffusion'),
    event('Gesture generation with diffusion', { decision: 'Accept (oral)', eventtype: 'Oral' }),
    event('Cooking &amp; rice'),
    event('Position: gestures are over'),
    event('Gesture synthesis for robots', { paper_url: 'https://arxiv.org/abs/2505.00001' }),
  ],
};
const SCHOLAR = {
  title: 'Gesture generation with diffusion',
  authors: [{ name: 'Ada One' }],
  year: 2025,
  citationCount: 42,
  paperId: 'a'.repeat(40),
};
const neurips = ({ host, path }: Asked): Said => {
  if (host === 'neurips.cc') return json(LIST);
  if (path.endsWith('/batch')) return json([null]);
  return host === 'api.semanticscholar.org' ? json({ total: 1, data: [SCHOLAR] }) : { status: 404, body: '' };
};

describe('a venue', () => {
  it('is ranked here from its official list, with citations from one call', async () => {
    reply = neurips;
    const { papers, ...rest } = await project.json(
      'papers',
      'search',
      '--venue',
      'NeurIPS2025',
      '--query',
      'gesture generation',
    );
    expect(rest).toMatchObject({ status: 'found', considered: 3, sources: ['conference-site'] });
    expect(papers[0]).toMatchObject({
      title: 'Gesture generation with diffusion',
      where: 'NeurIPS 2025 oral',
      citations: 42,
      why: ['gesture', 'generation'],
    });
    expect(papers.length).toBe(2);
    expect(papers[0].relevance).toBeGreaterThan(papers[1].relevance);
    const again = server.asked.length;
    await project.json('papers', 'search', '--venue', 'NeurIPS2025', '--query', 'gesture generation');
    expect(server.asked.length).toBe(again);
  });

  it('has three answers that are none', async () => {
    reply = () => ({ status: 404, body: '' });
    const ask = (venue: string) =>
      project.run('papers', 'search', '--venue', venue, '--query', 'x', '--json');
    expect(JSON.parse((await ask('ICCV2024')).stdout)).toMatchObject({
      status: 'not_held',
      message: expect.stringContaining('2023 and 2025'),
    });
    expect(server.asked.length).toBe(0);
    const zero = { result: { hits: { '@total': '0' } } };
    reply = ({ host }) => (host === 'dblp.org' ? json(zero) : { status: 404, body: '' });
    expect(JSON.parse((await ask('COLM2025')).stdout)).toMatchObject({ status: 'not_published' });
    reply = () => 'break';
    const down = await ask('AAAI2025');
    expect(down.code).toBe(1);
    expect(JSON.parse(down.stdout)).toMatchObject({
      status: 'unavailable',
      message: expect.stringContaining('dblp.org'),
    });
  });

  it('comes from DBLP where the official list is closed', async () => {
    const hit = {
      info: {
        authors: { author: { text: 'Li Wei 0001' } },
        title: 'Language models that gesture.',
        year: '2025',
        type: 'Conference and Workshop Papers',
        key: 'conf/colm/Li25',
        ee: 'https://openreview.net/forum?id=x',
      },
    };
    reply = ({ host }) => {
      if (host === 'api2.openreview.net')
        return { status: 403, body: '{"name":"ChallengeRequiredError","message":"Challenge"}' };
      return host === 'dblp.org' ? json({ result: { hits: { '@total': '1', hit: [hit] } } }) : json([null]);
    };
    const { papers, sources, notes } = await project.json(
      'papers',
      'search',
      '--venue',
      'COLM',
      '--year',
      '2025',
      '--query',
      'gesture',
    );
    expect(sources).toEqual(['dblp']);
    expect(papers).toMatchObject([
      { title: 'Language models that gesture', authors: 'Li Wei', where: 'COLM 2025' },
    ]);
    expect(notes.join(' ')).toContain('refuses (403)');
  });

  it('that is unknown names the nearest one', async () => {
    reply = neurips;
    const { code, stderr } = await project.run('papers', 'search', '--venue', 'NeurIPX2025', '--query', 'x');
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean NeurIPS?');
  });
});

describe('everywhere', () => {
  it('is one record for a preprint and its published twin', async () => {
    const published = {
      ...SCHOLAR,
      title: 'Gesture Generation, with Diffusion',
      venue: 'CVPR',
      publicationTypes: ['Conference'],
    };
    reply = ({ host }) =>
      host === 'export.arxiv.org'
        ? atom([{ id: '2511.00001v2', title: 'Gesture generation with diffusion' }])
        : json({ total: 1, data: [published] });
    const { papers } = await project.json('papers', 'search', 'gesture generation');
    expect(papers).toMatchObject([{ id: 'arxiv:2511.00001', where: 'CVPR 2025', citations: 42 }]);
  });

  it('answers an agent in few words, without what could steer a terminal or a reader', async () => {
    const many = Array.from({ length: 20 }, (_, i) => ({
      id: `2511.${String(i).padStart(5, '0')}v1`,
      title: `Gesture \u001b[31mred\u001b[0m \u202e${'long '.repeat(60)} ${i}`,
      author: 'Q'.repeat(300),
      abstract: 'x '.repeat(2000),
    }));
    reply = ({ host }) => (host === 'export.arxiv.org' ? atom(many) : { status: 500, body: '' });
    const mcp = await connectMcp(project.root, {
      env: { ...env, AUTO_EXPERIMENT_STATE_DIR: `${project.root}/.state` },
    });
    try {
      const answer = await mcp.call('search_papers', { query: 'gesture', limit: 20 });
      expect(answer.data.papers.length).toBe(20);
      expect(answer.size).toBeLessThan(20 * 350 + 600);
      expect(answer.text + JSON.stringify(answer.data)).not.toMatch(/[\u001b\u202e]/);
    } finally {
      await mcp.close();
    }
  });
});

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../scripts/bundle.mjs';
import { type Dashboard, startDashboard } from '../support/dashboard.js';
import { fillProject } from '../support/filled.js';
import { makeProject, type TestProject } from '../support/project.js';

// The dashboard over HTTP: who is let in, what it answers, and that nothing happens to those who may not.

const BRIEF =
  '---\nmetric: val_acc\ndirection: maximize\ntarget: 0.95\nbudgets: {runs: 50}\n---\n# Goal\nBetter digits\n';
const FILES = { 'PROJECT_BRIEF.md': BRIEF, 'config.yaml': 'gpu: {auto_detect: false}\n' };

let project: TestProject;
let broken: TestProject;
let dashboard: Dashboard;
const directive = (): string => join(project.root, 'workspace/HUMAN_DIRECTIVE.md');

beforeAll(async () => {
  project = makeProject(FILES);
  broken = makeProject({ ...FILES, 'config.yaml': 'experiment: {sedes: 3}\n' });
  fillProject(project.root, { runs: 12, confirmed: true, endings: { 4: 'oom' } });
  dashboard = await startDashboard([project, broken]);
});
afterAll(async () => {
  await dashboard?.end();
  await project?.end();
  await broken?.end();
});

const cookie = () => ({ cookie: `auto-experiment-${dashboard.port}=${dashboard.token}` });
const wrongCookie = () => ({
  cookie: `auto-experiment-${dashboard.port}=${'x'.repeat(dashboard.token.length)}`,
});

/** One event stream until `enough`; its events by name, in order. */
async function events(
  path: string,
  enough: (got: { event: string; id: string; data: string }[]) => boolean,
  headers = {},
) {
  const end = new AbortController();
  const response = await fetch(`${dashboard.origin}${path}`, {
    headers: { authorization: `Bearer ${dashboard.token}`, ...headers },
    signal: end.signal,
  });
  const got: { event: string; id: string; data: string }[] = [];
  let text = '';
  for await (const part of response.body ?? []) {
    text += new TextDecoder().decode(part);
    const whole = text.split('\n\n');
    text = whole.pop() ?? '';
    for (const one of whole) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(one)?.[1] ?? '';
      got.push({ event: field('event'), id: field('id'), data: field('data') });
    }
    if (enough(got)) break;
  }
  end.abort();
  return got;
}
const change = (got: { event: string; data: string }[]) => got.find(({ event }) => event === 'change');

describe('who is let in', () => {
  it('listens on 127.0.0.1 and nowhere else', () => {
    const listening = ['tcp', 'tcp6']
      .flatMap((kind) => readFileSync(`/proc/net/${kind}`, 'utf8').split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, local, , state]) =>
          state === '0A' && Number.parseInt(local?.split(':')[1] ?? '', 16) === dashboard.port,
      )
      .map(([, local]) => local?.split(':')[0]);
    expect(listening).toEqual(['0100007F']);
  });

  const matrix = [true, false].flatMap((token) =>
    [true, false].flatMap((host) => [true, false].map((origin) => ({ token, host, origin }))),
  );
  it.each(matrix)('token $token, Host $host, Origin $origin', async ({ token, host, origin }) => {
    const given = host ? `127.0.0.1:${dashboard.port}` : 'evil.example:80';
    const headers = {
      host: given,
      origin: origin ? `http://${given}` : 'http://evil.example',
      'content-type': 'application/json',
      ...(token ? cookie() : wrongCookie()),
    };
    const good = token && host && origin;
    const text = `only if all is right ${token} ${host} ${origin}`;
    const read = await dashboard.ask('/api/run?run=exp001', { headers });
    const written = await dashboard.ask('/api/directive', {
      method: 'POST',
      headers,
      body: JSON.stringify({ project: 0, text }),
    });
    expect([read.status, written.status]).toEqual(good ? [200, 200] : [403, 403]);
    expect(existsSync(directive()) && readFileSync(directive(), 'utf8').includes(text)).toBe(good);
  });

  it('a change needs an Origin, or the token in a header', async () => {
    const body = JSON.stringify({ project: 0, text: 'without an Origin' });
    const json = { 'content-type': 'application/json' };
    const bare = await dashboard.ask('/api/directive', {
      method: 'POST',
      headers: { ...json, ...cookie() },
      body,
    });
    expect(bare.status).toBe(403);
    const bearer = await dashboard.ask('/api/directive', {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${dashboard.token}` },
      body,
    });
    expect(bearer.status).toBe(200);
    const foreign = await dashboard.ask('/api/directive', {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${dashboard.token}`, origin: 'http://127.0.0.1:1' },
      body,
    });
    expect(foreign.status).toBe(403);
  });

  it('takes localhost and any port for those who come through ssh -L, and no other name', async () => {
    const status = async (host: string) =>
      (
        await dashboard.ask('/api/run?run=exp001', {
          headers: { host, authorization: `Bearer ${dashboard.token}` },
        })
      ).status;
    expect(await status(`localhost:${dashboard.port}`)).toBe(200);
    expect(await status('localhost:9999')).toBe(200);
    for (const host of [
      '127.0.0.1.evil.example',
      'localhost.evil.example:80',
      'evil.example',
      '0.0.0.0',
      '[::1]',
    ])
      expect(await status(host), host).not.toBe(200);
  });

  it('refuses what another page of this computer asks for', async () => {
    const headers = {
      ...cookie(),
      'sec-fetch-site': 'same-site',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'script',
    };
    expect((await dashboard.ask('/app.js', { headers })).status).toBe(403);
  });

  it('gives the page for the token alone, keeps it in a cookie that no script reads, and says what to do without it', async () => {
    const page = await dashboard.ask(`/?token=${dashboard.token}`);
    expect(page.status).toBe(200);
    const kept = String(page.headers['set-cookie']);
    expect(kept).toContain(dashboard.token);
    expect(kept).toMatch(/HttpOnly/i);
    expect(kept).toMatch(/SameSite=Strict/i);
    for (const path of ['/', '/?token=', '/?token=wrong', '/app.js', '/api/events', '/icon.svg']) {
      const refused = await dashboard.ask(path);
      expect(refused.status, path).toBe(403);
      expect(refused.text).toContain('open the address that');
      expect(refused.headers['set-cookie']).toBeUndefined();
    }
  });

  it('forbids inline script, other sources and frames, on refusals too', async () => {
    for (const path of [`/?token=${dashboard.token}`, '/']) {
      const { headers } = await dashboard.ask(path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    const { text } = await dashboard.ask(`/?token=${dashboard.token}`);
    expect(text).not.toMatch(/<script(?![^>]*src=)|\son\w+=|<style|style=|https?:/);
  });

  it('changes nothing by GET', async () => {
    const bearer = { authorization: `Bearer ${dashboard.token}` };
    for (const path of [
      '/api/stop?project=0&run=exp001',
      '/api/directive?project=0&text=x',
      '/api/loop?order=pause',
    ])
      expect((await dashboard.ask(path, { headers: bearer })).status, path).toBe(404);
  });
});

describe('what it answers', () => {
  it('the whole at first, and from then on what changed; a reader who comes back goes on where it was', async () => {
    const first = await events('/api/events?project=0', (got) => change(got) !== undefined);
    const whole = JSON.parse(change(first)?.data ?? '');
    expect(whole).toMatchObject({ whole: true, error: null });
    expect(Object.keys(whole.runs)).toHaveLength(12);
    expect(whole.board.about.goal).toBe('Better digits');
    const id = first.find(({ event }) => event === 'change')?.id ?? '';
    // What the tests before it ordered may come first, as a change of its own.
    const ordered = (got: { event: string; data: string }[]) =>
      got.some(({ event, data }) => event === 'change' && data.includes('try a larger batch'));
    const later = events('/api/events?project=0', ordered, { 'last-event-id': id });
    await dashboard.post('/api/directive', { project: 0, text: 'try a larger batch' });
    const changes = (await later)
      .filter(({ event }) => event === 'change')
      .map(({ data }) => JSON.parse(data));
    expect(changes.map(({ whole, runs }) => [whole, Object.keys(runs)])).toEqual(
      changes.map(() => [false, []]),
    );
    expect(changes.at(-1).board.orders[0]).toMatchObject({
      state: 'waiting',
      text: expect.stringContaining('try a larger batch'),
    });
    const other = await events('/api/events?project=0', (got) => change(got) !== undefined, {
      'last-event-id': 'deadbeef0000-7',
    });
    expect(JSON.parse(change(other)?.data ?? '').whole).toBe(true);
  });

  it('says in the list what is wrong with a project, and goes on with the others', async () => {
    const got = await events(
      '/api/events?project=1',
      (all) =>
        change(all) !== undefined &&
        all.some(({ event, data }) => event === 'projects' && JSON.parse(data)[1].broken),
    );
    expect(JSON.parse(change(got)?.data ?? '').error).toMatchObject({
      message: expect.stringContaining('sedes'),
      hint: expect.stringContaining('seeds'),
    });
    const run = await dashboard.get('/api/run?project=0&run=exp002');
    expect(run.command).toContain('python3 train.py');
    expect(
      (
        await dashboard.ask('/api/run?project=1&run=exp001', {
          headers: { authorization: `Bearer ${dashboard.token}` },
        })
      ).status,
    ).toBe(400);
  });

  it('sends a broken project anew once it is mended', async () => {
    const got = events('/api/events?project=1', (all) =>
      all.some(({ event, data }) => event === 'change' && JSON.parse(data).board.about !== undefined),
    );
    writeFileSync(join(broken.root, 'config.yaml'), 'gpu: {auto_detect: false}\n');
    expect((await got).length).toBeGreaterThan(0);
    writeFileSync(join(broken.root, 'config.yaml'), 'experiment: {sedes: 3}\n');
  });

  it('curves over step and time, smoothed, and finer within a stretch', async () => {
    const draw = (over: object) =>
      dashboard.get(
        `/api/curves?project=0&of=${encodeURIComponent(JSON.stringify({ runs: ['exp001', 'exp002'], metric: 'val_acc', by: 'step', from: null, to: null, columns: 100, smooth: 0, ...over }))}`,
      );
    const all = await draw({});
    expect(all.names).toEqual(['train_loss', 'val_acc']);
    expect(all.curves.map((one: { run: string; points: number }) => [one.run, one.points])).toEqual([
      ['exp001', 40],
      ['exp002', 40],
    ]);
    expect(all.curves[0].raw.x).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(all.curves[0].smooth).toBeNull();
    expect((await draw({ smooth: 0.9 })).curves[0].smooth.y).toHaveLength(40);
    expect((await draw({ from: 10, to: 12 })).curves[0].raw.x).toEqual([9, 10, 11, 12, 13]);
    expect(new Set((await draw({ by: 'time' })).curves[0].raw.x)).toEqual(new Set([240, 480, 720, 960]));
  });

  it('a run in full: evidence, verdict, metrics, and the difference to another', async () => {
    const failed = await dashboard.get('/api/run?project=0&run=exp004');
    expect(failed.evidence[0]).toContain('CUDA out of memory');
    expect(failed.against.map(({ id }: { id: string }) => id)).toContain('exp001');
    const difference = await dashboard.get('/api/difference?project=0&from=exp001&to=exp004');
    expect(difference).toMatchObject({ from: 'exp001', to: 'exp004', code: null, environment: null });
  });

  it('refuses what has no sense with words, and stays up', async () => {
    const bearer = { authorization: `Bearer ${dashboard.token}` };
    const wrong = async (path: string) => (await dashboard.ask(path, { headers: bearer })).status;
    expect(await wrong('/api/run?project=0&run=exp999')).toBe(400);
    expect(await wrong('/api/run?project=9&run=exp001')).toBe(400);
    expect(await wrong('/api/run?run=../../etc/passwd')).toBe(400);
    expect(await wrong('/api/curves?of={')).toBe(400);
    expect(await wrong('/api/curves?of={}')).toBe(400);
    expect(await wrong('/api/events?project=0&log=exp999')).toBe(400);
    expect(await wrong('/nothing')).toBe(404);
    expect((await dashboard.post('/api/directive', { project: 0, text: '   ' })).status).toBe(400);
    expect((await dashboard.post('/api/directive', { project: 0, text: 'x'.repeat(30_000) })).status).toBe(
      400,
    );
    expect((await dashboard.post('/api/directive', { project: 0, text: 'x'.repeat(90_000) })).status).toBe(
      413,
    );
    expect((await dashboard.post('/api/stop', { project: 0, run: 'exp001', more: 1 })).status).toBe(400);
    expect(JSON.parse((await dashboard.post('/api/stop', { project: 0, run: 'exp001' })).text)).toEqual({
      asked: false,
    });
    expect((await dashboard.get('/api/run?run=exp001')).id).toBe('exp001');
    expect(dashboard.said()).not.toMatch(/error|defect/i);
  });

  it('a log that holds keys is shown without them', async () => {
    writeFileSync(
      join(project.root, 'workspace/runs/exp003/log'),
      `token hf_${'a1'.repeat(20)}\nplain\u001b[31m red\n`,
    );
    const got = await events('/api/events?project=0&log=exp003', (all) =>
      all.some(({ event }) => event === 'log'),
    );
    expect(JSON.parse(got.find(({ event }) => event === 'log')?.data ?? '')).toEqual({
      lines: ['token [redacted]', 'plain red'],
      open: '',
      fresh: true,
    });
  });
});

describe('the command', () => {
  it('carries its page with it, also in a plugin', async () => {
    const clone = mkdtempSync(join(tmpdir(), 'auto-experiment-clone-'));
    const folder = join(clone, 'mcp-server/plugin');
    const program = join(folder, 'server.cjs');
    mkdirSync(folder, { recursive: true });
    cpSync('package.json', join(clone, 'package.json'));
    for (const [name, bytes] of await buildProgram('server.cjs')) writeFileSync(join(folder, name), bytes);
    const one = await startDashboard([project], { program });
    try {
      for (const path of ['/', '/app.js', '/app.css', '/icon.svg']) {
        const headers = { authorization: `Bearer ${one.token}` };
        const { status, text } = await one.ask(path, { headers });
        expect([
          path,
          status,
          text ===
            (await dashboard.ask(path, { headers: { authorization: `Bearer ${dashboard.token}` } })).text,
        ]).toEqual([path, 200, true]);
        expect(text.length).toBeGreaterThan(100);
      }
    } finally {
      await one.end();
      rmSync(clone, { recursive: true, force: true });
    }
  });

  it('says which port is taken, and takes another when none was asked for', async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const refused = await project.run('dashboard', '--no-open', '--port', String(port));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`port ${port} is taken`);
    taken.close();
    expect((await project.run('dashboard', '--port', '99999')).code).toBe(2);
    expect((await project.run('dashboard', '--project', join(project.root, 'nowhere'))).code).toBe(1);
  });
});

import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp } from '../support/mcp-client.js';
import { makeProject, type TestProject } from '../support/project.js';
import { type Asked, atom, replayServer, type Said } from '../support/replay.js';

let project: TestProject;
let source: Said;
let html: Said;
let comment: string;
let server: Awaited<ReturnType<typeof replayServer>>;
let env: Record<string, string>;

beforeEach(async () => {
  source = html = { status: 404, body: '' };
  comment = '';
  server = await replayServer(({ host, path }: Asked): Said => {
    if (path.startsWith('/e-print/')) return source;
    if (path.startsWith('/html/')) return html;
    if (host !== 'export.arxiv.org') return { body: '[null]' };
    const page = atom([{ id: '2511.00001v2', title: 'Gestures', abstract: 'We gesture.' }]);
    return {
      ...page,
      body: String(page.body).replace('<author>', `<arxiv:comment>${comment}</arxiv:comment><author>`),
    };
  });
  env = { AUTO_EXPERIMENT_HTTP_BASE: server.base, AUTO_EXPERIMENT_HTTP_SPACING_MS: '0' };
  project = makeProject({}, env);
});
afterEach(async () => {
  await server.close();
  await project.end();
});

/** A tar archive of ustar headers. `kind`: 0 file, 1 hard link, 2 symbolic link, 3 device. */
function tar(
  members: { name: string; text?: string | Uint8Array; kind?: string; link?: string }[],
): Uint8Array {
  const blocks = members.flatMap(({ name, text = '', kind = '0', link = '' }) => {
    const data = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(kind, 156);
    header.write(link, 157, 100);
    header.write('ustar\0', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
const MAIN_TEX = String.raw`\documentclass{article}\graphicspath{{img/}}
\begin{document}\begin{abstract}We show \emph{gestures}.\end{abstract}
\section{Introduction} % \input{secret}
Hands move \cite{he2016}. \input{method}
\begin{figure}\includegraphics[width=\linewidth]{hand}\caption{A {\bf hand} of $x^2$.}\label{fig:hand}\end{figure}
\end{document}`;
const FILES = [
  { name: 'paper.tex', text: MAIN_TEX },
  { name: 'method.tex', text: '\\section{Method}\nWe use $f(x)$.\n\\subsection{Details}\nMany.' },
  { name: 'img/hand.png', text: new Uint8Array([1, 2, 3, 0]) },
];

describe('papers show', () => {
  it('reads the source by sections and figures in order', async () => {
    source = { body: gzipSync(tar(FILES)) };
    const shown = await project.json('papers', 'show', 'https://arxiv.org/abs/2511.00001v2', '--full');
    expect(shown).toMatchObject({
      id: 'arxiv:2511.00001',
      text: 'latex',
      folder: 'workspace/papers/arxiv-2511.00001',
      figures: ['1. A hand of x^2. [img/hand.png]'],
    });
    expect(shown.outline.map((line: string) => line.replace(/ \(\d+\)$/, ''))).toEqual([
      '1. Abstract',
      '2. Introduction',
      '3. Method',
      '4.   Details',
    ]);
    const { page } = await project.json('papers', 'show', '2511.00001', '--section', 'method');
    expect(page).toEqual({ section: 'Method', text: expect.stringContaining('We use $f(x)$.'), next: null });
    expect(page.text).toContain('Many.');
    const image = join(project.root, 'workspace/papers/arxiv-2511.00001/source/img/hand.png');
    expect([...readFileSync(image)]).toEqual([1, 2, 3, 0]);
  });

  it('refuses links, devices, absolute and climbing members, and unpacks the rest', async () => {
    const bad = [
      { name: 'link', kind: '2', link: '/etc/passwd' },
      { name: 'hard', kind: '1', link: 'paper.tex' },
      { name: 'device', kind: '3' },
      { name: '/abs.tex', text: 'x' },
      { name: 'a/../../up.tex', text: 'x' },
    ];
    source = { body: gzipSync(tar([...bad, ...FILES])) };
    const { notes, text } = await project.json('papers', 'show', '2511.00001', '--full');
    expect(text).toBe('latex');
    expect(notes.filter((note: string) => note.startsWith('not unpacked')).length).toBe(5);
    const folder = join(project.root, 'workspace/papers');
    expect(existsSync(join(folder, 'up.tex'))).toBe(false);
    const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(all.filter((name) => lstatSync(join(folder, name)).isSymbolicLink())).toEqual([]);
    expect(all.some((name) => /link|hard|device|abs/.test(name))).toBe(false);
  });

  it('ends a bomb at the limit', async () => {
    source = { body: gzipSync(Buffer.alloc(200 * 1024 * 1024)) };
    const { text, notes } = await project.json('papers', 'show', '2511.00001', '--full');
    expect(text).toBe('none');
    expect(notes.join(' ')).toContain('cannot be unpacked');
  });

  it('takes the HTML where there is a PDF alone, and says so where there is neither', async () => {
    source = { body: '%PDF-1.5 …' };
    expect(await project.json('papers', 'show', '2511.00001', '--full')).toMatchObject({
      text: 'pdf',
      outline: [],
    });
    html = {
      body: '<html><h2 class="ltx_title ltx_title_section">1 Intro</h2><p>Hello <math alttext="x^2">x</math></p><figure class="ltx_figure"><img src="a.png"><figcaption>One</figcaption></figure></html>',
      type: 'text/html',
    };
    expect(await project.json('papers', 'show', '2511.00001v1', '--section', '1')).toMatchObject({
      text: 'html',
      figures: ['1. One [a.png]'],
      page: { section: '1 Intro', text: expect.stringContaining('Hello $x^2$') },
    });
  });

  it('says that a paper is withdrawn and does not fetch its text', async () => {
    comment = 'This paper has been withdrawn by the authors.';
    const shown = await project.json('papers', 'show', '2511.00001', '--full');
    expect(shown).toMatchObject({ withdrawn: true, text: 'not_asked' });
    expect(server.asked.some(({ path }) => path.startsWith('/e-print'))).toBe(false);
  });

  it('gives an agent long text in pages of a bounded size that join without a gap', async () => {
    const body = Array.from({ length: 900 }, (_, i) => `Sentence ${i} moves "hands".`).join('\n\n');
    const tex = `\\documentclass{article}\\begin{document}\\section{Long}${body}\\end{document}`;
    source = { body: gzipSync(Buffer.from(tex)) };
    const mcp = await connectMcp(project.root, {
      env: { ...env, AUTO_EXPERIMENT_STATE_DIR: `${project.root}/.state` },
    });
    try {
      let text = '';
      for (let offset: number | null = 0; offset !== null; ) {
        const answer = await mcp.call('get_paper', { id: '2511.00001', section: '1', offset });
        expect(answer.size).toBeLessThan(9000);
        text += answer.data.page.text;
        offset = answer.data.page.next;
      }
      expect([...text.matchAll(/Sentence (\d+) /g)].map(([, i]) => Number(i))).toEqual(
        Array.from({ length: 900 }, (_, i) => i),
      );
    } finally {
      await mcp.close();
    }
  });

  it('tells what is no id', async () => {
    const { code, stderr } = await project.run('papers', 'show', 'hello');
    expect(code).toBe(1);
    expect(stderr).toContain('is no id of a paper');
  });
});

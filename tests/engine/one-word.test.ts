import { afterAll, beforeAll, expect, it } from 'vitest';
import { replay } from '../../mcp-server/src/core/campaign.js';
import type { Overview, Standing } from '../../mcp-server/src/core/view.js';
import { boardOf } from '../../mcp-server/src/engine/board/board.js';
import { dashboardNote } from '../../mcp-server/src/engine/views/note-words.js';
import { reportHtml } from '../../mcp-server/src/engine/views/report-html.js';
import { reportMarkdown } from '../../mcp-server/src/engine/views/report-markdown.js';
import { statusText } from '../../mcp-server/src/faces/terminal/status-text.js';
import { createStyle } from '../../mcp-server/src/faces/terminal/style.js';
import { openProject } from '../../mcp-server/src/store/project.js';
import { makeProject, type TestProject } from '../support/project.js';
import { overview, run, seen } from '../support/report.js';

// The state of a night, told in the same words wherever a person looks.

const standing = (over: Partial<Standing>): Standing => ({
  run: 'exp001',
  title: 'unchanged',
  value: 0.5,
  verdict: null,
  gain: null,
  interval: null,
  seeds: 1,
  ...over,
});
const baseline = standing({});
const oom = { ending: 'oom' as const, verdict: 'crash' as const, evidence: ['CUDA out of memory'] };
const AWAY =
  'gpu1 is unreachable since 2026-03-04T02:00:00Z: no route to host; check execution.ssh_host and ~/.ssh/config';
const going = { state: 'running' as const, ending: null, verdict: null, evidence: [] };

const NIGHTS: [string, Partial<Overview>, { headline: string; needs: string | null; receipt: RegExp }][] = [
  [
    'nothing has run yet',
    { status: 'nothing was run yet' },
    { headline: 'Nothing has run yet.', needs: null, receipt: /^(?![\s\S]*## Confirmed)/ },
  ],
  [
    'one gain is confirmed',
    {
      baseline,
      best: standing({
        run: 'exp002',
        value: 0.54,
        verdict: 'confirmed',
        gain: 0.04,
        interval: [0.01, 0.07],
        seeds: 5,
      }),
      runs: [run(1), run(2, { verdict: 'confirmed', gain: 0.04, interval: [0.01, 0.07] }, 0.55)],
    },
    {
      headline:
        'exp002 is better than the baseline exp001: val_acc 0.54 against 0.5, a gain of +0.04, confirmed.',
      needs: null,
      receipt:
        /## Confirmed\n\n[\s\S]*\| exp002 \| lr 0\.2 \| confirmed \| \+0\.04 \(\+0\.01 to \+0\.07\) \|/,
    },
  ],
  [
    'it is inconclusive',
    {
      baseline,
      best: baseline,
      runs: [run(1), run(2, { verdict: 'inconclusive', gain: 0.01, interval: [-0.02, 0.04] }, 0.52)],
    },
    {
      headline: 'Nothing is better than the baseline exp001 yet (val_acc 0.5).',
      needs: null,
      receipt:
        /## Confirmed\n\nNothing is confirmed\.\n\n## Inconclusive\n\n[\s\S]*\| inconclusive, unconfirmed \| \+0\.01 \(−0\.02 to \+0\.04\) \|/,
    },
  ],
  [
    'everything is dead',
    { runs: [run(1, oom, null), run(2, oom, null)] },
    {
      headline: 'There is no baseline yet: no run has ended with a value of val_acc.',
      needs: 'The last 2 runs ended badly (oom, oom). What is broken? CUDA out of memory',
      receipt: /## Dead\n\n1 oom, 1 crash; each with its reason below\./,
    },
  ],
  [
    'the machine of a run is unreachable',
    { baseline, runs: [run(1), run(2, { ...going, note: AWAY })], running: ['exp002'] },
    {
      headline: 'Nothing is better than the baseline exp001 yet (val_acc 0.5).',
      needs: `exp002: ${AWAY}`,
      receipt: /## Confirmed\n\nNothing is confirmed\./,
    },
  ],
  [
    'it waits for a GPU as usual',
    {
      baseline,
      runs: [run(1), run(2, { ...going, state: 'queued', note: 'waiting for a GPU: all 4 are busy' })],
    },
    {
      headline: 'Nothing is better than the baseline exp001 yet (val_acc 0.5).',
      needs: null,
      receipt: /## Confirmed\n\nNothing is confirmed\./,
    },
  ],
];

let project: TestProject;
beforeAll(() => {
  project = makeProject({ 'PROJECT_BRIEF.md': 'Better digits.\n' });
});
afterAll(() => project.end());

/** Markdown as it is read: without the signs that keep it from being markup. */
const read = (markdown: string): string =>
  markdown
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

it.each(NIGHTS)('%s', (_, over, { headline, needs, receipt }) => {
  const view = overview(over);
  const at = new Date('2026-03-05T06:00:00Z');
  const board = boardOf({
    overview: view,
    campaign: replay([]),
    project: openProject(project.root),
    loop: false,
    stopping: new Set(),
    gpus: null,
    gpuNote: null,
  });
  const markdown = read(reportMarkdown(view, [], at));
  const html = seen(reportHtml(view, null, [], at));
  const note = read(dashboardNote(view, at));
  const status = statusText(view, { width: 400, style: createStyle(false) }).join('\n');

  expect(board.answer.headline.text).toBe(headline);
  for (const text of [markdown, html, note]) expect(text).toContain(headline);
  expect(markdown).toMatch(receipt);

  expect(board.needs.map(({ text }) => text)).toEqual(needs === null ? [] : [needs]);
  if (needs === null) {
    expect(note).toContain('Nothing needs you now.');
    expect(status).not.toContain('needs you');
  } else for (const text of [markdown, html, note, status]) expect(text).toContain(needs);
});

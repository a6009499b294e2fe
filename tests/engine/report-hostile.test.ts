import { describe, expect, it } from 'vitest';
import { renderReport } from '../../mcp-server/src/engine/views/report.js';
import { overview, run, seen } from '../support/report.js';

const HOSTILE =
  '<img src=x onerror=alert(1)></title></style></svg><script>alert(1)</script> |`**b**` "q" \u001b[31m\u202e';

describe('hostile text', () => {
  const runs = [
    run(1),
    run(2, {
      ending: 'failed',
      title: HOSTILE,
      evidence: [HOSTILE, '```\n</details>\n# top'],
      command: ['sh', '-c', HOSTILE],
      log: HOSTILE,
      verdict_reason: HOSTILE,
      note: HOSTILE,
      metrics: { [HOSTILE]: { last: 1, best: null, step: null } },
    }),
  ];
  const report = renderReport(
    overview({
      project: HOSTILE,
      path: HOSTILE,
      goal: HOSTILE,
      status: HOSTILE,
      metric: { name: HOSTILE, direction: 'maximize', target: 1 },
      baseline: {
        run: 'exp001',
        title: HOSTILE,
        value: 0.5,
        verdict: null,
        gain: null,
        interval: null,
        seeds: 1,
      },
      best: {
        run: 'exp002',
        title: HOSTILE,
        value: 0.9,
        verdict: 'unconfirmed',
        gain: 0.4,
        interval: null,
        seeds: 1,
      },
      runs,
      directive: HOSTILE,
      decisions: [{ at: HOSTILE, text: `# ${HOSTILE}` }],
      warnings: [HOSTILE],
    }),
    {
      exp001: {
        [HOSTILE]: [
          [0, 1],
          [1, 2],
        ],
        [`loss ${HOSTILE}`]: [
          [0, 1],
          [1, 2],
        ],
      },
    },
    new Date('2026-03-04T05:06:07Z'),
  );

  it('is text in the page: no element, no attribute, no request', () => {
    const bare = report.html.replace(/="[^"]*"/g, '=""');
    const tags = new Set([...bare.matchAll(/<\/?([a-zA-Z][\w-]*)/g)].map((match) => match[1]));
    for (const tag of ['script', 'img', 'image', 'iframe', 'link', 'object']) expect(tags).not.toContain(tag);
    expect(bare).not.toMatch(/\son\w+=""/);
    expect(report.html).not.toMatch(/(?:src|href)="(?!#exp)/);
    expect(report.html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import/);
    expect(report.html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(report.html.match(/<\/style>/g)).toHaveLength(report.html.match(/<style>/g)?.length ?? 0);
    expect(seen(report.html)).toContain('</title></style></svg><script>alert(1)</script>');
  });

  it('is text in Markdown: outside of code every sign is escaped', () => {
    const prose = report.markdown
      .replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')
      .replace(/(`+)(?!`).*?[^`]\1(?!`)/g, (span, fence: string) => (fence.length > 1 ? '' : span));
    expect(prose).not.toMatch(/(?<!\\)<(?!\/?details>|\/?summary>)/);
    expect(prose.split('\n').filter((line) => /^# /.test(line))).toHaveLength(1);
  });

  it('cannot leave its code block', () => {
    const block = /^(`{4,})text\n([\s\S]*?)\n\1$/m.exec(report.markdown);
    expect(block?.[2]).toContain('```\n</details>\n# top');
  });

  it('leaves no control or direction characters anywhere', () => {
    const all = report.html + report.markdown + report.files.map((file) => file.text).join('');
    expect(all).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u202e]/);
  });
});

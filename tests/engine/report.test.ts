import { describe, expect, it } from 'vitest';
import type { Overview } from '../../mcp-server/src/core/view.js';
import { type Curves, type Report, renderReport } from '../../mcp-server/src/engine/views/report.js';
import { runsTable } from '../../mcp-server/src/engine/views/runs-table.js';
import { overview, run, seen } from '../support/report.js';

const AT = new Date('2026-03-04T05:06:07Z');
const baseline = {
  run: 'exp001',
  title: 'lr 0.1',
  value: 0.5,
  verdict: null,
  gain: null,
  interval: null,
  seeds: 1,
};
const better = {
  run: 'exp002',
  title: 'lr 0.2',
  value: 0.9,
  verdict: 'unconfirmed',
  gain: 0.4,
  interval: null,
  seeds: 1,
};
const improved = overview({
  baseline,
  best: better,
  runs: [run(1), run(2, { verdict: 'unconfirmed' }, 0.9)],
});

const render = (view: Overview, curves: Curves = {}) => renderReport(view, curves, AT);

/** Cells of the row of a run in the Markdown table. */
function row(report: Report, id: string): string[] {
  const line = report.markdown.split('\n').find((one) => one.startsWith(`| ${id} `)) ?? '';
  return line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
}

describe('what is said first', () => {
  const headline = (view: Overview) => /\*\*(.*)\*\*/.exec(render(view).markdown)?.[1];

  it.each([
    ['nothing ran', overview(), 'Nothing has run yet.'],
    [
      'no metric is declared',
      overview({ metric: null, runs: [run(1, { primary: null })] }),
      'No primary metric is declared, so the runs cannot be compared. Declare metric and direction.',
    ],
    [
      'no baseline has a value',
      overview({ runs: [run(1, { ending: 'failed' }, null)] }),
      'There is no baseline yet: no run has ended with a value of val_acc.',
    ],
    [
      'the baseline is the best',
      overview({ baseline, best: baseline, runs: [run(1)] }),
      'Nothing is better than the baseline exp001 yet (val_acc 0.5).',
    ],
    [
      'a gain on one seed',
      improved,
      'exp002 looks better than the baseline exp001: val_acc 0.9 against 0.5, a gain of +0.4, unconfirmed.',
    ],
    [
      'a confirmed gain',
      { ...improved, best: { ...better, verdict: 'confirmed' } },
      'exp002 is better than the baseline exp001: val_acc 0.9 against 0.5, a gain of +0.4, confirmed.',
    ],
  ])('%s', (_, view, words) => {
    expect(headline(view)).toBe(words);
    expect(seen(render(view).html)).toContain(words);
  });
});

describe('a gain that is not confirmed', () => {
  it('is called unconfirmed wherever it is shown', () => {
    const curves = { exp001: { val_acc: [[1, 0.5]] as const }, exp002: { val_acc: [[1, 0.9]] as const } };
    const report = render(
      { ...improved, metric: { name: 'val_acc', direction: 'maximize', target: 0.8 } },
      curves,
    );
    for (const text of [report.markdown, seen(report.html)]) {
      expect(text).toContain('This gain is unconfirmed: one seed cannot tell a gain from noise.');
      expect(text).toContain('Target val_acc 0.8: reached by exp002, unconfirmed.');
    }
    expect(row(report, 'exp002')).toContain('unconfirmed');
    expect(report.markdown).toContain('exp002 lr 0.2 (succeeded, unconfirmed)');
    expect(seen(report.html)).toContain('best exp002, unconfirmed 0.9');
    expect(seen(report.html)).toContain('gain in val_acc, unconfirmed +0.4');
    const [progress, curve] = report.files.map((file) => file.text);
    expect(progress).toContain('better, unconfirmed');
    expect(curve).toContain('exp002 best, unconfirmed');
  });

  it.each([
    [null, 'pending, unconfirmed'],
    ['inconclusive', 'inconclusive, unconfirmed'],
  ] as const)('also with the verdict %s', (verdict, words) => {
    expect(row(render({ ...improved, runs: [run(1), run(2, { verdict }, 0.9)] }), 'exp002')).toContain(words);
  });

  it('is not a word for what is confirmed', () => {
    const best = { ...better, verdict: 'confirmed' };
    const { markdown, html } = render({
      ...improved,
      best,
      runs: [run(1), run(2, { verdict: 'confirmed' }, 0.9)],
    });
    expect(markdown + html).not.toMatch(/unconfirmed/i);
  });

  it('counts downwards where less is better', () => {
    const down = { name: 'loss', direction: 'minimize' as const };
    const runs = [run(1, { primary: { ...down, value: 2 } }), run(2, { primary: { ...down, value: 1.5 } })];
    const view = overview({ metric: { ...down, target: null }, baseline: { ...baseline, value: 2 }, runs });
    expect(row(render(view), 'exp002').slice(3, 5)).toEqual(['1.5', '+0.5']);
  });
});

describe('a metric that was not seen', () => {
  it('is unknown, never 0, and is compared with nothing', () => {
    const runs = [run(1), run(2, { ending: 'oom', verdict: 'crash' }, null), run(3, { primary: null })];
    const report = render(overview({ baseline, runs }));
    expect(row(report, 'exp002').slice(3)).toEqual(['unknown', '–', 'crash', '1m05s']);
    expect(row(report, 'exp003').slice(3, 5)).toEqual(['unknown', '–']);
    expect(report.files[0]?.text).toContain('exp002 · lr 0.2 · value unknown · failed or no value');
  });

  it('is not made up for a run that did not come to its end', () => {
    const report = render(overview({ baseline, runs: [run(1), run(2, { ending: 'timeout' }, 0.9)] }));
    expect(row(report, 'exp002').slice(2, 5)).toEqual(['timeout', '0.9', '–']);
  });

  it('is not mixed up with a value that is not finite', () => {
    const nan = { name: 'val_acc', direction: 'maximize' as const, value: 'NaN' as const };
    const report = render(
      overview({ baseline, runs: [run(1), run(2, { primary: nan, ending: 'diverged' })] }),
    );
    expect(row(report, 'exp002').slice(3, 5)).toEqual(['NaN', '–']);
  });
});

describe('the receipt', () => {
  const confirmed = {
    ...better,
    verdict: 'confirmed' as const,
    seeds: 3,
    interval: [0.2, 0.5] as [number, number],
  };
  const view = overview({
    baseline,
    best: confirmed,
    metric: { name: 'val_acc', direction: 'maximize', target: null },
    runs: [
      run(1),
      run(
        2,
        { verdict: 'confirmed', gain: 0.4, interval: [0.2, 0.5], gpus: ['GPU-1', 'GPU-2'], duration_s: 3600 },
        0.9,
      ),
      ...[3, 4, 5].map((id) => run(id, { replicate_of: 'exp002', gpus: ['GPU-1'], duration_s: 1800 }, 0.8)),
      run(6, { verdict: 'inconclusive', gain: 0.01, interval: [-0.01, 0.03] }, 0.51),
      run(7, { verdict: 'crash', ending: 'oom' }, null),
      run(8, { verdict: 'rejected' }, 0.4),
    ],
  });

  it('comes first: what is confirmed, open and dead, with interval, seeds and cost', () => {
    const { markdown, html } = render(view);
    const first = markdown.slice(0, markdown.indexOf('## State'));
    expect(first).toContain(
      '| exp002 | lr 0.2 | confirmed | +0.4 (+0.2 to +0.5) | 3 fresh | 4 runs, 3.5 GPU-hours |',
    );
    expect(first).toContain(
      '| exp006 | lr 0.6 | inconclusive, unconfirmed | +0.01 (−0.01 to +0.03) | 1 | 1 run, 1m05s |',
    );
    expect(first).toContain('1 crash, 1 rejected; each with its reason below.');
    const page = seen(html);
    expect(page.indexOf('+0.4 (+0.2 to +0.5)')).toBeLessThan(page.indexOf('8 runs:'));
    expect(page).toContain('exp002 lr 0.2 confirmed +0.4 (+0.2 to +0.5) 3 fresh 4 runs, 3.5 GPU-hours');
  });

  const asks = (over: Partial<Overview>) =>
    /## Needs you\n\n(.*)/.exec(render({ ...view, ...over }).markdown)?.[1] ?? null;
  it.each<[string, Partial<Overview>, RegExp]>([
    ['nothing', {}, /^Nothing needs you now\.$/],
    ['no metric', { metric: null }, /^Which metric decides/],
    ['a pause', { status: 'paused' }, /^The campaign is paused/],
    [
      'failures in a row',
      {
        runs: [1, 2, 3, 4].map((id) =>
          run(id, id > 1 ? { ending: 'oom', evidence: ['CUDA out of memory'] } : {}, null),
        ),
      },
      /^The last 3 runs ended badly \(oom, oom, oom\)\. What is broken\? CUDA out of memory$/,
    ],
    [
      'a suspicious best',
      { runs: view.runs.map((one) => (one.id === 'exp002' ? { ...one, flags: ['too good'] } : one)) },
      /^Is the result of exp002 real\? .*too good$/,
    ],
    ['one seed only', { best: better }, /^exp002 looks better on one seed\. May it be repeated/],
    [
      'a budget that is used up',
      { budgets: [{ name: 'gpu_hours', used: 10, limit: 10, unit: 'GPU-hours' }] },
      /^The budget of GPU-hours is used up/,
    ],
    [
      'the target',
      { metric: { name: 'val_acc', direction: 'maximize', target: 0.85 } },
      /^The target is reached, confirmed/,
    ],
    ['the end', { status: 'stopped: all done' }, /^The campaign has ended\. What should be tried next\?$/],
  ])('asks the one question that matters: %s', (_, over, words) => {
    expect(asks(over)).toMatch(words);
  });

  it('names what was learnt and what to do next', () => {
    const insights = [{ at: '2026-03-04T02:00:00.000Z', run: 'exp002', text: 'warm-up helps' }];
    const { markdown, html } = render({ ...view, insights });
    for (const text of [markdown, seen(html)]) {
      expect(text).toContain('warm-up helps');
      expect(text).toContain('auto-experiment finalize');
      expect(text).toContain('auto-experiment bundle exp002');
    }
  });
});

describe('the rest of the night', () => {
  const view = overview({
    baseline,
    runs: [
      run(1),
      run(2, { ending: 'oom', verdict: 'crash', evidence: ['CUDA out of memory', 'line 80'] }, null),
      run(3, { verdict: 'invalid', verdict_reason: 'a locked file changed: eval.py' }),
      run(4, { ending: 'stopped', verdict: 'inconclusive' }),
      run(5, {
        state: 'running',
        ending: null,
        verdict: null,
        progress: { step: 300, epoch: 3, total: 10 },
        note: 'suspended',
      }),
    ],
    running: ['exp005'],
    directive: 'Try a larger batch.',
    decisions: [{ at: '2026-03-04T02:00:00.000Z', text: 'exp002 needs more memory' }],
    budgets: [
      { name: 'runs', used: 5, limit: 8, unit: 'runs' },
      { name: 'wall_clock', used: 3725, limit: null, unit: 'seconds' },
    ],
    warnings: ['the disk is almost full'],
  });

  it.each(['markdown', 'html'] as const)('stands in the %s', (format) => {
    const report = render(view);
    const text = format === 'html' ? seen(report.html) : report.markdown;
    const part = (from: string, to: string) =>
      text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from)));
    expect(text).toContain('5 runs: 2 succeeded, 1 oom, 1 stopped, 1 running');
    const failed = part('What to look at, and why', format === 'html' ? '5 runs:' : '## R');
    expect(failed).toMatch(/exp003 lr 0\.3:? invalid:? a locked file changed: eval\.py/);
    expect(failed).toMatch(/exp002 lr 0\.2:? oom:? CUDA out of memory/);
    expect(failed).not.toMatch(/exp00[14]/);
    expect(text).toMatch(/exp005 lr 0\.5:? epoch 3 of 10 · val_acc 0\.5 so far · suspended/);
    expect(text).toContain('Try a larger batch.');
    expect(text).toMatch(/2026-03-04 02:00 UTC:? exp002 needs more memory/);
    expect(text).toContain('runs: 5 of 8');
    expect(text).toContain('wall clock: 1h02m, no limit');
    expect(text).toContain('the disk is almost full');
    expect(text).toContain('2026-03-04 05:06 UTC');
    expect(text).toContain('/data/digits/workspace/runs/exp002/log');
    expect(text).toContain('python3 train.py --lr 0.1');
  });

  it('folds one section per run', () => {
    const { html, markdown } = render(view);
    expect(html.match(/<details id="exp00\d">/g)).toHaveLength(5);
    expect(markdown.match(/^<details><summary>/gm)).toHaveLength(5);
  });
});

describe('all runs for other programs', () => {
  const hostile = run(
    2,
    {
      title: '=HYPERLINK("http://a.example")\tand, "more"\nlines',
      verdict: 'confirmed',
      gain: 0.1,
      interval: [0.05, 0.15],
      metrics: { 'val, acc': { last: 'NaN', best: null, step: 1 } },
    },
    null,
  );
  const cells = (text: string, between: string): string[][] =>
    text
      .split(/\r?\n/)
      .slice(0, -1)
      .map((line) =>
        between === ','
          ? (line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? []).map((cell) => cell.replace(/,$/, ''))
          : line.split('\t'),
      );

  it('have a column for each fact and metric; unknown is empty, text is no formula', () => {
    const table = runsTable(overview({ runs: [run(1), hostile] }), 'csv');
    const [header = [], first = [], second = []] = cells(table, ',');
    const at = (row: string[], name: string): string | undefined => row[header.indexOf(name)];
    expect([at(first, 'run'), at(first, 'value'), at(first, 'gain'), at(first, 'val_acc last')]).toEqual([
      'exp001',
      '0.5',
      '',
      '0.5',
    ]);
    expect(at(second, 'title')).toBe(`"'=HYPERLINK(""http://a.example"") and, ""more"" lines"`);
    expect([at(second, 'value'), at(second, 'gain_low_95'), at(second, '"val, acc last"')]).toEqual([
      '',
      '0.05',
      'NaN',
    ]);
  });

  it('have as many cells in each line of the TSV', () => {
    const lines = cells(runsTable(overview({ runs: [run(1), hostile] }), 'tsv'), '\t');
    expect(lines).toHaveLength(3);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});

describe('charts', () => {
  const points = (end: number) => Array.from({ length: 20 }, (_, i) => [i, (end * i) / 20] as const);

  it('are files that the Markdown names, and pictures inside of the page', () => {
    const curves = {
      exp001: { val_acc: points(0.5), 'train/loss': points(2), lr: points(1) },
      exp002: { val_acc: points(0.9) },
    };
    const { files, markdown, html } = render(improved, curves);
    expect(files.map((file) => file.name)).toEqual(['best-so-far.svg', 'curves-1.svg', 'curves-2.svg']);
    for (const file of files) {
      expect(markdown).toContain(`](${file.name})`);
      expect(html).toContain(file.text);
    }
    expect(files[2]?.text).toContain('train/loss');
  });

  it('show the best, the baseline and six others at most', () => {
    const runs = Array.from({ length: 30 }, (_, i) => run(i + 1, {}, 0.5 + i / 100));
    const curves = Object.fromEntries(runs.map((one, i) => [one.id, { val_acc: points(i) }]));
    const best = { ...better, run: 'exp007' };
    const chart = render(overview({ baseline, best, runs }), curves).files[1]?.text ?? '';
    const legend = [...chart.matchAll(/class="key">([^<]*)</g)].map((match) => match[1]);
    expect(legend).toEqual([
      'exp007 best, unconfirmed',
      'exp001 baseline',
      ...['exp030', 'exp029', 'exp028', 'exp027', 'exp026', 'exp025'],
    ]);
  });
});

describe('size', () => {
  it('an empty project has a report', () => {
    const { html, markdown, files } = render(overview({ metric: null }));
    expect(markdown).toContain('no runs');
    expect(files).toEqual([]);
    expect(seen(html)).toContain('Nothing has run yet.');
    expect(html).not.toContain('<table');
  });

  it('200 runs are all there, and the page stays below a megabyte', () => {
    const runs = Array.from({ length: 200 }, (_, i) =>
      run(i + 1, i % 9 === 8 ? { ending: 'failed', verdict: 'crash' } : {}, i / 200),
    );
    const points = Array.from({ length: 400 }, (_, i) => [i, i] as const);
    const curves = Object.fromEntries(
      runs.map((one) => [one.id, { val_acc: points, loss: points, val_loss: points }]),
    );
    const { html, markdown } = render(overview({ baseline, runs }), curves);
    expect(html.match(/<details /g)).toHaveLength(200);
    expect(markdown.match(/^\| exp\d+ /gm)).toHaveLength(200);
    expect(markdown).toContain('and 10 earlier ones, in the table of runs');
    expect(html.length).toBeLessThan(1_000_000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestSoFarChart } from '../../mcp-server/src/core/chart/best-so-far.js';
import { lineChart } from '../../mcp-server/src/core/chart/line-chart.js';
import type { ChartedRun } from '../../mcp-server/src/core/chart/run-signs.js';

const HOSTILE = '</title><script>alert(1)</script> "q" \'s\' & \u001b[31m\u0000\uffff';

const axes = { title: 'Loss', xLabel: 'step', yLabel: 'loss' };

function run(number: number, over: Partial<ChartedRun> = {}): ChartedRun {
  return {
    id: `exp00${number}`,
    title: 't',
    number,
    value: 0.5,
    role: 'candidate',
    verdict: null,
    failed: false,
    ...over,
  };
}

const best = (runs: ChartedRun[], target: number | null = null) =>
  bestSoFarChart({ title: 'Best', metric: 'val_acc', direction: 'maximize', target, runs });

/** Text and attribute values of an SVG, after checking that it is well-formed: every tag closed, nothing loaded or run. */
function wellFormed(svg: string): string {
  const open: string[] = [];
  for (const [, close, name, selfClosed] of svg.matchAll(/<(\/?)([a-z]+)(?:\s+[\w:-]+="[^"<>]*")*(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!selfClosed) open.push(name ?? '');
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<\/?[a-z]+(?:\s+[\w:-]+="[^"<>]*")*\/?>/g, '')).not.toMatch(/[<>]/);
  expect(svg).not.toMatch(/="[^"]*(?:NaN|Infinity|undefined)/);
  expect(svg).not.toMatch(/<script|href=|url\(|[\u0000-\u0008\u000b-\u001f\uffff]/);
  return svg;
}

const titles = (svg: string) => [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map((match) => match[1]);

/** Coordinates of the only drawn curve. */
function curve(svg: string): [number, number][] {
  const d = /<path class="line" d="([^"]*)"/.exec(svg)?.[1] ?? '';
  return d
    .split(/[ML]/)
    .slice(1)
    .map((pair) => {
      const [x = Number.NaN, y = Number.NaN] = pair.split(' ').map(Number);
      return [x, y];
    });
}

describe('lineChart', () => {
  it('is an image with a name, axes and a legend', () => {
    const svg = wellFormed(
      lineChart({
        ...axes,
        series: [
          {
            name: 'exp001',
            points: [
              [0, 0],
              [10, 1],
            ],
          },
        ],
      }),
    );
    expect(svg).toMatch(/^<svg [^>]*role="img"/);
    expect(titles(svg)[0]).toBe('Loss');
    expect(svg).toContain('>step</text>');
    expect(svg).toContain('>exp001</text>');
    expect(svg).toContain('prefers-color-scheme:dark');
    const [[x0, y0], [x1, y1]] = curve(svg) as [[number, number], [number, number]];
    expect(x1).toBeGreaterThan(x0);
    expect(y1).toBeLessThan(y0);
  });

  it('leaves a gap where a value is not finite', () => {
    const points = [
      [0, 1],
      [1, 2],
      [2, Number.NaN],
      [3, Number.POSITIVE_INFINITY],
      [4, 2],
      [5, 1],
    ] as const;
    const svg = wellFormed(lineChart({ ...axes, series: [{ name: 'a', points }] }));
    expect(curve(svg)).toHaveLength(4);
    expect(svg.match(/d="M[^"]*M[^"]*"/)).not.toBeNull();
  });

  it('draws a lone point as a dot and says when there is nothing to draw', () => {
    expect(lineChart({ ...axes, series: [{ name: 'a', points: [[1, 1]] }] })).toContain('<circle');
    for (const series of [
      [],
      [{ name: 'a', points: [] }],
      [{ name: 'a', points: [[0, Number.NaN]] as const }],
    ]) {
      expect(wellFormed(lineChart({ ...axes, series }))).toContain('no values yet');
    }
  });

  it('spaces powers of ten evenly on a logarithmic axis and leaves out what has no logarithm', () => {
    const points = [
      [0, 100],
      [1, 1],
      [2, 0.01],
      [3, 0],
      [4, -5],
    ] as const;
    const places = curve(wellFormed(lineChart({ ...axes, logY: true, series: [{ name: 'a', points }] })));
    expect(places).toHaveLength(3);
    const [[, high], [, middle], [, low]] = places as [[number, number], [number, number], [number, number]];
    expect(middle - high).toBeCloseTo(low - middle, 0);
  });

  it('keeps a single peak among many points and stays small', () => {
    const points = Array.from({ length: 200_000 }, (_, i) => [i, i === 177_777 ? 2 : 1] as const);
    const svg = wellFormed(lineChart({ ...axes, series: [{ name: 'a', points }] }));
    const places = curve(svg);
    const peak = Math.min(...places.map(([, y]) => y));
    expect(places.filter(([, y]) => y === peak)).toHaveLength(1);
    expect(svg.length).toBeLessThan(30_000);
  });

  it('lets a far outlier leave the picture instead of flattening the rest', () => {
    const points = Array.from({ length: 50 }, (_, i) => [i, i === 25 ? 1e9 : i / 50] as const);
    const heights = curve(lineChart({ ...axes, series: [{ name: 'a', points }] })).map(([, y]) => y);
    expect((heights[0] ?? 0) - (heights[49] ?? 0)).toBeGreaterThan(50);
  });

  it('escapes every text', () => {
    const annotations = [
      { y: 1, text: HOSTILE },
      { x: 1, text: HOSTILE },
    ];
    const series = [
      {
        name: HOSTILE,
        points: [
          [0, 1],
          [1, 2],
        ] as const,
      },
    ];
    const svg = wellFormed(
      lineChart({ title: HOSTILE, xLabel: HOSTILE, yLabel: HOSTILE, series, annotations }),
    );
    expect(titles(svg)[0]).toContain('&lt;script&gt;');
  });

  it('is well-formed for any numbers', () => {
    const point = fc.tuple(fc.double(), fc.double());
    fc.assert(
      fc.property(
        fc.array(fc.array(point, { maxLength: 8 }), { maxLength: 3 }),
        fc.boolean(),
        (lists, logY) => {
          wellFormed(
            lineChart({ ...axes, logY, series: lists.map((points, i) => ({ name: `s${i}`, points })) }),
          );
        },
      ),
    );
  });
});

describe('bestSoFarChart', () => {
  it('says of each run what it is, in words too', () => {
    const svg = wellFormed(
      best([
        run(1, { role: 'baseline' }),
        run(2, { value: 0.7, verdict: 'unconfirmed' }),
        run(3, { value: 0.8, verdict: 'confirmed' }),
        run(4, { value: null, failed: true, verdict: 'crash' }),
      ]),
    );
    expect(titles(svg).slice(1)).toEqual([
      'best so far, confirmed',
      'best single value so far, unconfirmed',
      'baseline',
      'confirmed',
      'better, unconfirmed',
      'failed or no value',
      'exp001 · t · 0.5 · baseline',
      'exp002 · t · 0.7 · better, unconfirmed',
      'exp003 · t · 0.8 · confirmed',
      'exp004 · t · value unknown · failed or no value',
    ]);
  });

  /** The step line's vertical moves: one per new best. */
  const steps = (svg: string) => [
    ...svg.matchAll(/d="M[\d.]+ [\d.]+((?:H[\d.]+V[\d.]+)*)H[\d.]+" style="stroke:var\(--c0\)"/g),
  ];

  it('steps only at runs that are better, have a value that counts, and have ended', () => {
    const svg = best([
      run(1, { role: 'baseline' }),
      run(2, { value: 0.4, verdict: 'rejected' }),
      run(3, { value: 0.6, verdict: 'unconfirmed' }),
      run(4, { value: 0.9, verdict: 'invalid' }),
      run(5, { value: 0.95, failed: true }),
      run(6, { value: 0.99, running: true }),
    ]);
    const [single, sure] = steps(svg);
    expect(single?.[1]?.match(/V/g)).toHaveLength(1);
    expect(sure?.[1]).toBe('');
  });

  it('steps for good only at what is confirmed, at what fresh seeds say of it, with its interval', () => {
    const svg = wellFormed(
      best([
        run(1, { role: 'baseline', known: { value: 0.5, interval: null } }),
        run(2, { value: 0.9, verdict: 'confirmed', known: { value: 0.7, interval: [0.6, 0.8] } }),
        run(3, { value: 0.65, verdict: 'confirmed', known: { value: 0.6, interval: [0.55, 0.65] } }),
      ]),
    );
    const all = steps(svg);
    expect(all).toHaveLength(1);
    expect(all[0]?.[1]?.match(/V/g)).toHaveLength(1);
    expect(titles(svg)).not.toContain('best single value so far, unconfirmed');
    expect(svg.match(/h8M[\d.]+ [\d.]+h8" style="stroke:var\(--good\)"/g)).toHaveLength(2);
  });

  it('steps downwards when less is better', () => {
    const runs = [
      run(1, { role: 'baseline', value: 3 }),
      run(2, { value: 2 }),
      run(3, { value: 2.5 }),
      run(4, { value: 1 }),
    ];
    const svg = bestSoFarChart({ title: 'Best', metric: 'loss', direction: 'minimize', target: null, runs });
    expect(steps(svg)[0]?.[1]?.match(/V/g)).toHaveLength(2);
    expect(svg).toContain('loss, lower is better');
  });

  it('keeps the baseline and the target in the picture, and marks what lies outside of it', () => {
    const good = Array.from({ length: 20 }, (_, i) =>
      run(i + 2, { value: 0.9 + i / 1000, verdict: 'rejected' }),
    );
    const svg = wellFormed(
      best(
        [run(1, { role: 'baseline', value: 0.1 }), ...good, run(30, { value: -500, verdict: 'rejected' })],
        0.99,
      ),
    );
    expect(titles(svg)).toContain('exp001 · t · 0.1 · baseline');
    expect(titles(svg)).toContain('exp0030 · t · -500 · below the picture · not better than the best');
    expect(svg).toContain('target 0.99');
  });

  it('draws an unknown value below the plot, never at 0', () => {
    const place = (svg: string) => Number(/unknown [^<]*<\/title><path d="M[\d.]+ ([\d.]+)m/.exec(svg)?.[1]);
    const unknown = best([
      run(1, { role: 'baseline', value: 0.001 }),
      run(2, { value: 1 }),
      run(3, { value: null, failed: true }),
    ]);
    const axis = Number(/class="axis" x1="[\d.]+" x2="[\d.]+" y1="([\d.]+)"/.exec(unknown)?.[1]);
    const floor = place(unknown);
    expect(axis - floor).toBeGreaterThan(0);
    expect(axis - floor).toBeLessThan(20);
  });

  it('survives no runs, no values, and hostile words', () => {
    expect(wellFormed(best([]))).toContain('no runs yet');
    wellFormed(best([run(1, { value: null })], 0.9));
    wellFormed(best([run(1, { value: Number.NaN }), run(2, { value: Number.POSITIVE_INFINITY })]));
    wellFormed(best([run(1, { title: HOSTILE, id: HOSTILE })]));
  });
});

import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bestSoFarChart } from '../../mcp-server/src/core/chart/best-so-far.js';
import { lineChart } from '../../mcp-server/src/core/chart/line-chart.js';
import type { Canvas } from '../../mcp-server/src/core/chart/raster/canvas.js';
import { drawSvg } from '../../mcp-server/src/core/chart/raster/draw-svg.js';
import { textLines } from '../../mcp-server/src/core/chart/raster/font.js';
import { dashed, readPath } from '../../mcp-server/src/core/chart/raster/path.js';
import { encodePng } from '../../mcp-server/src/store/png.js';

const hexAt = ({ pixels, width }: Canvas, x: number, y: number): string =>
  Buffer.from(pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)).toString('hex');
const hexOf = (d: string): string =>
  JSON.stringify(readPath(d).map((line) => line.map((dot) => dot.map((n) => +n.toFixed(2)))));

describe('the picture of a chart', () => {
  const run = { title: 't', role: 'candidate' as const, verdict: null, failed: false };
  const svg = bestSoFarChart({
    title: 'Best val_acc so far',
    metric: 'val_acc',
    direction: 'maximize',
    target: 0.95,
    runs: [
      { ...run, id: 'exp001', number: 1, value: 0.5, role: 'baseline' },
      { ...run, id: 'exp002', number: 2, value: 0.9, verdict: 'confirmed' },
      { ...run, id: 'exp003', number: 3, value: null, failed: true },
    ],
  });
  const picture = drawSvg(svg, 2);

  it('has the colours and places of the SVG', () => {
    const size = (name: string): number => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(svg)?.[1]);
    expect([picture.width, picture.height]).toEqual([2 * size('width'), 2 * size('height')]);
    const disc = /exp002[^<]*<\/title><circle cx="([\d.]+)" cy="([\d.]+)"/.exec(svg);
    expect(hexAt(picture, Math.round(2 * Number(disc?.[1])), Math.round(2 * Number(disc?.[2])))).toBe(
      '0b8a62',
    );
    const square = /exp001[^<]*<\/title><rect x="([\d.]+)" y="([\d.]+)"/.exec(svg);
    expect(
      hexAt(picture, Math.round(2 * Number(square?.[1]) + 6), Math.round(2 * Number(square?.[2]) + 6)),
    ).toBe('1b2430');
    const grid = /class="grid" x1="([\d.]+)" x2="[\d.]+" y1="([\d.]+)"/.exec(svg);
    expect(
      hexAt(picture, Math.round(2 * Number(grid?.[1]) + 40), Math.floor(2 * Number(grid?.[2]))),
    ).not.toBe('ffffff');
    expect(hexAt(picture, 2, picture.height - 2)).toBe('ffffff');
  });

  it('draws nothing of a curve outside of the plot, and survives hostile words', () => {
    const wild = lineChart({
      title: '</title> & "中文" \u0301',
      xLabel: 'step',
      yLabel: 'y',
      series: [
        {
          name: '<b>',
          points: [
            [0, 1],
            [1, 1e9],
            [2, 1],
            [3, 1],
            [4, 1],
            [5, 1],
            [6, 1.1],
            [7, 1.2],
          ],
        },
      ],
    });
    const { pixels, width, height } = drawSvg(wild, 1);
    expect(pixels).toHaveLength(width * height * 3);
    const top = pixels.subarray(0, width * 3 * 8);
    expect(top.every((value) => value === 255)).toBe(true);
  });

  it('is a PNG file that others can read', () => {
    const png = encodePng({ width: 2, height: 1, pixels: Uint8Array.of(255, 0, 0, 0, 0, 255) });
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([2, 1, 8, 2]);
    const at = png.indexOf('IDAT');
    const raw = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    expect([...raw]).toEqual([0, 255, 0, 0, 0, 0, 255]);
  });
});

describe('the font', () => {
  const signs = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));

  it('has a shape of its own for every printable ASCII character, within its cell', () => {
    const shapes = signs.map((sign) => JSON.stringify(textLines(sign, 12).lines));
    expect(new Set(shapes).size).toBe(signs.length);
    for (const sign of signs) {
      const { width, lines } = textLines(sign, 12);
      for (const [x, y] of lines.flat()) {
        expect(x, sign).toBeGreaterThanOrEqual(-1.5);
        expect(x, sign).toBeLessThanOrEqual(width + 1);
        expect(y, sign).toBeGreaterThan(-4);
        expect(y, sign).toBeLessThan(10);
      }
    }
  });

  it('shows a letter without its accent, and a frame for what it does not know', () => {
    expect(textLines('é', 12)).toEqual(textLines('e', 12));
    expect(textLines('中', 12)).toEqual(textLines('語', 12));
    expect(textLines('', 12)).toEqual({ width: 0, lines: [] });
  });
});

describe('paths', () => {
  it('are read as SVG has them, with arcs of our own', () => {
    expect(hexOf('M1 2L3 4H5V6')).toBe('[[[1,2],[3,4],[5,4],[5,6]]]');
    expect(hexOf('M10 10m-3 3l3 -3l3 3')).toBe('[[[7,13],[10,10],[13,13]]]');
    expect(hexOf('M0 0h8M0 5h8')).toBe('[[[0,0],[8,0]],[[0,5],[8,5]]]');
    expect(
      readPath('@0,0,2,2,0,360')[0]
        ?.at(-1)
        ?.map((n) => Math.round(n)),
    ).toEqual([2, 0]);
  });

  it('are cut into dashes of the same length around corners', () => {
    const parts = dashed(
      [
        [0, 0],
        [10, 0],
        [10, 10],
      ],
      [6, 2],
    );
    const length = (part: readonly (readonly [number, number])[]): number =>
      part.reduce(
        (sum, [x, y], i) =>
          sum + (i === 0 ? 0 : Math.hypot(x - (part[i - 1]?.[0] ?? 0), y - (part[i - 1]?.[1] ?? 0))),
        0,
      );
    expect(parts.map((part) => Math.round(length(part)))).toEqual([6, 6, 4]);
    expect(
      dashed(
        [
          [0, 0],
          [1, 0],
        ],
        [0],
      ),
    ).toHaveLength(1);
  });
});

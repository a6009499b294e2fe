import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripAnsi } from '../../../mcp-server/src/core/reading/ansi.js';
import { type Line, LineSplitter } from '../../../mcp-server/src/core/reading/lines.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const plain = (lines: readonly Line[]) => lines.map(({ text, line, at }) => ({ text, line, at }));

function whole(data: Uint8Array, cap?: number) {
  const splitter = new LineSplitter(undefined, cap);
  return plain([...splitter.push(data), ...splitter.end()]);
}

/** Bytes that are rich in terminators, broken UTF-8 and multi-byte characters. */
const stream = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', 'é', '█▎', '😀', 'loss=0.5', '').map(bytes),
      fc.uint8Array({ maxLength: 6 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

describe('LineSplitter', () => {
  it('counts lines by \\n, offsets behind them, and keeps empty lines', () => {
    expect(whole(bytes('a\n\nbc\nlast'))).toEqual([
      { text: 'a', line: 1, at: 2 },
      { text: '', line: 2, at: 3 },
      { text: 'bc', line: 3, at: 6 },
      { text: 'last', line: 4, at: 10 },
    ]);
  });

  it('takes \\r\\n as one terminator and \\r as the end of a segment of the same line', () => {
    expect(whole(bytes('a\r\nb\rc\rd\r\n\r\ne'))).toEqual([
      { text: 'a', line: 1, at: 3 },
      { text: 'b', line: 2, at: 5 },
      { text: 'c', line: 2, at: 7 },
      { text: 'd', line: 2, at: 10 },
      { text: '', line: 3, at: 12 },
      { text: 'e', line: 4, at: 13 },
    ]);
  });

  it('gives each segment of a bar that never ends its line, once, while it runs', () => {
    const splitter = new LineSplitter();
    const seen: string[] = [];
    for (let step = 0; step < 500; step += 1) {
      for (const { text, line } of splitter.push(bytes(`\rstep ${step} loss=0.${step}`))) {
        expect(line).toBe(1);
        seen.push(text);
      }
      expect(seen.length).toBe(step);
    }
    expect(seen).toEqual(Array.from({ length: 499 }, (_, step) => `step ${step} loss=0.${step}`));
  });

  it('keeps the first and the last bytes of a line beyond the cap, and no more', () => {
    const splitter = new LineSplitter(undefined, 100);
    for (let i = 0; i < 1000; i += 1) splitter.push(bytes('0123456789'));
    const { head, tail, dropped } = splitter.snapshot();
    expect([head.length, tail.length, dropped]).toEqual([50, 50, 9900]);
    const [line] = splitter.push(bytes('END\nnext'));
    expect(line?.text).toBe(`${'0123456789'.repeat(5)}${'0123456789'.repeat(5).slice(3)}END`);
    expect(line?.at).toBe(10_004);
  });

  it('replaces broken UTF-8 and decodes a character cut by a chunk', () => {
    expect(whole(Uint8Array.of(0x61, 0xff, 0x62, 0x0a)).map(({ text }) => text)).toEqual(['a\ufffdb']);
    const splitter = new LineSplitter();
    const smile = bytes('😀\n');
    const lines = [...smile].flatMap((byte) => splitter.push(Uint8Array.of(byte)));
    expect(lines.map(({ text }) => text)).toEqual(['😀']);
  });

  it('gives the same lines however the bytes are chunked, also over a snapshot', () => {
    fc.assert(
      fc.property(
        stream,
        fc.array(fc.nat(12), { maxLength: 40 }),
        fc.constantFrom(4, 10, 65_536),
        fc.boolean(),
        (data, cuts, cap, resume) => {
          let splitter = new LineSplitter(undefined, cap);
          const got: Line[] = [];
          let from = 0;
          for (const cut of [...cuts, data.length]) {
            got.push(...splitter.push(data.slice(from, from + cut)));
            from = Math.min(data.length, from + cut);
            if (resume) splitter = new LineSplitter(JSON.parse(JSON.stringify(splitter.snapshot())), cap);
          }
          got.push(...splitter.push(data.slice(from)), ...splitter.end());
          expect(plain(got)).toEqual(whole(data, cap));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('agrees with cutting the whole text at its terminators', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'é', '\n', '\r', '\r\n', 'xyz'), { maxLength: 60 }),
        (parts) => {
          const text = parts.join('');
          const expected = text
            .split('\n')
            .map((line, index, all) =>
              index < all.length - 1 && line.endsWith('\r') ? line.slice(0, -1) : line,
            )
            .flatMap((line, index, all) => {
              const segments = line.split('\r').filter((segment) => segment !== '');
              const empty = segments.length === 0 && line === '' && index < all.length - 1;
              return (empty ? [''] : segments).map((segment) => ({ text: segment, line: index + 1 }));
            });
          const got = whole(bytes(text)).map(({ text: own, line }) => ({ text: own, line }));
          // A line of nothing but returns shows as nothing or as an empty line; neither says anything.
          const said = (lines: typeof got) => lines.filter((line) => line.text !== '');
          expect(said(got)).toEqual(said(expected));
          expect(got.length).toBeGreaterThanOrEqual(said(expected).length);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('stripAnsi', () => {
  it.each([
    ['\u001b[32m\u001b[1mloss\u001b[0m: 0.5', 'loss: 0.5'],
    ['\u001b]0;title\u0007step 3', 'step 3'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001b[2K\u001b[1A\u001b(Bdone\u001b7', 'done'],
    ['50%\b\b\b51%', '50%51%'],
    ['tab\tstays', 'tab\tstays'],
    ['torn \u001b[', 'torn '],
  ])('%j → %j', (text, expected) => {
    expect(stripAnsi(text)).toBe(expected);
  });

  it('leaves no escape behind', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\u001b', '[', ']', '3', ';', 'm', '\u0007', '\\', 'a', ' ') }),
        (text) => !stripAnsi(text).includes('\u001b'),
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../mcp-server/src/core/line-diff.js';

/** Applies hunks to the old text, as patch(1) does; throws where they do not fit. */
function patched(old: string, hunks: string): string {
  const from = old.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const out: string[] = [];
  let at = 0;
  const lines = hunks.split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const head = /^@@ -(\d+),(\d+) \+\d+,\d+ @@$/.exec(line);
    const text = lines[index + 1]?.startsWith('\\') === true ? line.slice(1) : `${line.slice(1)}\n`;
    if (head !== null) {
      const start = Number(head[1]) - (Number(head[2]) === 0 ? 0 : 1);
      out.push(...from.slice(at, start));
      at = start;
    } else if (!line.startsWith('\\')) {
      if (!line.startsWith('+')) expect(from[at++]).toBe(text);
      if (!line.startsWith('-')) out.push(text);
    }
  }
  return [...out, ...from.slice(at)].join('');
}

describe('unifiedDiff', () => {
  it('is empty for equal texts and shows the least change', () => {
    expect(unifiedDiff('a\n', 'a\n')).toBe('');
    expect(unifiedDiff('a\nb\nc\n', 'a\nc\nd\n')).toBe('@@ -1,3 +1,3 @@\n a\n-b\n c\n+d\n');
  });

  it('turns the old text into the new one (property)', () => {
    const text = fc
      .tuple(
        fc.array(fc.constantFrom('a', 'b', 'c', '', '-', '+x', '\\', '@@'), { maxLength: 30 }),
        fc.boolean(),
      )
      .map(([lines, open]) => (open ? lines.join('\n') : lines.map((line) => `${line}\n`).join('')));
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(patched(a, unifiedDiff(a, b))).toBe(b);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives up on the least change when there are too many, not on the right one', () => {
    const a = Array.from({ length: 3000 }, (_, n) => `a${n}\n`).join('');
    const b = Array.from({ length: 3000 }, (_, n) => `b${n}\n`).join('');
    expect(patched(a, unifiedDiff(a, b))).toBe(b);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markdownTable, textTable } from '../../mcp-server/src/core/table.js';
import { clipToWidth, textWidth } from '../../mcp-server/src/core/width.js';

describe('textWidth', () => {
  it.each([
    ['plain', 5],
    ['学習率', 6],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['🚀', 2],
    ['👩🏽‍🔬', 2],
    ['🇫🇷', 2],
    ['❤️', 2],
    ['é', 1],
    ['ﬁ', 1],
    ['', 0],
  ])('%s takes %i cells', (text, cells) => {
    expect(textWidth(text)).toBe(cells);
  });

  it('clips between characters, never within one', () => {
    expect(clipToWidth('学習率', 5)).toBe('学習…');
    expect(clipToWidth('学習率', 4)).toBe('学…');
    expect(clipToWidth('a👩🏽‍🔬b', 2)).toBe('a…');
    expect(clipToWidth('abc', 3)).toBe('abc');
    expect(clipToWidth('abc', 0)).toBe('');
  });
});

describe('textTable', () => {
  it('aligns columns, numbers to the right, wide characters by their width', () => {
    const rows = [
      ['exp001', '0.5', 'baseline'],
      ['学習', '0.9312', '🚀 up'],
    ];
    const columns = [{ header: 'run' }, { header: 'acc', align: 'right' as const }, { header: 'note' }];
    expect(textTable(rows, columns)).toBe(
      ['run        acc  note', 'exp001     0.5  baseline', '学習    0.9312  🚀 up'].join('\n'),
    );
  });

  it('takes room from the flexible column first', () => {
    const rows = [['exp001', 'a title that is much too long for the line', '0.93']];
    const columns = [{ header: 'run' }, { header: 'title', flexible: true }, { header: 'value' }];
    const line = textTable(rows, columns, 30).split('\n')[1];
    expect(line).toBe('exp001  a title that i…  0.93');
  });

  it('shows no control characters and keeps one line per row', () => {
    const table = textTable(
      [['\u001b[31mred\u001b[0m\nnext\u0007', '\u202eabc']],
      [{ header: 'a' }, { header: 'b' }],
    );
    expect(table.split('\n')).toEqual(['a         b', 'red next  abc']);
  });

  it('paints a cell after it was measured', () => {
    const paint = (cell: string, row: number) => (row === 0 ? `<${cell}>` : cell);
    const table = textTable(
      [
        ['x', '1'],
        ['long', '2'],
      ],
      [{ header: 'a', paint }, { header: 'b' }],
    );
    expect(table.split('\n')).toEqual(['a     b', '<x   >  1', 'long  2']);
  });

  it('has a header without rows and an empty text without columns', () => {
    expect(textTable([], [{ header: 'run' }, { header: 'value' }])).toBe('run  value');
    expect(textTable([['x']], [])).toBe('\n');
  });

  it('is never wider than asked, whatever the cells hold', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { maxLength: 4 }), { maxLength: 5 }), fc.nat(60), (rows, width) => {
        const columns = [
          { header: 'run' },
          { header: '学習率', flexible: true },
          { header: 'c' },
          { header: 'd' },
        ];
        const lines = textTable(rows, columns, width).split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('markdownTable', () => {
  it('writes a header, a rule and rows', () => {
    expect(
      markdownTable(
        [
          ['run', 'val_acc'],
          ['exp001', '+0.5'],
        ],
        ['left', 'right'],
      ),
    ).toBe(['| run | val_acc |', '| --- | ---: |', '| exp001 | +0.5 |'].join('\n'));
  });

  it('escapes what would end a cell, start a tag, a link, an image, code or emphasis', () => {
    const hostile = 'a|b\n<img src=x> `c` ![i](u) **x** _y_ \\';
    const line = markdownTable([['h'], [hostile]]).split('\n')[2];
    expect(line).toBe('| a\\|b \\<img src=x\\> \\`c\\` !\\[i\\](u) \\*\\*x\\*\\* \\_y\\_ \\\\ |');
  });

  it('keeps the number of cells per row, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1, maxLength: 5 }), (rows) => {
        const lines = markdownTable(rows).split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(line.replace(/\\[\s\S]/g, '').match(/\|/g)).toHaveLength(3);
      }),
    );
  });
});

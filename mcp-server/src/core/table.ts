import { escapeMarkdown } from './escape.js';
import { oneLine } from './text.js';
import { clipMiddle, clipToWidth, textWidth } from './width.js';

export interface Column {
  header: string;
  /** Numbers read best aligned to the right. */
  align?: 'left' | 'right';
  /** This column gives way first when the table is too wide. Without any, the widest gives way. */
  flexible?: boolean;
  /** Where a cell is cut that is too long; names are best cut in the middle. */
  cut?: 'end' | 'middle';
  /** Colours a padded cell; it must not change how wide it looks. */
  paint?: (padded: string, row: number) => string;
}

const GAP = 2;

/** Takes cells from the widest column that may give way until the line fits; never below one cell. */
function fitWidths(widths: readonly number[], columns: readonly Column[], total: number): number[] {
  const fitted = [...widths];
  const gaps = GAP * Math.max(0, widths.length - 1);
  const shrinkWidest = (excess: number, indexes: readonly number[], least: number): number => {
    let left = excess;
    while (left > 0) {
      const widest = indexes.reduce(
        (a, b) => ((fitted[b] ?? 0) > (fitted[a] ?? 0) ? b : a),
        indexes[0] ?? -1,
      );
      const width = fitted[widest] ?? 0;
      if (width <= least) break;
      fitted[widest] = width - 1;
      left -= 1;
    }
    return left;
  };
  const excess = fitted.reduce((sum, width) => sum + width, gaps) - total;
  const all = widths.map((_, index) => index);
  const flexible = all.filter((index) => columns[index]?.flexible === true);
  shrinkWidest(shrinkWidest(excess, flexible, 8), all, 1);
  return fitted;
}

/**
 * Rows of cells as aligned lines under a header, for a terminal. Cells are shown on one line and without control
 * characters; cells that are too long end in `…`. No line is wider than `totalWidth` cells, when given.
 */
export function textTable(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  totalWidth = Number.POSITIVE_INFINITY,
): string {
  const lines = [columns.map((column) => column.header), ...rows].map((row) =>
    columns.map((_, index) => oneLine(row[index] ?? '')),
  );
  const natural = columns.map((_, index) =>
    Math.max(0, ...lines.map((line) => textWidth(line[index] ?? ''))),
  );
  const widths = Number.isFinite(totalWidth) ? fitWidths(natural, columns, totalWidth) : natural;
  const drawn = lines.map((line, number) => {
    const cells = columns.map((column, index) => {
      const width = widths[index] ?? 0;
      const cut = column.cut === 'middle' ? clipMiddle : clipToWidth;
      const text = cut(line[index] ?? '', width);
      const space = ' '.repeat(width - textWidth(text));
      // Nothing after the last word of a line: trailing spaces wrap on narrow terminals.
      const last = index === columns.length - 1 && column.align !== 'right';
      const padded = column.align === 'right' ? space + text : last ? text : text + space;
      return number > 0 && column.paint ? column.paint(padded, number - 1) : padded;
    });
    return clipPlain(cells.join(' '.repeat(GAP)), columns, totalWidth);
  });
  return drawn.join('\n');
}

/** With more columns than cells nothing fits; then the line itself is cut. Painted lines are left alone. */
function clipPlain(line: string, columns: readonly Column[], totalWidth: number): string {
  return columns.some((column) => column.paint) ? line : clipToWidth(line, totalWidth);
}

/** A GitHub-flavoured Markdown table; the first row is its header. Cells are literal text: everything is escaped. */
export function markdownTable(
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[] = [],
): string {
  const [header = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${header.map((_, i) => cells[i] ?? '').join(' | ')} |`;
  const rule = header.map((_, index) => (align[index] === 'right' ? '---:' : '---'));
  const escaped = (row: readonly string[]) => row.map((cell) => escapeMarkdown(cell));
  return [line(escaped(header)), line(rule), ...body.map((row) => line(escaped(row)))].join('\n');
}

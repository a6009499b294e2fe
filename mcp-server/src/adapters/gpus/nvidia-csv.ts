import { oneLine } from '../../core/text.js';

/**
 * Rows of `nvidia-smi --format=csv`: cells between `, `, numbers with or without their unit, a header line or none. A
 * cell that the driver cannot fill holds words, mostly in brackets: `[N/A]`, `[Not Supported]`, `[Unknown Error]`,
 * `[Insufficient Permissions]`, `ERR!`.
 */
export interface CsvText {
  /** Cells by the field they were asked for. */
  rows: Record<string, string>[];
  /** Lines that are neither header nor row. */
  rest: string[];
}

/**
 * `wide` is the one field whose text may hold commas itself; `number` one that is a number in every row. A header line,
 * should there be one, says which columns follow; `counted`: where it leaves out `number`, the rows are counted from 0.
 */
export function readCsv(
  text: string,
  fields: readonly string[],
  { wide, number, counted = false }: { wide: string; number: string; counted?: boolean },
): CsvText {
  const rows: Record<string, string>[] = [];
  const rest: string[] = [];
  let columns = fields;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const header = headerIn(line, fields);
    if (header !== null) {
      columns = header;
      continue;
    }
    const cells = splitRow(line, columns, wide);
    if (cells !== null && counted && !columns.includes(number)) cells[number] = String(rows.length);
    if (cells === null || !/^\d+$/.test(cells[number] ?? '')) rest.push(oneLine(line));
    else rows.push(cells);
  }
  return { rows, rest };
}

/** Cells counted from both ends, so that commas in the wide field stay in it. */
function splitRow(line: string, fields: readonly string[], wide: string): Record<string, string> | null {
  const parts = line.split(',').map((part) => part.trim());
  const extra = parts.length - fields.length;
  if (extra < 0 || (extra > 0 && !fields.includes(wide))) return null;
  const at = Math.max(0, fields.indexOf(wide));
  const cells = [
    ...parts.slice(0, at),
    parts.slice(at, at + extra + 1).join(', '),
    ...parts.slice(at + extra + 1),
  ];
  return Object.fromEntries(fields.map((field, index) => [field, cells[index] ?? '']));
}

/** `index, uuid, memory.used [MiB]` → the fields’ names; null for any other line. No cell of a row is named as a field. */
function headerIn(line: string, fields: readonly string[]): string[] | null {
  const names = line.split(',').map((part) => part.trim().split(' ')[0] ?? '');
  return names.filter((name) => fields.includes(name)).length >= 2 ? names : null;
}

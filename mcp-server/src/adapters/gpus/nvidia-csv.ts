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
 * should there be one, says which columns follow.
 */
export function readCsv(
  text: string,
  fields: readonly string[],
  { wide, number }: { wide: string; number: string },
): CsvText {
  const rows: Record<string, string>[] = [];
  const rest: string[] = [];
  let columns = fields;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const header = headerIn(line, number);
    const cells = splitRow(line, columns, wide);
    if (header !== null) columns = header;
    else if (cells === null || !/^\d+$/.test(cells[number] ?? '')) rest.push(oneLine(line));
    else rows.push(cells);
  }
  return { rows, rest };
}

/** Cells counted from both ends, so that commas in the wide field stay in it. */
function splitRow(line: string, fields: readonly string[], wide: string): Record<string, string> | null {
  const parts = line.split(',').map((part) => part.trim());
  const extra = parts.length - fields.length;
  if (extra < 0) return null;
  const at = Math.max(0, fields.indexOf(wide));
  const cells = [
    ...parts.slice(0, at),
    parts.slice(at, at + extra + 1).join(', '),
    ...parts.slice(at + extra + 1),
  ];
  return Object.fromEntries(fields.map((field, index) => [field, cells[index] ?? '']));
}

/** `index, uuid, memory.used [MiB]` → the fields’ names; null for any other line. */
function headerIn(line: string, number: string): string[] | null {
  const names = line.split(',').map((part) => part.trim().split(' ')[0] ?? '');
  return names.includes(number) ? names : null;
}

/** A number, with its unit or without; null for whatever else the cell says. */
export function numberIn(cell: string | undefined): number | null {
  const match = /^(-?\d+(?:\.\d+)?)(?:\s*(?:MiB|%|W|C|MHz))?$/.exec(cell ?? '');
  return match === null ? null : Number(match[1]);
}

/** A text; null when the driver could not fill the cell. */
export function textIn(cell: string | undefined): string | null {
  const text = oneLine(cell ?? '');
  return text === '' || text === 'N/A' || text === 'ERR!' || /^\[.*\]$/.test(text) ? null : text;
}

/** Words of a fault, as opposed to a cell that this model of GPU simply does not have. */
export function isFault(cell: string | undefined): boolean {
  return /^\[?(?:Unknown Error|ERR!|GPU is lost|GPU requires reset|Reset Required)\]?$/i.test(cell ?? '');
}

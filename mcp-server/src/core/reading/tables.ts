import { z } from 'zod';
import { BARS, body, CELL_NUMBER, type Cell, cutsOf, NO_VALUE } from './cells.js';
import { columnsOfNames } from './named-rows.js';
import { isEpochName, isNeverMetric, isStem, normalizeName, stepRank } from './names.js';
import { NOWHERE, type Seen, type Spot, spotAt } from './seen.js';

/** Words of a header that say where training stands. */
const PLACE = /^(?:epochs?|iter(?:ation)?s?|steps?|class|round|tick)$/i;
const AGGREGATE = /^(?:all|overall|mean|average|avg|total)$/i;
const SINGLES = /^(?:class(?:es)?|category|label)$/i;
/** A first column whose words tell the rows apart: `CoLA/Acc`. */
const LABELS = /^(?:tasks?|groups?|dataset|benchmark|subset|split)$/i;
const SUMMARY_ROW = /^(?:(?:macro|micro|weighted|samples) avg|avg \/ total)$/;
const MAX_COLUMNS = 64;

/** The header of a table: ways to cut it into columns, the surest first. */
export const Header = z.array(
  z.strictObject({
    cut: z
      .enum(['bars', 'gaps', 'commas', 'slashes', 'long', 'named', 'title'])
      .describe(
        '`title`: the next line is the value of the one column; `long`: a metric and its value are columns; `named`: a row has its name before the columns',
      ),
    columns: z.array(z.string()),
  }),
);
export type Header = z.output<typeof Header>;

/**
 * A line that can head a table: only names, at least one of which is a metric's or `epoch`, `iter`, `step`. Empty when the
 * rows under it cannot be told apart by its names, so that it only ends the table above.
 */
export function readHeader(text: string): Header | null {
  const line = body(text);
  if (line.length > 2000) return null;
  const long = readLongHeader(line);
  if (long !== null) return [long];
  const headers = cutsOf(line)
    .filter(({ cut, row }, index) => isHeader(row, cut !== 'bars' && index > 0))
    .map(({ cut, row }) => ({ cut, columns: row.map((cell) => columnName(cell.text)) }));
  if (headers.length === 0) {
    const columns = columnsOfNames(line);
    return columns === null ? null : [{ cut: 'named', columns }];
  }
  // Two columns of one name stand for different things: `| category | AP | category | AP |`.
  return headers.filter(({ columns }) => new Set(columns).size === columns.length);
}

function isHeader(columns: readonly Cell[], prose: boolean): boolean {
  if (columns.length < 2 || columns.length > MAX_COLUMNS) return false;
  const name = /^[\p{L}_#%@*(][\p{L}\p{N}_ ./@:()#%+*'-]{0,40}$/u;
  if (
    !columns.every(
      (cell) => name.test(cell.text) && !/[:=]$|: +\d/.test(cell.text) && cell.text.split(' ').length <= 4,
    )
  )
    return false;
  const place = columns.some((cell) => PLACE.test(cell.text));
  const metrics = columns.filter((cell) => isStem(columnName(cell.text))).length;
  const others = columns.filter(
    (cell) => isNeverMetric(normalizeName(cell.text)) || /^[PR]$/.test(cell.text),
  ).length;
  // Words of a sentence are cut the same way as names with one space or a comma between them.
  if (prose && (metrics + others + (place ? 1 : 0)) * 2 < columns.length) return false;
  return place ? metrics > 0 || columns.length > 3 : metrics > 1;
}

/** `Box(P` and `mAP50-95)` lose the parenthesis that another column closes. */
function columnName(text: string): string {
  const open = text.lastIndexOf('(');
  if (open >= 0 && !text.includes(')', open)) return text.slice(open + 1) || text.slice(0, open);
  return text.includes(')') && open < 0 ? text.replace(')', '') : text.replace(/[:*]+$/, '');
}

/** A row under that header, or null when this line is none. */
export function readRow(text: string, header: Header): Seen | null {
  const line = body(text);
  const cuts = cutsOf(line);
  for (const { cut, columns } of header) {
    for (const { row, loose } of cuts.filter((one) => one.cut === cut)) {
      // Words with single gaps are a sentence: `building tree 1 of 20`.
      if (loose && row.filter((cell) => !isValue(cell.text)).length > 1) continue;
      const seen =
        row.length === columns.length ? match(text, row, columns) : readSummaryRow(text, row, columns);
      if (seen !== null) return seen;
    }
  }
  return null;
}

const isValue = (cell: string): boolean => /\d/.test(cell) || NO_VALUE.test(cell) || CELL_NUMBER.test(cell);

/** `| Tasks | Metric | Value |`: each row names its metric. The cells stay in their places, empty ones too. */
function readLongHeader(line: string): Header[number] | null {
  const columns = barred(line)?.map((cell) => cell.text) ?? [];
  const has = (pattern: RegExp): boolean => columns.some((column) => pattern.test(column));
  return columns.length >= 2 && has(METRIC) && has(VALUE) ? { cut: 'long', columns } : null;
}

/** A row of such a table. `label` is what the rows before it were of, and is repeated by an empty cell. */
export function readLongRow(
  text: string,
  header: Header,
  label: string,
): { seen: Seen; label: string } | null {
  const columns = header.find(({ cut }) => cut === 'long')?.columns;
  const row = columns === undefined ? null : barred(body(text));
  if (columns === undefined || row === null || row.length !== columns.length) return null;
  const at = (pattern: RegExp): Cell | undefined => row[columns.findIndex((name) => pattern.test(name))];
  const [name, value] = [at(METRIC)?.text ?? '', at(VALUE)];
  if (value === undefined || !CELL_NUMBER.test(value.text) || !/\p{L}/u.test(name)) return null;
  const own = (at(LABELS)?.text ?? '').replace(/^[\s-]+/, '') || label;
  const spot = spotAt(text, value.start, value.start + value.text.replace(/%$/, '').length);
  const metric = { name: own === '' ? name : `${own}/${name}`, ...spot };
  return { seen: { metrics: [metric], stand: { ...NOWHERE }, split: null }, label: own };
}

const METRIC = /^metric$/i;
const VALUE = /^(?:value|score|result)$/i;

/** The cells between the bars of a line that has them at both edges. */
function barred(line: string): Cell[] | null {
  if (!/^\s*[|│┃║].*[|│┃║]\s*$/.test(line)) return null;
  const edges = [...line.matchAll(BARS)].map((bar) => bar.index);
  return edges.slice(1).map((end, index) => {
    const from = (edges[index] ?? 0) + 1;
    const raw = line.slice(from, end);
    return { text: raw.trim(), start: from + raw.length - raw.trimStart().length };
  });
}

/** A row with its own label before the columns, as in scikit-learn's report: `macro avg/recall`. */
function readSummaryRow(text: string, row: readonly Cell[], columns: readonly string[]): Seen | null {
  const [label, ...rest] = row;
  if (label === undefined || rest.length !== columns.length || !SUMMARY_ROW.test(label.text)) return null;
  return match(
    text,
    rest,
    columns.map((name) => (isNeverMetric(normalizeName(name)) ? name : `${label.text}/${name}`)),
  );
}

function match(text: string, row: readonly Cell[], columns: readonly string[]): Seen | null {
  const numeric = row.filter((cell) => CELL_NUMBER.test(cell.text)).length;
  if (numeric === 0 || numeric * 2 < row.length - 1) return null;
  // `N =   650   M =   10` names its own numbers.
  if (row.some((cell) => /[=:]$/.test(cell.text))) return null;
  const seen: Seen = { metrics: [], stand: { ...NOWHERE }, split: null };
  let rank = Number.POSITIVE_INFINITY;
  let label = '';
  for (const [index, cell] of row.entries()) {
    const name = columns[index] ?? '';
    const normalized = normalizeName(name);
    // `E` and `#` are spaCy's.
    if (isEpochName(normalized) || name === 'E') {
      const ratio = /^(\d+(?:\.\d+)?)(?:\/(\d+))?$/d.exec(cell.text);
      if (ratio === null) return null;
      seen.stand.epoch = place(text, cell, ratio.indices?.[1]);
      seen.stand.epochs = place(text, cell, ratio.indices?.[2]);
      continue;
    }
    // Rows of single classes would be taken for the whole: only the line over all of them counts.
    if (SINGLES.test(name) && !AGGREGATE.test(cell.text)) return { ...seen, metrics: [] };
    if (!CELL_NUMBER.test(cell.text)) {
      if (index > 0 && isStem(name) && !NO_VALUE.test(cell.text)) return null;
      if (index === 0 && LABELS.test(name)) label = `${cell.text}/`;
      continue;
    }
    const spot = spotAt(text, cell.start, cell.start + cell.text.length - (cell.text.endsWith('%') ? 1 : 0));
    const step = name === '#' ? 0 : stepRank(normalized);
    if (step !== undefined && step < rank) {
      rank = step;
      seen.stand.step = spot;
    } else if (step === undefined && !isNeverMetric(normalized))
      seen.metrics.push({ name: `${label}${name}`, ...spot });
  }
  return seen.metrics.length > 0 || seen.stand.epoch !== null || seen.stand.step !== null ? seen : null;
}

function place(text: string, cell: Cell, range: readonly [number, number] | undefined): Spot | null {
  return range === undefined ? null : spotAt(text, cell.start + range[0], cell.start + range[1]);
}

import { body, CELL_NUMBER, type Cell, cutsOf, NO_VALUE } from './cells.js';
import { isNeverMetric, normalizeName } from './names.js';
import { NOWHERE, type Seen, spotAt } from './seen.js';

const DATA = /(?:^|[\s\]:-])(train|training|val|valid|validation|eval|evaluation|test|testing|dev)$/i;
const CORNER = /^(?:metrics?|names?)$/i;
/** What a log puts before the first cell: `11/29/2025 10:00:01 - INFO - allennlp.training.trainer - `. */
const PREFIX = /^.*(?: - |: |\] )\s*/;
const NAME = /^[\p{L}_][\p{L}\p{N}_ ./@%()-]{0,60}$/u;

/**
 * The columns of a table whose rows have their name before the values: `Training |  Validation`, `| Metric | BASE | SFT |`. All of
 * them are data splits, or the first one says that names stand under it. Null when the line heads no such table.
 */
export function columnsOfNames(line: string): string[] | null {
  for (const { cut, loose, row } of cutsOf(line)) {
    if (loose || cut === 'commas' || cut === 'slashes') continue;
    const splits = row.map((cell) => DATA.exec(cell.text)?.[1]);
    const whole = row.slice(1).every((cell) => DATA.exec(cell.text)?.index === 0);
    if (row.length > 1 && whole && splits.every((split) => split !== undefined)) return distinct(splits);
    const [corner, ...columns] = row.map((cell) => cell.text);
    if (cut === 'bars' && CORNER.test(corner ?? '') && columns.length > 1 && columns.every(isName))
      return distinct(columns);
  }
  return null;
}

const isName = (text: string): boolean => NAME.test(text);

const distinct = (columns: ReadonlyArray<string | undefined>): string[] | null =>
  new Set(columns).size === columns.length ? columns.filter((column) => column !== undefined) : null;

/** `accuracy | 0.845 | 0.812` under such a header: `Training/accuracy`, `Validation/accuracy`. A cell without a value says so. */
export function readNamedRow(text: string, columns: readonly string[]): Seen | null {
  for (const { cut, loose, row } of cutsOf(body(text))) {
    const [label, ...values] = row;
    if (
      loose ||
      cut === 'commas' ||
      cut === 'slashes' ||
      label === undefined ||
      values.length !== columns.length
    )
      continue;
    const name = label.text.replace(PREFIX, '');
    if (!isName(name) || isNeverMetric(normalizeName(name))) continue;
    if (!values.every(isValue) || !values.some((cell) => CELL_NUMBER.test(cell.text))) continue;
    const metrics = values.flatMap((cell, index) =>
      CELL_NUMBER.test(cell.text)
        ? [{ name: `${columns[index]}/${name}`, ...spotAt(text, cell.start, endOf(cell)) }]
        : [],
    );
    return { metrics, stand: { ...NOWHERE }, split: null };
  }
  return null;
}

const isValue = ({ text }: Cell): boolean => CELL_NUMBER.test(text) || NO_VALUE.test(text);
const endOf = ({ text, start }: Cell): number => start + text.length - (text.endsWith('%') ? 1 : 0);

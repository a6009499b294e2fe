import { isEpochName, isNeverMetric, normalizeName, splitOf } from './names.js';
import { NOWHERE, type Seen, spotAt } from './seen.js';

const BOX = /^\s*[|│┃║]\s*([^|│┃║]*?[^|│┃║\s])\s*[|│┃║]\s*([^|│┃║]*?)\s*[|│┃║]\s*$/d;
// A box whose inner bar is not drawn: `│ episodes_total      152  │`.
const FRAMED = /^\s*[|│┃║]\s*([^\s|│┃║]+)\s{2,}([^\s|│┃║]+)\s*[|│┃║]\s*$/d;
const LONGEST = 1000;
const EDGE = /^\s*[|│┃║]/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|nan|inf)$/i;
const COUNTED = /^(?:(?:total_)?timesteps|total_steps)$/;

export type BoxSeen = { section: string } | { seen: Seen };

/**
 * `| key | value |`, one row of a box. A key without value that ends in `/` opens a section; only the sections of
 * evaluation go into the name, for the others it is the name as printed.
 */
export function readBox(text: string, section: string): BoxSeen | null {
  const row = text.length < LONGEST && EDGE.test(text) ? (BOX.exec(text) ?? FRAMED.exec(text)) : null;
  const place = row?.indices?.[2];
  const key = row?.[1];
  const value = row?.[2];
  if (row === null || place === undefined || key === undefined || value === undefined) return null;
  if (value === '') return key.endsWith('/') ? { section: key.slice(0, -1) } : null;
  if (!NUMBER.test(value) || !/\p{L}/u.test(key) || isTimeLike(normalizeName(key))) return null;
  const spot = spotAt(text, place[0], place[1]);
  const split = splitOf(section);
  const stand = { ...NOWHERE };
  if (isEpochName(normalizeName(key)))
    return { seen: { metrics: [], stand: { ...stand, epoch: spot }, split: null } };
  if (COUNTED.test(normalizeName(key))) stand.step = spot;
  return {
    seen: { metrics: [{ name: split === null ? key : `${section}/${key}`, ...spot }], stand, split: null },
  };
}

const isTimeLike = (normalized: string): boolean =>
  isNeverMetric(normalized) && !/^(?:batch|n_(?!updates)|total_)/.test(normalized);

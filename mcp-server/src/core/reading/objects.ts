import { type Literal, parseObject } from './literal.js';
import {
  isEpochName,
  isNeverMetric,
  isSetting,
  isSettingsDump,
  isStem,
  normalizeName,
  splitOf,
  stepRank,
} from './names.js';
import { findStand } from './progress.js';
import { type Found, NOWHERE, type Seen, type Spot, spotAt } from './seen.js';

const OPENING = /(?:Ordered|default)[Dd]ict\(|\{\s*(?:['"][^'"]{0,200}['"]|[\w.]{1,60})\s*:/g;
const SETTINGS =
  /(?:config\w*|args|arguments|h?params|parameters|hyper\w*|namespace|options|settings|kwargs|defaults)(?: \w+)?\W*$/i;
const LABEL = /([\p{L}_][\p{L}\p{N}_./@-]*)\s*[:=]?\s*$/u;

interface Flat {
  name: string;
  spot: Spot;
}

/** `from` is where the object opens, `to` where it ends; `metrics` is empty when it holds settings or nothing of interest. */
export interface ObjectSeen extends Seen {
  from: number;
  to: number;
}

/**
 * A JSON object or a Python dict in a line: the numbers under its keys. `{"value": 20.3, "metadata": {…}}` after a label
 * is that label's value, as MLPerf's log lines have it. Null when the line holds no object.
 */
export function readObject(text: string): ObjectSeen | null {
  OPENING.lastIndex = 0;
  for (let tries = 0; tries < 4; tries += 1) {
    const opening = OPENING.exec(text);
    if (opening === null) return null;
    const object = parseObject(text, opening.index);
    if (object === null) continue;
    const head = text.slice(0, opening.index);
    return { ...fromObject(head, object.value), from: opening.index, to: object.end };
  }
  return null;
}

const ENTRY = /^\s*"([^"]{1,80})":\s*([+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|nan|inf(?:inity)?)),?\s*$/di;
const QUOTED = /^\s*"[^"]{1,80}":\s*"[^"]*",?\s*$/;

/** `  "eval_f1": 0.88,`: one line of an object that was printed over several. Only a metric's name is taken, and no quoted text. */
export function readEntry(text: string): Seen | null {
  if (!/^\s*"/.test(text)) return null;
  if (QUOTED.test(text)) return { metrics: [], stand: { ...NOWHERE }, split: null };
  const found = ENTRY.exec(text);
  const place = found?.indices?.[2];
  const name = found?.[1];
  if (found === null || place === undefined || name === undefined) return null;
  const normalized = normalizeName(name);
  const spot = spotAt(text, place[0], place[1]);
  if (isEpochName(normalized)) return { metrics: [], stand: { ...NOWHERE, epoch: spot }, split: null };
  const isMetric = isStem(name) && !isNeverMetric(normalized) && !isSetting(normalized);
  return { metrics: isMetric ? [{ name, ...spot }] : [], stand: { ...NOWHERE }, split: null };
}

function fromObject(head: string, object: Literal): Seen {
  const flat: Flat[] = [];
  flatten(object, '', flat);
  const stand = findStand(head);
  const split = splitOf(head);
  if (SETTINGS.test(head) || isSettingsDump(flat.map((entry) => entry.name)))
    return { metrics: [], stand, split };
  let best = Number.POSITIVE_INFINITY;
  for (const { name, spot } of flat) {
    const own = lastPart(name);
    const rank = stepRank(own);
    if (isEpochName(own)) stand.epoch = spot;
    else if (rank !== undefined && rank < best) {
      best = rank;
      stand.step = spot;
    }
  }
  const metrics =
    labelledValue(head, object, flat) ??
    flat.filter(({ name }) => !isStand(lastPart(name))).map(({ name, spot }) => ({ name, ...spot }));
  // `num` is of how many its `mean` is.
  const named = metrics.filter(({ name }) => !isNeverMetric(normalizeName(name)) && lastPart(name) !== 'num');
  return { metrics: named, stand, split };
}

const lastPart = (path: string): string => normalizeName(path.split('/').at(-1) ?? path);

const isStand = (name: string): boolean =>
  isEpochName(name) || (stepRank(name) !== undefined && name !== 'total_steps');

/** `label: {"value": 1.5}` and `{"name": "acc", "value": 0.5}`. */
function labelledValue(head: string, object: Literal, flat: readonly Flat[]): Found[] | null {
  const entries = object.kind === 'object' ? object.entries : [];
  const value = flat.find((entry) => entry.name === 'value');
  // `eval_accuracy: {"value": {"BBOX": 0.37, "SEGM": 0.34}}`
  const values = flat.filter((entry) => entry.name.startsWith('value/'));
  if (values.length > 0)
    return values.map(({ name, spot }) => ({ name: name.slice('value/'.length), ...spot }));
  if (value === undefined) return entries.some(([key]) => key === 'value') ? [] : null;
  const own = entries.find(
    ([key, literal]) => /^(?:name|key|tag|metric|metric_name)$/.test(key) && literal.kind === 'text',
  )?.[1];
  const name = own?.kind === 'text' ? own.text : LABEL.exec(head)?.[1];
  return name === undefined ? null : [{ name, ...value.spot }];
}

function flatten(literal: Literal, path: string, out: Flat[]): void {
  if (literal.kind === 'object') {
    for (const [key, value] of literal.entries) {
      // `{"epoch": 3, "metrics": {"acc": 0.9}}`: the wrapper is no part of the names.
      const bare = path === '' && value.kind === 'object' && /^(?:results|metrics)$/.test(key);
      flatten(value, bare ? '' : path === '' ? key : `${path}/${key}`, out);
    }
  } else if (literal.kind === 'number') out.push({ name: path, spot: literal.spot });
  else if (literal.kind === 'list') {
    // One number per parameter group: they are the same, or the first one is what people look at.
    const pairs = literal.items.map(asEntry);
    if (pairs.length > 0 && pairs.every((pair) => pair !== null)) {
      for (const [key, value] of pairs) flatten(value, path === '' ? key : `${path}/${key}`, out);
      return;
    }
    const [first] = literal.items;
    if (first?.kind === 'number' && (literal.items.length === 1 || /lr|learning_rate/i.test(path)))
      out.push({ name: path, spot: first.spot });
  }
}

/** `('AP', 0.37)`, one entry of what an OrderedDict prints. */
function asEntry(literal: Literal): [string, Literal] | null {
  if (literal.kind !== 'list' || literal.items.length !== 2) return null;
  const [key, value] = literal.items;
  return key?.kind === 'text' && value !== undefined ? [key.text, value] : null;
}

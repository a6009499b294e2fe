import { type Key, keyAfter, keyBefore, SPLIT } from './keys.js';
import type { NumberToken } from './lex.js';
import {
  endsInPlace,
  hasStem,
  isChosen,
  isEpochName,
  isNeverMetric,
  isSetting,
  isSettingsDump,
  isStem,
  normalizeName,
  sectionOf,
  seriesName,
  splitOf,
  stepRank,
} from './names.js';
import { findStand, prefixEnd } from './progress.js';
import type { Found, Seen } from './seen.js';
import { averageOf, valueAt } from './values.js';

/** What may follow a whole number for it to be a value and not the start of a phrase: `3 of 5 files`. */
const CLOSED =
  /^\s*(?:$|[|,;)\]}([/│┃║·•]|\s-|\t|\s\s|[+±~-])|^\s+(?:[^\s:=]+\s){0,3}[^\s:=]*\s*[:=]|^\s+[^\s\d]+(?:\s[^\s\d]+)?\s+[+-]?\d|^\s[A-Za-z]+\/s(?:ec)?\b/;

const FIELDS = /[|│┃║\t;]|\S {2}|,\s| \/ [a-z]/;

/** A line of a printed configuration: no record has the learning rate alone. */
const LONE_RATE = /^\s*["']?(?:lr|learning[ _]rate)["']?\s*[:=]\s*[\d.eE+-]+,?\s*(?:#.*)?$/i;
/** `rank=0 time (ms) | forward: 112.2 | backward: 201.1` */
const TIMES = /\btimes? \((?:ms|us|s|secs?|seconds)\) *\|/i;
/** `OMP_NUM_THREADS=4`, `export NCCL_IB_TIMEOUT=22`. */
const VARIABLE = /^\s*(?:export |set |- )?[A-Z][A-Z0-9]*_[A-Z0-9_]*=\S*\s*$/;

interface Pair extends Found {
  /** Sure by its form or its words; the others need company. */
  sure: boolean;
  /** Where its name starts. */
  from: number;
}

/**
 * `key: value`, `key=value`, `key value`, with `value (average)`, `value%`, `[value, …]` and `a/b (p%)` for a value.
 * A number is taken when a separator names it, or when the words before it are a metric's; the rest of the line's
 * numbers (times, counts, versions, paths, settings) are left alone.
 */
export function readPairs(text: string, tokens: readonly NumberToken[], loose = false): Seen {
  const pairs: Pair[] = [];
  const names: string[] = [];
  const stand = findStand(text);
  // Without a metric's word or fields, only a separator can name a number.
  const open = loose || FIELDS.test(text) || hasStem(text);
  const places = new Set([stand.epoch, stand.epochs, stand.step, stand.steps].map((spot) => spot?.start));
  let from = 0;
  let opening = text.length;
  let fields = 0;
  const timed = TIMES.exec(text)?.index ?? text.length;
  for (const [index, token] of tokens.entries()) {
    if (token.start > timed) break;
    const previous = from;
    if (!glued(text, token) && !parenthesized(text, token)) from = token.end + token.suffix.length;
    if (token.ratio === 'bottom' || !token.free) continue;
    const key =
      places.has(token.start) || !(open || separated(text, token.start))
        ? null
        : (keyBefore(text, previous, token.start) ?? keyAfter(text, previous, token));
    if (key === null) {
      if (places.has(token.start)) fields += 1;
      continue;
    }
    const normalized = normalizeName(key.name);
    names.push(key.name);
    if (isEpochName(normalized) || stepRank(normalized) !== undefined || endsInPlace(normalized)) {
      fields += 1;
      continue;
    }
    const value =
      isNeverMetric(normalized) || isSetting(normalized) ? null : valueAt(text, token, tokens, index, key);
    const follows = SPLIT.test(key.name) && SPLIT.test(pairs.at(-1)?.name.split(' ').at(-1) ?? '');
    const sure = value === null ? null : judge(text, token, key, value.duration, loose || follows);
    if (value === null || sure === null) continue;
    fields += 1;
    opening = Math.min(opening, key.start);
    pairs.push({ name: key.name, ...value.spot, sure, from: key.start });
    const average = averageOf(text, value.spot.end, token, tokens[index + 1]);
    if (average !== null) pairs.push({ name: `${key.name} (avg)`, ...average, sure, from: value.spot.end });
  }
  const metrics = settle(text, pairs, names, fields);
  return { metrics, stand, split: splitOf(text.slice(0, opening)) ?? splitOfFirst(metrics) };
}

/** `val Loss: 0.21 Acc: 0.92`: the word before the first name holds for the ones after it. */
function splitOfFirst([first, ...others]: readonly Found[]): Seen['split'] {
  const split = first === undefined ? null : splitOf(first.name.split(' ')[0] ?? '');
  const alone = others.every(({ name }) => seriesName(name, 'val') !== name);
  return split !== null && others.length > 0 && alone ? split : null;
}

/** Whether a key and its number are a metric: surely, in company, or (null) not. */
function judge(
  text: string,
  token: NumberToken,
  key: Key,
  duration: boolean,
  loose: boolean,
): boolean | null {
  const after = text.slice(token.end + token.suffix.length);
  const stem = key.words.some(isStem);
  if (
    duration &&
    (key.separator === ' ' ||
      (key.words.length > 1 && !/latency/i.test(key.name)) ||
      !/avg|latency|^train(?:ing)?_time$/i.test(key.name))
  )
    return null;
  if (key.separator === ' ') {
    const field = key.field && /^\s*(?:\([^()]*\)\s*)?(?:$|[|,;│┃║]|\/ [a-z]|\t|\s\s)/i.test(after);
    if (!stem && !loose && !field) return null;
    return token.kind === 'int' && !CLOSED.test(after) ? null : stem || loose;
  }
  if (isPlaceInSource(text, token, stem)) return null;
  if (isChosenAlone(text, key, after)) return null;
  // `91,2%` has a comma for a point, or is a list.
  if (token.kind === 'int' && /^,\d{1,2}(?!\d)/.test(text.slice(token.end))) return null;
  // How many there are of each: `train=50000, val=10000`.
  if (token.kind === 'int' && token.suffix === '' && /^(?:train|val|valid|test|dev)$/i.test(key.name))
    return null;
  if (token.kind === 'int' && /^epoch /i.test(key.name)) return null;
  if (token.kind === 'int' && ((!stem && !CLOSED.test(after)) || key.name.length === 1)) return null;
  // A list of values: one per parameter group for the learning rate, else nobody's single value.
  if (key.listed && /^["']?\.?\s*(?:,|[\d+-])/.test(after) && !/lr|learning.rate/i.test(key.name))
    return null;
  // Of what? Data sets are printed with their `mean: 0.13, std: 0.31`.
  if (/^(?:mean|std)$/i.test(key.name)) return false;
  return (
    stem ||
    key.words.length === 1 ||
    (token.kind === 'real' && STATISTIC.test(key.name) && !isChosen(normalizeName(key.name)))
  );
}

/** Alone in its line, maybe behind a log's prefix: `alpha: 0.25`, `lr = 1e-3  # slow`, `… - params - optimizer.lr = 0.001`. */
function isChosenAlone(text: string, key: Key, after: string): boolean {
  const normalized = normalizeName(key.name);
  if (!isChosen(normalized) || !/^["']?\s*,?\s*(?:#.*)?$/.test(after)) return false;
  if (key.start === text.search(/[^\s"'-]/)) return true;
  // A rate behind a prefix tells how training goes on.
  return !/^(?:lr|learning_rate)$/.test(normalized) && key.start === prefixEnd(text);
}

/** `Mean episode length: 512.1`: a real number that was made of others. */
const STATISTIC =
  /^(?:mean|avg\.?|average|std|median|best|final|highest|lowest|maximum|minimum|overall|global|episode length)\b/i;

/** `[package.module:54]`, `__main__:train:42 - `, `(trainer:338)`: where a logger was called. A metric's word needs a clock time before it. */
const isPlaceInSource = (text: string, token: NumberToken, stem: boolean): boolean => {
  if (token.kind !== 'int' || text[token.start - 1] !== ':') return false;
  const before = text.slice(Math.max(0, token.start - 120), token.start - 1);
  if (SOURCE.test(before)) return true;
  return (
    /^(?:[\])]|\s+(?:[-|]|>>)\s)/.test(text.slice(token.end)) &&
    /[[.:<>\w]$/.test(before) &&
    (stem ? /\d:\d\d[\d.,]*\s+[\w.]+$/ : /(?:[[<(]|[\w>][.:]|\d:\d\d[\d.,]*\s+)[\w.<>-]*$/).test(before)
  );
};
/** `~/.julia/packages/CUDA/src/array.jl:106` */
const SOURCE = /\w\.(?:jl|rs|R|lua|cxx|hpp)$/;

/** Drops what needs company and has none, and lines that dump settings. The first value under a name stays. */
function settle(text: string, pairs: readonly Pair[], names: readonly string[], fields: number): Found[] {
  const told = text.slice(prefixEnd(text));
  if (
    /\b(?:Namespace|Config|Arguments|HParams|TrainingArguments)\(|\boptimizer\W+\w+ ?\(|^\W*(?:using|setting|adjusting|normalizing|initializing)\b|^\s*(?:cmd|command|args|arguments|config)\b\s*[:=]|\boverflow\b/i.test(
      told,
    )
  )
    return [];
  if (isSettingsDump(names) || LONE_RATE.test(text) || VARIABLE.test(text)) return [];
  const company = pairs.some((pair) => pair.sure) || fields > 1;
  return apart(
    text,
    pairs.filter((pair) => pair.sure || company),
  );
}

/** One value per name: the first, and one for each other split that the line goes on to, as in `Train: loss 0.4 Val: loss 0.5`. */
function apart(text: string, pairs: readonly Pair[]): Found[] {
  const seen = new Map<string, string | null>();
  const kept: Found[] = [];
  let section: string | null = null;
  let behind = 0;
  for (const { name, from, sure: _, ...spot } of pairs) {
    section = sectionOf(text.slice(behind, from), name) ?? section;
    behind = spot.end;
    const first = seen.get(name);
    const own = first === undefined || first === section ? name : `${section}/${name}`;
    if (seen.has(own)) continue;
    seen.set(own, section);
    kept.push({ name: own, ...spot });
  }
  return kept;
}

/** Whether a `:` or `=` stands before the number, or an opened call that may have one before it. */
function separated(text: string, start: number): boolean {
  let i = start - 1;
  let call = false;
  while (i >= 0 && ' \t"\'([{'.includes(text[i] ?? '')) {
    call ||= text[i] === '(';
    i -= 1;
  }
  const before = text[i] ?? '';
  return /[:=：→>]/.test(before) || (call && /\w/.test(before));
}

/** The number is a part of a word: it does not end the words of a key. */
function glued(text: string, token: NumberToken): boolean {
  const before = text[token.start - 1] ?? ' ';
  if (token.free && before !== '^') return false;
  const after = text[token.end] ?? ' ';
  return /[-@._/^]/.test(before) || (token.suffix === '' && /[-_]/.test(after));
}

/** `Avg reward (100): 150.2`, `Average reward (last 100 episodes): 19.2`: over how many. */
const parenthesized = (text: string, token: NumberToken): boolean =>
  token.kind === 'int' &&
  /^(?: [a-z]+)?\)\s*[:=]/i.test(text.slice(token.end, token.end + 16)) &&
  /[a-z]\s*\((?:last |past |over )?$/i.test(text.slice(Math.max(0, token.start - 12), token.start));

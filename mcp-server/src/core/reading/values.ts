import type { Key } from './keys.js';
import type { NumberToken } from './lex.js';
import { isStem, normalizeName } from './names.js';
import { isPace } from './pace.js';
import { type Found, scaled, spotAt, toNumber } from './seen.js';

const UNIT =
  /^(?:%|[kKMGT]?i?[bB]it\/s|it\/s|s\/it|[a-zA-Z]+\/s(?:ec(?:ond)?)?|mm|cm|px|deg|ms|s|secs?|seconds?|m|mins?|h|hours?|d|x|dB|db|[a-z]+\/[a-z]+)$/;
const DURATION = /^(?:ms|us|ns|s|secs?|seconds?|m|mins?|minutes?|h|hours?|hrs?|d|days?)$/;
const SPACED_UNIT =
  /^ ?(ms|us|s|secs?|seconds?|mins?|minutes?|hours?|hrs?|h|GB|MB|KB|GiB|MiB|KiB|TB|bytes|[BGMK])(?![\w/])/;
const SPACED_RATE = /^ ?(?:[a-z]+\/[a-z]+|dB|%)(?![\w])/i;
/** `0.0391 s/iter`, `512 ms/step`: a length of time, not a pace. */
const EACH =
  /^ ?(?:ms|us|s|secs?|seconds?) ?\/ ?(?:it|iter|iteration|step|batch|epoch|sample|im(?:g|age)|token)s?(?!\w)/i;
const ARROW = /^ ?(?:-+>|=+>|→) ?$/;
const GROUPED = /^, ['"]?$/;
/** Julia prints a Float32 as `0.41f0`. */
const FLOAT32 = /^f0(?!\w)/;
const THOUSANDS = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d.,]*\d|[eE][+-]?\d)/;
/** `1.7M`, `125.3k`: never bytes, whose names are no metric's. */
const MAGNITUDES: Readonly<Record<string, number>> = { k: 3, K: 3, M: 6, B: 9 };

/** The value that a number stands for, and whether it is a length of time; null when it is none of the key's. */
export function valueAt(
  text: string,
  token: NumberToken,
  tokens: readonly NumberToken[],
  index: number,
  key: Key,
): { spot: Omit<Found, 'name'>; duration: boolean } | null {
  const after = text.slice(token.end, token.end + 24);
  if (token.ratio === 'top' || (token.kind === 'int' && /^\s*\/\s*\d/.test(after)))
    return percentBehind(text, token, tokens, index);
  const power = MAGNITUDES[token.suffix];
  if (power !== undefined && token.kind !== 'word')
    return isCountable(key) ? { spot: magnified(text, token, power), duration: false } : null;
  const next = tokens[index + 1];
  // `ppl: 31.2 --> 21.2`: what it came to. `reward: [(0, '12.1')]`: what the first of a group has.
  const between = next?.free ? text.slice(token.end, next.start) : '';
  if (
    next !== undefined &&
    (ARROW.test(between) || (GROUPED.test(between) && text.endsWith('[(', token.start)))
  )
    return { spot: spotAt(text, next.start, next.end), duration: false };
  if (token.suffix !== '' && !UNIT.test(token.suffix) && !FLOAT32.test(after)) return null;
  const group = token.kind === 'int' ? THOUSANDS.exec(text.slice(token.start, token.start + 40)) : null;
  if (group !== null && key.separator !== ' ') {
    const end = token.start + group[0].length;
    return { spot: { value: toNumber(group[0]), start: token.start, end }, duration: false };
  }
  const spaced = token.suffix === '' ? SPACED_UNIT.exec(after)?.[1] : undefined;
  if (spaced !== undefined && /^[KMGT]?i?B?$|^bytes$/.test(spaced)) return null;
  const duration =
    DURATION.test(token.suffix) || EACH.test(after) || (spaced !== undefined && !SPACED_RATE.test(after));
  return { spot: spotAt(text, token.start, token.end), duration };
}

/** A metric or a pace, that may be so large that it is shortened. */
const isCountable = ({ name, words }: Key): boolean => words.some(isStem) || isPace(normalizeName(name));

function magnified(text: string, token: NumberToken, power: number): Omit<Found, 'name'> {
  const spot = spotAt(text, token.start, token.end);
  return { ...spot, value: scaled(spot.value, power), power };
}

/** `9912/10000 (99%)`: the percentage is the value. */
function percentBehind(
  text: string,
  token: NumberToken,
  tokens: readonly NumberToken[],
  index: number,
): { spot: Omit<Found, 'name'>; duration: boolean } | null {
  const bottom = tokens[index + 1];
  const share = tokens[index + 2];
  if (isCurrentOfAverage(text, token, bottom))
    return { spot: spotAt(text, token.start, token.end), duration: false };
  if (bottom === undefined || share === undefined) return null;
  // `2542/10042 = 0.2531`: so is what it comes to.
  if (share.kind === 'real' && /^\s*=\s*$/.test(text.slice(bottom.end, share.start)))
    return { spot: spotAt(text, share.start, share.end), duration: false };
  if (share.suffix !== '%') return null;
  if (
    !/^\s*\/\s*$/.test(text.slice(token.end, bottom.start)) ||
    !/^\s*\(\s*$/.test(text.slice(bottom.end, share.start))
  )
    return null;
  return text[share.end + 1] === ')' ? { spot: spotAt(text, share.start, share.end), duration: false } : null;
}

/** `loss:[0.514/0.812]`: the value and its running average. */
const isCurrentOfAverage = (text: string, token: NumberToken, next: NumberToken | undefined): boolean =>
  token.kind === 'real' &&
  next?.kind === 'real' &&
  text[token.start - 1] === '[' &&
  text[next.end] === ']' &&
  text.slice(token.end, next.start) === '/';

/** The running average of `0.52 (0.61)`, as meters print it. */
export function averageOf(
  text: string,
  end: number,
  token: NumberToken,
  next: NumberToken | undefined,
): { value: number; start: number; end: number } | null {
  if (next !== undefined && isCurrentOfAverage(text, token, next)) return spotAt(text, next.start, next.end);
  if (next === undefined || next.kind !== token.kind || token.ratio !== null || next.suffix !== token.suffix)
    return null;
  // `* Acc@1 76.1 (23.9)` is no meter: the parenthesis holds something else.
  if (
    /^\s*\*/.test(text) ||
    !/^[%a-z/]*\s?\(\s*$/i.test(text.slice(end, next.start)) ||
    text[next.end + next.suffix.length] !== ')'
  )
    return null;
  return spotAt(text, next.start, next.end);
}

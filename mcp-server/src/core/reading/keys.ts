import { isGraphic, type NumberToken } from './lex.js';
import { followsValue, isQualifier, isStem } from './names.js';

export interface Key {
  name: string;
  words: string[];
  separator: ':' | '=' | ' ';
  /** Where its words start in the text. */
  start: number;
  /** It fills its field from edge to edge: `| ups 4.1 |`. */
  field: boolean;
  /** Its number is the first of a list. */
  listed: boolean;
}

// What may stand between a separator and its number: brackets, quotes, a constructor's name.
const WRAPPERS = /(?:[[({"']|\b(?:tensor|array|Array|(?:np|numpy|torch|jnp|tf)\.\w+|float\d*)\()*\s*$/;
/** `loss tensor(0.41)` */
const MADE = /\s(?:tensor|array|(?:np|numpy|torch|jnp)\.\w+|float\d*)\(\s*$/;
const HARD = /[|,;{}()[\]<>"\t\n:=│┃║·•→：]/;
const LEVEL = /^(?:INFO|DEBUG|WARN(?:ING)?|ERROR|CRITICAL|NOTICE|TRACE|info|debug)\b[\s:-]*/;
const LINKS = /(?:\s+(?:is|was|are|of|reached|now|=|~|≈))+$/i;
// Capitals are an abbreviation: `PER`, `IS`.
const CAPITALS = /^[A-Z]{2,}$/;
const LAST_WORD_NO =
  /^(?:in|of|to|at|for|by|with|took|from|after|the|a|an|and|or|is|was|than|on|every|per|about|around|over|top|using)$/i;
const INSIDE_NO = /^(?:in|of|to|at|for|by|with|took|from|after|and|or|is|was|than)$/i;
const MAX_WORDS = 6;
const FURTHEST = 200;

/**
 * The words that name the number at `to`, looking back no further than `earliest`, where the number before it ended.
 * Null when they cannot be a name.
 */
export function keyBefore(text: string, earliest: number, to: number): Key | null {
  // A name is short: looking further back only costs time.
  const from = Math.max(earliest, to - FURTHEST);
  const lead = text.slice(from, to);
  let rest = lead.replace(WRAPPERS, '');
  const opened = lead.length - rest.length > (/\s*$/.exec(lead)?.[0].length ?? 0);
  const mark = /(?:[:=：→]|[-=]>)\s*$/.exec(rest);
  let separator: Key['separator'] = ' ';
  let spaced = true;
  if (mark !== null) {
    separator = mark[0].startsWith('=') ? '=' : ':';
    spaced = mark.index > 0 && /\s/.test(rest[mark.index - 1] ?? '');
    rest = rest.slice(0, mark.index).replace(/[:=]+$/, '');
  } else if (opened && !MADE.test(lead)) return null;
  // What is said of a name in several words is not part of it: `acc (higher is better) : 0.6`.
  rest = rest.trimEnd();
  const said = /(?<=[\p{L}\p{N}_]) \(((?:[a-z]+ )+[a-z]+)\)$/u.exec(rest);
  if (said !== null && !said[1]?.split(' ').every(isQualifier)) rest = rest.slice(0, said.index);
  if (separator === ' ') rest = rest.replace(LINKS, '');
  const bound = boundary(rest);
  const raw = rest.slice(bound);
  let name = raw
    .replace(/^[^\p{L}\p{N}_]+/u, '')
    .replace(LEVEL, '')
    .replace(/^["'`]+|["'`]+$/g, '');
  if (from > 0 && bound === 0)
    name = name.replace(
      /^(?:[kM]?[a-zA-Z]+\/(?:s|sec|it|step|epoch)|ms|secs?|seconds|GB|MB|%|(?:s|sec|min|m|h)\.)\s+/,
      '',
    );
  if (name === '' || !/\p{L}/u.test(name) || raw.trimStart().startsWith('--')) return null;
  const words = name.split(/\s+/);
  // `collection=train accuracy=0.31`: the value of the pair before is no part of the name.
  if (separator === '=' && words.length > 1 && /\w=$/.test(rest.slice(0, bound)) && /^\w/.test(raw))
    words.shift();
  const boxed = /[|│]/.test(rest[bound - 1] ?? '') && words.length <= 3;
  const chosen = choose(withoutQualifier(words), separator, spaced || boxed);
  if (chosen === null) return null;
  const kept = words.slice(chosen).join(' ');
  if (kept.length > 80 || kept === '__proto__' || (kept.endsWith(')') && !kept.includes('('))) return null;
  const start = from + rest.length - kept.length;
  const whole =
    chosen === 0 &&
    words.length === 1 &&
    (bound === 0 ? from === 0 || /^\s*$/.test(raw.slice(0, raw.indexOf(name))) : true);
  return {
    name: kept,
    words: words.slice(chosen),
    separator,
    start,
    field: whole && edged(rest, bound, from),
    listed: /\[\s*["']?\s*$/.test(lead),
  };
}

/** The words of `value name` in a field of its own: `| 75.6 rew |`. */
export function keyAfter(text: string, from: number, token: NumberToken): Key | null {
  if (!/(?:^|[|,;\t│┃║])\s*$/.test(text.slice(from, token.start))) return null;
  const stop = token.end + token.suffix.length;
  const name = /^\s+([\p{L}][\p{L}\p{N}_/@-]*(?: [\p{L}][\p{L}\p{N}_/@-]*){0,2})\s*(?:$|[|,;\t│┃║)])/u.exec(
    text.slice(stop, stop + 80),
  )?.[1];
  const words = name?.split(' ') ?? [];
  if (name === undefined || !followsValue(words.at(-1) ?? '')) return null;
  return { name, words, separator: ':', start: token.start, field: true, listed: false };
}

const edged = (rest: string, bound: number, from: number): boolean =>
  bound === 0 ? from === 0 : /[|,;\t│┃║]$|\s\s$| \/ $/.test(rest.slice(0, bound));

/** Index behind the last thing that cannot be inside a name. */
function boundary(rest: string): number {
  let depth = 0;
  for (let i = rest.length - 1; i >= 0; i -= 1) {
    const character = rest[i] ?? '';
    // A parenthesis at the name's end belongs to it: `total time (s)`.
    if (character === ')' && i > 0 && (i === rest.length - 1 || depth > 0)) {
      if (
        rest.lastIndexOf('(', i) < 0 ||
        /(?:(?:^|[^\p{L}\p{N}_.])[\d.]+|\))\s*\($/u.test(rest.slice(0, rest.lastIndexOf('(', i) + 1))
      )
        return i + 1;
      depth += 1;
      continue;
    }
    if (character === '(' && depth > 0) {
      depth -= 1;
      continue;
    }
    if (depth > 0) continue;
    if (HARD.test(character) || isGraphic(character.charCodeAt(0))) return i + 1;
    if (character === ' ' && (rest[i - 1] === ' ' || /^\s*\/$/.test(rest.slice(0, i)))) return i + 1;
    if (
      character === ' ' &&
      /[-*#>~=]$/.test(rest.slice(0, i)) &&
      (i < 2 || /[\s\-=*#>~]/.test(rest[i - 2] ?? ' '))
    )
      return i + 1;
    // The end of a sentence, but not `Avg. loss`, `Grad. norm`.
    if (
      character === ' ' &&
      /(?<!\b(?:grad|prec|corr|prob|conf|temp))(?<=[a-z\d]{4})[.!]$|[!?]$/i.test(rest.slice(0, i))
    )
      return i + 1;
    if (character === '.' && rest[i - 1] === '.' && rest[i - 2] === '.') return i + 1;
  }
  return 0;
}

/** `F-score (micro)`, `f1-score (macro avg)`: what is averaged over is part of the name and no word of it. */
function withoutQualifier(words: readonly string[]): readonly string[] {
  const open = words.findLastIndex((word) => word.startsWith('('));
  const qualified = open > 0 && words.at(-1)?.endsWith(')') === true && words.slice(open).every(isQualifier);
  return qualified ? words.slice(0, open) : words;
}

/** From which word on they are a name; null when none can be. */
function choose(words: readonly string[], separator: string, spaced: boolean): number | null {
  const last = words.at(-1) ?? '';
  if (LAST_WORD_NO.test(last) && !CAPITALS.test(last)) return null;
  const whole =
    words.length <= MAX_WORDS &&
    !words.some((word, at) => INSIDE_NO.test(word) && !CAPITALS.test(word) && !isStatisticOf(words, at));
  if (whole && separator === ':') return phase(words);
  if (whole && separator === '=' && spaced) return phase(words);
  if (words.length === 1) return 0;
  // A sentence that ends in a name: its last words that can be one.
  if (separator === ' ' && !words.some(isStem))
    return words.length <= 2 && !LAST_WORD_NO.test(words[0] ?? '') ? 0 : null;
  let from = words.length - 1;
  // `accuracy value: 0.9`
  const named =
    (/^(?:value|score)$/i.test(last) || (separator === ' ' && SPLIT.test(last))) &&
    isStem(words.at(-2) ?? '');
  if (!isStem(last) && !named && (separator !== '=' || spaced)) return null;
  if (/^(?:time|elapsed|eta)$/i.test(words.at(-2) ?? '')) return null;
  while (from > 0) {
    const word = words[from - 1] ?? '';
    // `Test set accuracy`
    const ofSet = word === 'set' && SPLIT.test(words[from - 2] ?? '');
    if (!isStem(word) && !isQualifier(word) && !ofSet) break;
    from -= 1;
  }
  // Where something starts is not what comes out of it: `from score 0.12`.
  if (separator === ' ' && /^from$/i.test(words[from - 1] ?? '')) return null;
  // A word of its own that says nothing without the one before it: `sparse rate 0.1`.
  if (separator === ' ' && from > 0 && from === words.length - 1 && /^(?:rate|ratio)$/i.test(last))
    return null;
  return from + (phase(words.slice(from)) ?? 0);
}

/** `LOSS train 0.41 valid 0.51` */
export const SPLIT = /^(?:train|training|val|valid|validation|test|dev)$/i;

/** `Std of Reward`, not `Accuracy of the network`. */
const isStatisticOf = (words: readonly string[], at: number): boolean =>
  words[at] === 'of' &&
  at === 1 &&
  words.length < 5 &&
  /^(?:std|mean|average|avg|median|max|min|sum|norm|variance|ratio|rate|fraction)$/i.test(words[0] ?? '');

/** `testing psnr`: what is being done is not part of the name. */
function phase(words: readonly string[]): number {
  return words.length > 1 &&
    /^(?:testing|validating|evaluating|(?:e|ep|epoch|it|iter|step)\d+)$/.test(words[0] ?? '')
    ? 1
    : 0;
}

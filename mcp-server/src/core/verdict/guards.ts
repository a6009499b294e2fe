import { LabError } from '../errors.js';
import { formatValue } from '../units.js';

type Operator = '<' | '<=' | '>' | '>=' | '==';

/** A guard rail that a keep must pass besides the primary metric. */
export interface Guard {
  text: string;
  metric: string;
  operator: Operator;
  /** The limit: `factor` × the baseline's value + `offset`; `factor` null = `offset` alone. */
  factor: number | null;
  offset: number;
}

export interface GuardAnswer {
  text: string;
  /** 'unknown': a value is missing or not finite. It is never a pass. */
  answer: 'pass' | 'fail' | 'unknown';
  metric: string;
  value: number | null;
  limit: number | null;
}

const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?`;
const WHOLE = /^([\p{L}_][\p{L}\p{N}_./:@-]*)\s*(<=|>=|==|<|>)\s*(.+)$/u;
const PLAIN = new RegExp(`^${NUMBER}$`, 'i');
const RELATIVE = new RegExp(`^baseline(?:\\s*\\*\\s*(${NUMBER}))?(?:\\s*([+-])\\s*(${NUMBER}))?$`, 'i');
const SWAPPED = new RegExp(`^(${NUMBER})\\s*\\*\\s*baseline$`, 'i');
const HINT =
  'write a metric, an operator (< <= > >= ==) and a limit: peak_vram_mb < 24000, latency_ms <= baseline * 1.05, or size_mb <= baseline + 10';

/** Reads one line of `guards:`. Throws a LabError that says what is wrong with it. */
export function parseGuard(text: string): Guard {
  const trimmed = text.trim();
  const whole = WHOLE.exec(trimmed);
  const [, metric, operator, limit] = whole ?? [];
  if (metric === undefined || limit === undefined || !isOperator(operator)) {
    throw new LabError(`the guard "${trimmed}" is not understood`, HINT);
  }
  if (metric.toLowerCase() === 'baseline') {
    throw new LabError(`the guard "${trimmed}" names no metric: the baseline stands on the right`, HINT);
  }
  const known = { text: trimmed, metric, operator };
  const side = limit.trim();
  if (PLAIN.test(side)) return { ...known, factor: null, offset: finite(side, trimmed) };
  const swapped = SWAPPED.exec(side);
  if (swapped?.[1] !== undefined) return { ...known, factor: finite(swapped[1], trimmed), offset: 0 };
  const relative = RELATIVE.exec(side);
  if (relative === null)
    throw new LabError(`the limit "${side}" of the guard "${trimmed}" is not understood`, HINT);
  const [, factor, sign, offset] = relative;
  return {
    ...known,
    factor: factor === undefined ? 1 : finite(factor, trimmed),
    offset: offset === undefined ? 0 : finite(offset, trimmed) * (sign === '-' ? -1 : 1),
  };
}

function isOperator(word: string | undefined): word is Operator {
  return word === '<' || word === '<=' || word === '>' || word === '>=' || word === '==';
}

function finite(word: string, text: string): number {
  const value = Number(word);
  if (Number.isFinite(value)) return value;
  throw new LabError(`the number ${word} in the guard "${text}" is too large`, HINT);
}

/**
 * Whether a run passes a guard.
 * @param value the run's value of the guard's metric; null = not seen
 * @param baseline the baseline's value of the same metric (of several replicates their mean); only for limits on `baseline`
 */
export function checkGuard(guard: Guard, value: number | null, baseline: number | null): GuardAnswer {
  const { text, metric } = guard;
  const limit =
    guard.factor === null ? guard.offset : baseline === null ? null : guard.factor * baseline + guard.offset;
  const known = { text, metric, value: finiteOrNull(value), limit: finiteOrNull(limit) };
  if (known.value === null || known.limit === null) return { ...known, answer: 'unknown' };
  return { ...known, answer: holds(known.value, guard.operator, known.limit) ? 'pass' : 'fail' };
}

function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function holds(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
  }
}

/** One sentence. */
export function guardWords({ answer, text, metric, value, limit }: GuardAnswer): string {
  if (answer === 'unknown') {
    const missing = value === null ? `${metric} was not seen` : `the baseline has no ${metric}`;
    return `guard ${text}: unknown, ${missing}`;
  }
  const numbers = `${metric} ${formatValue(value)}, limit ${formatValue(limit)}`;
  return answer === 'pass' ? `guard ${text}: passed (${numbers})` : `guard ${text}: failed (${numbers})`;
}

/** What is wrong with a guard and how to write it, or null. */
export function guardProblem(text: string): string | null {
  try {
    parseGuard(text);
    return null;
  } catch (error) {
    if (error instanceof LabError) return `${error.message}; ${error.hint}`;
    throw error;
  }
}

import { isChosen, isNeverMetric, isSetting, isStem, normalizeName } from './names.js';
import { prefixEnd } from './progress.js';
import { type Found, NOWHERE, type Seen, spotAt } from './seen.js';

const TITLE = /^(?:\$(\w+)|([\p{L}][\p{L}\p{N}_@/.-]*(?: [\p{L}\p{N}_@/().-]+){0,4}):)\s*$/u;
const NUMBER = '[+-]?(?:\\d+\\.\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';
// `0.93`, R's `[1] 0.93`, `[0.93]`
const ONE = new RegExp(`^\\s*(?:\\[\\d+\\] |\\[)?(${NUMBER})[%\\]]?\\s*$`, 'd');
const MANY = new RegExp(`^\\s*\\[\\s*(${NUMBER}(?:(?:,\\s*|\\s+)${NUMBER}){1,16})\\s*\\]\\s*$`, 'd');
const EACH = new RegExp(NUMBER, 'g');

/** The metric that a line names and leaves to the next one, as `Dice per class:`, `Accuracy:` and R's `$val_loss`; null when it names none. */
export function readTitle(text: string): string | null {
  const found = TITLE.exec(text.slice(prefixEnd(text)));
  const name = found?.[1] ?? found?.[2];
  if (name === undefined || name.length > 60 || !name.split(' ').some(isStem)) return null;
  const normalized = normalizeName(name);
  return isNeverMetric(normalized) || isSetting(normalized) || isChosen(normalized) ? null : name;
}

/** A line of nothing but the value of that metric, or its values: `Dice per class [0]`, `Dice per class [1]`. */
export function readTitled(text: string, name: string): Seen | null {
  const one = ONE.exec(text)?.indices?.[1];
  const many = one === undefined ? MANY.exec(text)?.indices?.[1] : undefined;
  const metrics: Found[] = [];
  if (one !== undefined) metrics.push({ name, ...spotAt(text, one[0], one[1]) });
  if (many !== undefined) {
    for (const value of text.slice(many[0], many[1]).matchAll(EACH)) {
      const start = many[0] + value.index;
      metrics.push({ name: `${name} [${metrics.length}]`, ...spotAt(text, start, start + value[0].length) });
    }
  }
  return metrics.length === 0 ? null : { metrics, stand: { ...NOWHERE }, split: null };
}

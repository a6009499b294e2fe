import { type Spot, spotAt } from './seen.js';

/** A value of a printed object. Numbers keep where they stand. */
export type Literal =
  | { kind: 'number'; spot: Spot }
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: Literal[] }
  | { kind: 'object'; entries: Array<[string, Literal]> }
  | { kind: 'other' };

const NUMBER = /[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|nan|inf(?:inity)?)(?![\w.])/iy;
const WORD = /[A-Za-z_][\w.]*/y;
const MAX_ENTRIES = 512;
const MAX_DEPTH = 8;

/**
 * Reads the object that opens at `from`: JSON, or what Python prints for a dict (single quotes, None, nan, tuples,
 * `tensor(0.5)`, `np.float64(0.5)`). Null when it is not one, or is cut off. Returns the offset behind it as well.
 */
export function parseObject(text: string, from: number): { value: Literal; end: number } | null {
  const cursor = new Cursor(text, from);
  const value = cursor.value(0);
  return value?.kind === 'object' || value?.kind === 'list' ? { value, end: cursor.at } : null;
}

class Cursor {
  at: number;
  #entries = 0;

  constructor(
    readonly text: string,
    from: number,
  ) {
    this.at = from;
  }

  value(depth: number): Literal | null {
    this.#space();
    const opening = this.text[this.at];
    if (depth > MAX_DEPTH || opening === undefined || this.#entries > MAX_ENTRIES) return null;
    if (opening === '{') return this.#object(depth);
    if (opening === '[') return this.#list(depth, ']');
    if (opening === '(') return this.#list(depth, ')');
    if (opening === '"' || opening === "'") return this.#text(opening);
    const number = this.#match(NUMBER);
    if (number !== null) return { kind: 'number', spot: spotAt(this.text, this.at - number.length, this.at) };
    if (this.#match(WORD) === null) return null;
    if (this.text[this.at] !== '(') return { kind: 'other' };
    // A constructor's call stands for its first argument: tensor(0.5, device='cuda:0').
    const call = this.#list(depth, ')');
    return call?.kind === 'list' ? (call.items[0] ?? { kind: 'other' }) : null;
  }

  #object(depth: number): Literal | null {
    const entries: Array<[string, Literal]> = [];
    this.at += 1;
    for (;;) {
      this.#space();
      if (this.#take('}')) return { kind: 'object', entries };
      const key = this.value(depth + 1);
      this.#space();
      if (key === null || !this.#take(':')) return null;
      const value = this.value(depth + 1);
      if (value === null) return null;
      this.#entries += 1;
      if (key.kind === 'text') entries.push([key.text, value]);
      else if (key.kind === 'number') entries.push([String(key.spot.value), value]);
      this.#space();
      if (!this.#take(',') && this.text[this.at] !== '}') return null;
    }
  }

  #list(depth: number, close: string): Literal | null {
    const items: Literal[] = [];
    this.at += 1;
    for (;;) {
      this.#space();
      if (this.#take(close)) return { kind: 'list', items };
      const item = this.value(depth + 1);
      if (item === null) return null;
      this.#entries += 1;
      this.#space();
      // Keyword arguments of a call: device='cuda:0'.
      if (item.kind === 'other' && this.#take('=')) {
        if (this.value(depth + 1) === null) return null;
      } else items.push(item);
      this.#space();
      if (!this.#take(',') && this.text[this.at] !== close) return null;
    }
  }

  #text(quote: string): Literal | null {
    const from = this.at + 1;
    let i = from;
    while (i < this.text.length && this.text[i] !== quote) i += this.text[i] === '\\' ? 2 : 1;
    if (i >= this.text.length) return null;
    this.at = i + 1;
    const text = this.text.slice(from, i);
    NUMBER.lastIndex = from;
    const number = NUMBER.exec(this.text);
    // Some loggers quote their numbers: "eval_accuracy": "0.5".
    if (number !== null && number[0].length === text.length)
      return { kind: 'number', spot: spotAt(this.text, from, i) };
    return { kind: 'text', text };
  }

  #space(): void {
    while (this.at < this.text.length && /\s/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  #take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.at += found[0].length;
    return found[0];
  }
}

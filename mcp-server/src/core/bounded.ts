/**
 * Cuts by the size of what a host is sent, which is JSON: quotes, backslashes and line breaks count twice. Sizes are
 * characters of JSON, the unit of every bound on an answer.
 */
export const jsonSize = (value: unknown): number => JSON.stringify(value).length;

/** The beginning of a text; `mark` ends it where something was cut. */
export function headWithin(text: string, max: number, mark = '…'): string {
  if (jsonSize(text) <= max) return text;
  const kept = longest(text.length, (length) => jsonSize(text.slice(0, length) + mark) <= max);
  return whole(text.slice(0, kept)) + mark;
}

/** The end of a text. */
export function tailWithin(text: string, max: number): string {
  if (jsonSize(text) <= max) return text;
  const kept = longest(text.length, (length) => jsonSize(text.slice(text.length - length)) <= max);
  return whole(text.slice(text.length - kept));
}

/** The first items that fit together. */
export function firstWithin<T>(items: readonly T[], max: number): T[] {
  let room = max;
  const end = items.findIndex((item) => {
    room -= jsonSize(item) + 1;
    return room < 0;
  });
  return end < 0 ? [...items] : items.slice(0, end);
}

/** The last items that fit together, in their order. */
export function lastWithin<T>(items: readonly T[], max: number): T[] {
  return firstWithin([...items].reverse(), max).reverse();
}

/** The largest length up to `most` that fits, where whatever is longer than one that does not fit does not either. */
function longest(most: number, fits: (length: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Without the half of a character that a cut has left at either end. */
const whole = (text: string): string => text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');

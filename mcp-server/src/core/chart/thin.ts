/** Curves of any length made ready for a picture: smoothed over all their points, then thinned to what the picture can show. */

/** Points of a curve in the order of `x`. Values may be NaN or infinite. */
export interface Points {
  x: Float64Array;
  y: Float64Array;
}

export interface Thinned {
  x: number[];
  /** Null where the curve has a gap: a value that is not finite. */
  y: (number | null)[];
}

export interface Stretch {
  /** Both ends belong to it. */
  from: number;
  to: number;
  /** Of the picture, in pixels: so many parts are told apart. */
  columns: number;
}

/**
 * The points within a stretch. Up to two for each column all of them, so that sparse curves (evaluations) stay whole; of
 * more, the lowest and the highest of each column, besides the first and the last. The best point is one of these. One
 * point beyond each end is given too, so that lines leave the picture.
 */
export function thinned({ x, y }: Points, { from, to, columns }: Stretch): Thinned {
  const first = Math.max(0, lowerBound(x, from) - 1);
  const end = Math.min(x.length, upperBound(x, to) + 1);
  const out: Thinned = { x: [], y: [] };
  const put = (index: number): void => {
    const value = y[index] ?? Number.NaN;
    out.x.push(x[index] ?? 0);
    out.y.push(Number.isFinite(value) ? value : null);
  };
  if (end - first <= 2 * columns) {
    for (let index = first; index < end; index++) put(index);
    return out;
  }
  const begin = x[first] ?? 0;
  const width = ((x[end - 1] ?? 0) - begin) / columns || 1;
  let at = first;
  for (let column = 0; column < columns && at < end; column++) {
    const limit = begin + width * (column + 1);
    const start = at;
    while (at < end && ((x[at] ?? 0) < limit || column === columns - 1)) at += 1;
    for (const index of notable(y, start, at, start === first, at === end)) put(index);
  }
  return out;
}

/** Of [start, end): lowest, highest, one that is not finite, and where wanted the ends; in order, each once. */
function notable(
  y: Float64Array,
  start: number,
  end: number,
  withFirst: boolean,
  withLast: boolean,
): number[] {
  if (start >= end) return [];
  let low = -1;
  let high = -1;
  let gap = -1;
  for (let index = start; index < end; index++) {
    const value = y[index] ?? Number.NaN;
    if (!Number.isFinite(value)) gap = index;
    else {
      if (low < 0 || value < (y[low] ?? 0)) low = index;
      if (high < 0 || value > (y[high] ?? 0)) high = index;
    }
  }
  const chosen = [low, high, gap, withFirst ? start : -1, withLast ? end - 1 : -1];
  return [...new Set(chosen.filter((index) => index >= 0))].sort((a, b) => a - b);
}

/**
 * The exponential moving average with its start corrected (Kingma and Ba 2015, "Adam", section 3; as TensorBoard draws
 * it). `weight` in [0, 1): how much of the past stays with each point. Values that are not finite stay and count for nothing.
 */
export function smoothed(y: Float64Array, weight: number): Float64Array {
  const out = new Float64Array(y.length);
  let mean = 0;
  let share = 1;
  for (let index = 0; index < y.length; index++) {
    const value = y[index] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      out[index] = value;
      continue;
    }
    mean = mean * weight + (1 - weight) * value;
    share *= weight;
    out[index] = mean / (1 - share);
  }
  return out;
}

/** The same points in the order of x; those that have none are left out. Curves of resumed trainings go back. */
export function ordered({ x, y }: Points): Points {
  let sorted = true;
  let last = Number.NEGATIVE_INFINITY;
  for (const place of x) {
    // Also false for NaN.
    if (!(place >= last)) {
      sorted = false;
      break;
    }
    last = place;
  }
  if (sorted) return { x, y };
  const order = Array.from(x.keys())
    .filter((index) => Number.isFinite(x[index]))
    .sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0));
  return {
    x: Float64Array.from(order, (index) => x[index] ?? 0),
    y: Float64Array.from(order, (index) => y[index] ?? 0),
  };
}

/** Index of the first x that is not below `value`. */
function lowerBound(x: Float64Array, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((x[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index behind the last x that is not above `value`. */
function upperBound(x: Float64Array, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((x[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

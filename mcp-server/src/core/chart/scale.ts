import { linearTicks, logTicks, wholeTicks } from './ticks.js';

/** Where values lie along an axis. */
export interface Scale {
  ticks: number[];
  /** 0 at the low end, 1 at the high end; outside of that for values beyond the ends. */
  at(value: number): number;
}

export interface ScaleOptions {
  log?: boolean;
  /** Ticks at whole numbers only. */
  whole?: boolean;
  /** Room beyond the outermost values, as a share of the span. */
  pad?: number;
  /** Lets a few far outliers leave the picture instead of flattening all the rest. */
  robust?: boolean;
  /** Values that stay in the picture however far out they lie. */
  keep?: readonly number[];
  /** About how many ticks. */
  count: number;
}

/** Beyond these, differences and quotients of numbers overflow or vanish. */
const HUGE = 1e300;
const TINY = 1e-290;

/** A scale that shows the finite ones of `values`; [0, 1] when there are none. Log scales show positive values only. */
export function makeScale(values: readonly number[], options: ScaleOptions): Scale {
  const keep = options.keep ?? [];
  const log =
    options.log === true && [...values, ...keep].some((value) => value > 0 && Number.isFinite(value));
  const into = (value: number) => (log ? Math.log10(value) : Math.min(Math.max(value, -HUGE), HUGE));
  const order = (list: readonly number[]) =>
    list
      .filter(Number.isFinite)
      .map(into)
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
  const main = order(values);
  const shown = order(keep).concat(options.robust ? mainRange(main) : ends(main));
  let [low, high] = shown.length === 0 ? [0, 1] : [Math.min(...shown), Math.max(...shown)];
  // One value only, or several that no picture can tell apart.
  if (high - low <= Math.max(Math.abs(high) * 1e-9, TINY)) {
    const half = log ? 0.5 : Math.abs(high) > TINY ? Math.abs(high) * 0.05 : 0.5;
    [low, high] = [low - half, high + half];
  }
  const pad = (high / 2 - low / 2) * 2 * (options.pad ?? 0);
  low -= pad;
  high += pad;
  const ticks = log
    ? logTicks(low, high, options.count)
    : (options.whole ? wholeTicks : linearTicks)(low, high, options.count);
  // Halves first: the span of two huge values of opposite sign is itself infinite.
  return { ticks, at: (value) => (into(value) / 2 - low / 2) / (high / 2 - low / 2) };
}

const ends = (sorted: readonly number[]): number[] => [...sorted.slice(0, 1), ...sorted.slice(-1)];

/** The ends, drawn in to where most values lie when an end is much farther out (2.5 spans of the middle 80 %). */
function mainRange(sorted: readonly number[]): number[] {
  const [low, high] = ends(sorted);
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const reach = 2.5 * (quantile(0.9) - quantile(0.1));
  if (low === undefined || high === undefined || sorted.length < 5 || !(reach > 0)) return ends(sorted);
  return [Math.max(low, quantile(0.1) - reach), Math.min(high, quantile(0.9) + reach)];
}

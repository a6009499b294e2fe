import { statSync } from 'node:fs';
import type { RunLimits } from '../../core/run-record.js';

const TEN_MINUTES = 600_000;
const KEPT = 64;

/**
 * How regularly a log grows, and whether it has stopped. `auto`: silent for the larger of 10 minutes and 5 × the
 * median gap between the last 64 times it grew. Times in milliseconds.
 */
export function createPace(start: number, limit: RunLimits['stall_timeout']) {
  let last = start;
  const gaps: number[] = [];
  return {
    /** Tells of one look at the log. */
    tick(now: number, grew: boolean): void {
      if (!grew) return;
      gaps.push(now - last);
      if (gaps.length > KEPT) gaps.shift();
      last = now;
    },
    /** It cannot print anything now: its silence counts from here. */
    rest(now: number): void {
      last = now;
    },
    lastGrowth: (): number => last,
    /** How long it has been silent, when that is too long; else null. */
    stalledFor(now: number): number | null {
      if (limit === 'off') return null;
      const silent = now - last;
      if (limit === 'auto' && silent <= TEN_MINUTES) return null;
      const allowed = limit === 'auto' ? Math.max(TEN_MINUTES, 5 * median(gaps)) : limit * 1000;
      return allowed > 0 && silent > allowed ? silent : null;
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** True while a file was written to within the last `ms`. */
export function wroteWithin(path: string, now: number, ms: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && now - stat.mtimeMs < ms;
}

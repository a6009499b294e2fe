const HOUR_MS = 3_600_000;

/**
 * Milliseconds until another cycle may begin under `agent.max_cycles_per_hour`; 0 = at once. `begun` are the times (ISO
 * 8601) at which cycles began, oldest first, and `perHour` 0 means no limit.
 */
export function cycleWait(begun: readonly string[], perHour: number, now: number): number {
  if (perHour === 0 || begun.length < perHour) return 0;
  const first = Date.parse(begun[begun.length - perHour] ?? '');
  // A clock that was set back must not make the loop sleep for longer than the hour that is meant.
  return Math.min(HOUR_MS, Math.max(0, first + HOUR_MS - now));
}

/** How far a series of values has come. */
export interface Reached {
  step: number | null;
  epoch: number | null;
}

/**
 * Whether a structured source counts before the log for a metric that both have. It does, because it has every value and
 * all digits; but a writer may hold its values back for minutes, and lose them with the process. So not while the log
 * is further by the same count.
 */
export function prefersSource(source: Reached, log: Reached): boolean {
  if (source.epoch !== null && log.epoch !== null) return source.epoch >= log.epoch;
  if (source.step !== null && log.step !== null) return source.step >= log.step;
  return true;
}

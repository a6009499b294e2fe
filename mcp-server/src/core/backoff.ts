/** Longest pause between two tries. */
const LONGEST_MS = 30 * 60_000;
const FIRST_MS = 15_000;

/**
 * Milliseconds until the next try after `failures` in a row (1 = the first): 15 s, doubled each time up to half an hour,
 * between a half and the whole of it by chance, so that controllers that failed together do not come back together.
 */
export function backOff(failures: number, random: () => number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(20, Math.max(0, failures - 1)));
  return whole * (0.5 + random() / 2);
}

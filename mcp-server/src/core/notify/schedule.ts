/** How hard is tried to deliver a message, and how often a channel is used. Times in milliseconds. */
const BACKOFF = [5_000, 15_000, 60_000, 180_000, 600_000, 1_800_000, 1_800_000];
/** A service that asks for more patience than this is asked again then all the same. */
const LONGEST_RETRY_AFTER = 3_600_000;

/** Tries of one message in all. */
export const MAX_TRIES = BACKOFF.length + 1;
/** Older news are not told any more. */
export const STALE_MS = 24 * 3_600_000;

const HOUR = 3_600_000;
const BUSY = 10;
const GAP = 5_000;
const BUSY_GAP = 300_000;

/** How long to wait after the `failed`-th failure of a message. `random` in [0, 1): many projects must not return at once. */
export function retryDelay(failed: number, retryAfter: number | null, random: number): number {
  const own = BACKOFF[Math.min(failed, BACKOFF.length) - 1] ?? 0;
  const asked = Math.min(retryAfter ?? 0, LONGEST_RETRY_AFTER);
  return Math.max(asked, own * (0.8 + 0.4 * random));
}

/**
 * When the next message may go to a channel: a few seconds after the last one, so that what happens together is told
 * together; after ten within an hour, five minutes.
 */
export function nextTurn(sentAt: readonly number[], now: number): number {
  const last = Math.max(Number.NEGATIVE_INFINITY, ...sentAt);
  const busy = sentAt.filter((at) => at > now - HOUR).length >= BUSY;
  return last + (busy ? BUSY_GAP : GAP);
}

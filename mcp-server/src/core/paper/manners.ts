/** What the polite HTTP client needs of the disk; the store implements it, because adapters know no project and no home. */

/** What all our processes know of one group of hosts. */
export interface TurnState {
  /** When the last request began, milliseconds since 1970; 0 = never. */
  lastAt: number;
  /** No request before this instant. */
  blockedUntil: number;
  /** Why it is blocked. */
  why: 'rate_limited' | 'unavailable' | null;
  /** Failures in a row. */
  failures: number;
}

/** A queue per group of hosts over all processes of this user: one request at a time. */
export interface Turns {
  /** Runs `act` alone in its group. What it returns as `state` is what the next one sees. Rejects with what `act` throws. */
  take<T>(
    group: string,
    act: (state: TurnState, save: (state: TurnState) => void) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
}

export interface CachedBody {
  url: string;
  /** When it came, and until when it counts as fresh; milliseconds since 1970. */
  at: number;
  freshUntil: number;
  contentType: string;
  body: Uint8Array;
}

/** Answers that were given before. What is in it can always be asked again, so nothing of it is precious. */
export interface BodyCache {
  read(key: string): CachedBody | null;
  write(key: string, entry: CachedBody): void;
}

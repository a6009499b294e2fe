import { backOff } from '../../core/backoff.js';
import { errorText } from '../../core/errors.js';
import { ProviderError } from '../../core/provider.js';
import { clip, oneLine } from '../../core/text.js';
import type { Moment, Stopping, Waiting } from './planner.js';
import { Overspent } from './till.js';

/**
 * When a provider may be asked again. Limits and outages are nobody’s failure: nothing is asked until the time that the
 * provider named, or for a pause that doubles up to half an hour. What only a person can mend is remembered as the end.
 * It is not written down: after a kill the first call finds it out again.
 */
export interface Hush {
  /** Null = ask. */
  now(): Waiting | Stopping | null;
  /** Takes note of what a call has thrown. Throws what is no fault of a provider’s. */
  heard(error: unknown): void;
  /** An answer came. */
  over(): void;
}

export function createHush({ clock, random }: Moment['lab']): Hush {
  let until = Number.NEGATIVE_INFINITY;
  let why = '';
  let end: Stopping | null = null;
  let inARow = 0;
  return {
    now() {
      if (end !== null) return end;
      // A clock that was set back must not make a short pause a long one.
      if (until - clock() > 8 * 24 * 3_600_000) until = clock();
      return clock() < until ? { do: 'wait', until, why } : null;
    },
    heard(error) {
      if (error instanceof Overspent) {
        end = { do: 'stop', reason: error.message };
        return;
      }
      if (!(error instanceof ProviderError)) throw error;
      if (['auth', 'quota', 'no_model', 'setup'].includes(error.fault)) {
        end = { do: 'stop', reason: error.message, hint: error.hint };
        return;
      }
      inARow += 1;
      const named = error.retryAt;
      // Those who were told the same time do not all come in the same instant.
      until = named === null ? clock() + backOff(inARow, random) : Math.max(named, clock()) + random() * 2000;
      why = `sleeping until ${new Date(until).toISOString().slice(0, 19)}Z: ${clip(oneLine(errorText(error)), 200)}`;
    },
    over() {
      inARow = 0;
      until = Number.NEGATIVE_INFINITY;
    },
  };
}

import type { Campaign } from './campaign.js';
import type { RecordOf } from './ledger.js';

/** The last directive that was done by a pause, by going on, or by stopping. */
export const standingOrder = ({ directives }: Campaign): RecordOf<'directive'> | undefined =>
  [...directives.values()].findLast(
    ({ state, outcome }) => state === 'done' && /^(paused|resumed|stopped)/.test(outcome ?? ''),
  );

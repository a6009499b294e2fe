import { formatGain, formatValue } from '../units.js';
import type { AlphaState } from './alpha.js';
import type { ConfirmDecision } from './look.js';
import { gainWords, type ShrunkGain } from './shrink.js';

/** One short sentence for a person or an agent. `shrunk` is wanted for a confirmed one, `alpha` is the state after it. */
export function confirmWords(
  decided: ConfirmDecision,
  alpha: AlphaState | null = null,
  shrunk: ShrunkGain | null = null,
): string {
  const seeds = `${decided.used.candidate} fresh seed${decided.used.candidate === 1 ? '' : 's'}`;
  const budget =
    alpha === null ? '' : `; α ${formatValue(round(alpha.spent))} of ${formatValue(alpha.total)} spent`;
  const gain = decided.gain === null ? '' : formatGain(decided.gain);
  const test =
    decided.t === null
      ? ''
      : ` (t ${decided.t.toFixed(1)}${decided.bound === null ? '' : `, ${decided.bound.toFixed(1)} needed`})`;
  switch (decided.why) {
    case 'clear':
      return `confirmed: ${shrunk === null ? gain : gainWords(shrunk)} on ${seeds}${budget}`;
    case 'hopeless':
      return `rejected: ${gain} on ${seeds} leaves no hope of a gain${budget}`;
    case 'not-clear':
      return `inconclusive: ${gain} on ${seeds}${test} is not told from noise${budget}`;
    case 'diverged':
      return `rejected: a fresh seed gave no finite value${budget}`;
    case 'seed-not-used':
      return `inconclusive: ${gain}, but all replicates are equal to the last bit, so the seed does not reach the training and the noise cannot be measured${budget}`;
    case 'seeds-wanted':
      return `under way: ${gain === '' ? 'no fresh seed yet' : `${gain} on ${seeds}${test}`}; next: ${wanted(decided.wants)}`;
  }
}

function wanted({ candidate, champion }: ConfirmDecision['wants']): string {
  const parts = [
    ...(candidate > 0 ? [`${candidate} of the candidate`] : []),
    ...(champion > 0 ? [`${champion} of the champion`] : []),
  ];
  return `${parts.join(' and ')} on fresh seeds`;
}

function round(value: number): number {
  return Number(value.toPrecision(2));
}

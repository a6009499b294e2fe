import { renderCards } from './card.js';
import type { DigestAnswer } from './digest.js';

/** A digest as text: what happened, the picks, what was left out and why. */
export function renderDigest({ message, top, also, skipped, notes }: DigestAnswer): string {
  const left = Object.entries(skipped).map(([why, count]) => `${count} ${why}`);
  return [
    message,
    ...(top.length === 0 ? [] : ['Top picks', renderCards(top)]),
    ...(also.length === 0 ? [] : ['Also worth reading', renderCards(also)]),
    ...(left.length === 0 ? [] : [`left out: ${left.join(', ')}`]),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

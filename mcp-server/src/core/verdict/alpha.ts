import { LabError } from '../errors.js';
import { RULE } from './rule.js';

/** What the campaign may risk, and what of it is used. All are probabilities of any false keep. */
export interface AlphaState {
  /** The whole budget. */
  total: number;
  /** Used by the confirmations that ended without a keep. */
  spent: number;
  /** total − spent. */
  left: number;
  /** What the next confirmation is allotted. */
  next: number;
  /** Number of the next charged confirmation, from 1. */
  number: number;
}

/**
 * The α allotted to the k-th charged confirmation: α·h/((k+h−1)(k+h)). The sum over the first k is α·k/(k+h), so all
 * confirmations together, however many, use less than α, and half of it is used after h.
 *
 * Charged are confirmations that ended without a keep (rejected, inconclusive, or still under way): a keep hands its share
 * on to the next. That holds the budget: until the first false keep every null that was tested has failed, so the j-th null
 * stands at the j-th place or later, where the allotment is no greater; the union bound over these is Σ ≤ α.
 * Source: the fallback procedure for an unending sequence of tests, J. Tian & A. Ramdas, "Online control of the familywise
 * error rate", Stat. Methods Med. Res. 30 (2021) 976–993.
 *
 * @param total the campaign's α, 0 < α < 1
 * @param charged confirmations begun so far that have not ended in a keep
 */
export function allotAlpha(total: number, charged: number, half: number = RULE.half): AlphaState {
  if (!(total > 0 && total < 1)) {
    throw new LabError(
      `experiment.alpha is ${total}: it must lie between 0 and 1`,
      'write the chance of any false keep over the whole campaign, for instance alpha: 0.05',
    );
  }
  const k = Math.max(0, Math.floor(charged));
  const spent = (total * k) / (k + half);
  return {
    total,
    spent,
    left: total - spent,
    next: (total * half) / ((k + half) * (k + half + 1)),
    number: k + 1,
  };
}

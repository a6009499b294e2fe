import type { Campaign } from './campaign.js';
import type { Trial } from './sweep/propose.js';

/** What a process that lives for weeks keeps of runs and plans that it has let go: see `forget`. */
export interface Past {
  /** Ids of the runs. */
  runs: Set<string>;
  /** Of them: launched; ended; and, of those that repeat no other, confirmed and crashed. */
  launched: number;
  ended: number;
  confirmed: number;
  crashed: number;
  plans: number;
  /** The run that tried it, by the fingerprint of a plan: those that gave a result. */
  tried: Map<number, string>;
  /** What points of the config’s search space gave, in the order of their plans; `counted` are the plans that are kept all the same. */
  trials: Trial[];
  counted: Set<string>;
  entries: number;
}

export const emptyPast = (): Past => ({
  runs: new Set(),
  launched: 0,
  ended: 0,
  confirmed: 0,
  crashed: 0,
  plans: 0,
  tried: new Map(),
  trials: [],
  counted: new Set(),
  entries: 0,
});

/** Plans ever made. */
export const plansMade = ({ plans, past }: Campaign): number => plans.length + (past?.plans ?? 0);

/** Runs that ever ended, those that repeat another among them. */
export const runsEnded = ({ ended, past }: Campaign): number => ended.length + (past?.ended ?? 0);

/** Results and decisions ever written. */
export const entriesWritten = ({ entries, past }: Campaign): number => entries.length + (past?.entries ?? 0);

/** Those of a list that came after the first `known` of all that ever were; `all` counts those that were let go too. */
export const after = <T>(list: readonly T[], all: number, known: number): T[] =>
  known >= all ? [] : list.slice(Math.max(0, list.length - (all - known)));

import type { Owner } from './record.js';

/** One thing that was done, or that a dry run would do. */
export interface Act {
  do: 'create' | 'change' | 'remove' | 'restore' | 'same' | 'keep';
  owner: Owner;
  path: string;
  /** What it is, or why it stays. */
  what: string;
  /** Keys and values, one a line. */
  entries: string[];
}

/** Where something is only said, and where it is done. */
export interface Doing {
  dry: boolean;
  tell(act: Act): void;
}

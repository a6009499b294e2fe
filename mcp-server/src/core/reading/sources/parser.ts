import type { MetricRecord } from '../../metric.js';

/** What a parser makes of some bytes. */
interface Parsed {
  /** In order; `line` is the number of the record in its file, from 1. */
  records: MetricRecord[];
  /** Bytes that are done with. The rest is given again, with more behind it. May be beyond what was given: that is skipped. */
  used: number;
}

/**
 * Reads one structured file piece by piece. It holds no bytes: what it could not use is given to it again, so its state
 * is a few numbers and names, and the records do not depend on how the file was cut.
 */
export interface SourceParser {
  /** `bytes` follow on what was used before. `last`: nothing will follow. */
  push(bytes: Uint8Array, last: boolean): Parsed;
  /** The file was written anew from its beginning. Rows that are the same as before are not given again. */
  restart(): void;
  /** Damaged records that were skipped. */
  damaged(): number;
  /** Plain JSON, bounded. */
  snapshot(): unknown;
}

/** Most bytes that a parser is given at once. What is longer than a half of it is never a record of scalars. */
export const PIECE = 1 << 20;
export const LONGEST_RECORD = PIECE >> 1;

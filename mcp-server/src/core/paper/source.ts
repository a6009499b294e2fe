import { LabError } from '../errors.js';
import type { Paper } from './paper.js';
import type { Edition } from './venues.js';

/** Why a source gave no answer. `not_published`: it works and has no such list yet. */
export type SourceTrouble =
  | 'rate_limited'
  | 'unavailable'
  | 'refused'
  | 'malformed'
  | 'not_found'
  | 'not_published';

/** A source that did not answer, with what kind of trouble it has and until when. */
export class SourceError extends LabError {
  readonly trouble: SourceTrouble;
  /** Milliseconds since 1970; null when the source did not say. */
  readonly until: number | null;

  constructor(
    trouble: SourceTrouble,
    message: string,
    hint: string,
    { until = null, ...options }: ErrorOptions & { until?: number | null } = {},
  ) {
    super(message, hint, options);
    this.trouble = trouble;
    this.until = until;
  }
}

export interface Reply<T> {
  value: T;
  /** True when the source did not answer and an older answer from the cache stands in. */
  stale: boolean;
  /** When the source gave it, milliseconds since 1970. */
  at: number;
  /** Bytes of the raw bodies that were read. */
  bytes: number;
  /** What was left out or could not be read, in words. */
  notes: string[];
}

export interface Question {
  words: string;
  /** Years, inclusive. */
  from: number | null;
  to: number | null;
  limit: number;
  sort: 'relevance' | 'citations' | 'date';
}

/** A feed of announcements. `day` names its batch (`YYYY-MM-DD`), null when the source does not say. */
export interface Feed {
  day: string | null;
  papers: Paper[];
  /** Papers that the source says there are; null when it does not. */
  total: number | null;
}

/** Where papers come from. Each does what it can; every failure is a SourceError. */
export interface PaperSource {
  readonly name: string;
  /** All accepted papers of an edition; null when the source does not keep this venue. */
  list?(edition: Edition, signal: AbortSignal): Promise<Reply<Paper[]>> | null;
  search?(question: Question, signal: AbortSignal): Promise<Reply<Paper[]>>;
  /** What is known of papers by their ids; null for those it does not know. In the same order. */
  lookUp?(papers: readonly Pick<Paper, 'ids'>[], signal: AbortSignal): Promise<Reply<(Paper | null)[]>>;
  /** The newest announcements of some categories. */
  announced?(categories: readonly string[], signal: AbortSignal): Promise<Reply<Feed>>;
  /** What was submitted between two instants (milliseconds since 1970), for batches that a feed no longer shows. */
  submitted?(
    categories: readonly string[],
    window: { from: number; to: number },
    signal: AbortSignal,
  ): Promise<Reply<Feed>>;
}

/** Full text: the source archive of a paper, or its HTML. Null when there is none. */
export interface PaperText {
  source(id: string, version: number | null, signal: AbortSignal): Promise<Uint8Array | null>;
  html(id: string, version: number | null, signal: AbortSignal): Promise<string | null>;
}

/** All sources of this program, in the order in which they are asked. */
export interface Literature {
  sources: readonly PaperSource[];
  text: PaperText;
  /** Vectors of texts from an endpoint that the user has set up. Throws SourceError. */
  embed(
    request: { url: string; model: string; texts: readonly string[] },
    signal: AbortSignal,
  ): Promise<number[][]>;
}

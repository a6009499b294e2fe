import type { Readable, Writable } from 'node:stream';

/** One `/bin/sh` on the host: what is written is run. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when it is over, with the reason in words where the connection failed. Never rejects. */
  readonly ended: Promise<Error>;
  /** Gives it up; what was started on the host is not touched by this. */
  close(): void;
}

/** A connection to one host, over which shells are opened. */
export interface Link {
  readonly name: string;
  /** Rejects with a LabError where it is known at once that the host cannot be reached. */
  open(): Promise<Channel>;
  /** Drops what is shared between shells, after it did not answer: the next one begins anew. */
  reset(): Promise<void>;
  close(): void;
}

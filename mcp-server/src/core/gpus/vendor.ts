import type { Gpu } from '../gpu.js';
import type { ExecResult } from '../ports.js';

/** A GPU as its vendor's program tells it. Its state is decided by one rule for all vendors. */
export type GpuReading = Omit<Gpu, 'state'>;

export type VendorAnswer = Pick<ExecResult, 'code' | 'stdout' | 'stderr' | 'timedOut'>;

export interface VendorReport {
  gpus: GpuReading[];
  /** What is wrong and how to mend it, in words for a person; GPUs that still answer are listed beside it. */
  error: string | null;
  notes: string[];
}

/** How one maker's GPUs are asked after. Data only: the engine runs the queries, on whatever machine. */
export interface GpuVendor {
  readonly name: string;
  /** Commands, asked one after the other. The first one tells whether the vendor's program is there at all. */
  readonly queries: readonly (readonly string[])[];
  /** Advice for when a query is slow. */
  readonly whenSlow: string;
  /**
   * Answers in the order of the queries; fewer than queries when an earlier one hung. Never throws, whatever the
   * text: what cannot be read becomes null, a note or the error.
   */
  parse(answers: readonly VendorAnswer[]): VendorReport;
}

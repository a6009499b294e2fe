import type { Gpu } from '../gpu.js';
import type { ExecResult } from '../ports.js';

/** A GPU as its vendor's program tells it. Its state is decided by one rule for all vendors. */
export type GpuReading = Omit<Gpu, 'state'> & {
  /** Why nothing should be started on it, to follow "GPU 2 …" in a sentence. Absent = no reason is known. */
  sick?: string;
};

export type VendorAnswer = Pick<ExecResult, 'code' | 'stdout' | 'stderr' | 'timedOut'> & {
  /** How long it took, in milliseconds. */
  ms?: number;
};

export interface VendorReport {
  gpus: GpuReading[];
  /** What is wrong and how to mend it, in words for a person; GPUs that still answer are listed beside it. */
  error: string | null;
  notes: string[];
}

/** Asks one command after the other: yields a command, is given its answer, and returns what they say together. */
type Inquiry = Generator<readonly string[], VendorReport, VendorAnswer>;

/** What does not change from one inquiry of a machine to the next: refused fields, names of cards. Kept by the caller. */
export type Known = Map<string, string>;

/** How one maker's GPUs are asked after. No I/O: the engine runs the commands, on whatever machine. */
export interface GpuVendor {
  readonly name: string;
  /** Programs that tell about its GPUs. It is asked where at least one of them is there. */
  readonly programs: readonly string[];
  /** Advice for when a command is slow; null where that is the nature of the program. */
  readonly whenSlow: string | null;
  /** Asked only where no other vendor told of a GPU. */
  readonly lastResort?: boolean;
  /** Never throws, whatever the answers: what cannot be read becomes null, a note or the error. */
  inquire(has: (program: string) => boolean, known: Known): Inquiry;
}

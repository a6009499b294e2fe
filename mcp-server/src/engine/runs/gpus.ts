import { LabError } from '../../core/errors.js';
import type { Gpu, GpuSurvey } from '../../core/gpu.js';
import { gpuState } from '../../core/gpus/free.js';
import type { GpuVendor, VendorAnswer, VendorReport } from '../../core/gpus/vendor.js';
import type { Clock, ExecOptions, Machine } from '../../core/ports.js';
import { processUsers } from './process-users.js';

/** A driver that hangs must not hang us. */
const QUERY_TIMEOUT_MS = 10_000;
const SLOW_MS = 1000;

export interface SurveyOptions {
  machine: Pick<Machine, 'exec' | 'name'>;
  vendors: readonly GpuVendor[];
  /** Measures how long a driver takes; monotonic when absent. */
  clock?: Clock;
  signal?: AbortSignal | undefined;
}

/**
 * The GPUs of a machine and who uses them. Resolves whatever is wrong with drivers or the connection: `error` then says
 * what, and how to mend it, beside the GPUs that still answer. No GPU program at all is no error. Rejects only with the
 * reason of `signal`.
 */
export async function surveyGpus({
  machine,
  vendors,
  clock = () => performance.now(),
  signal,
}: SurveyOptions): Promise<GpuSurvey> {
  const options: ExecOptions = { timeoutMs: QUERY_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  try {
    const asked = await Promise.all(vendors.map((vendor) => ask(machine, vendor, clock, options)));
    signal?.throwIfAborted();
    const reports = asked.filter((report) => report !== null);
    const gpus = reports
      .flatMap((report) => report.gpus)
      .map((gpu): Gpu => ({ ...gpu, state: gpuState(gpu) }));
    const pids = gpus.flatMap((gpu) => gpu.processes.map((process) => process.pid));
    const users = await processUsers(machine, pids, signal);
    signal?.throwIfAborted();
    const errors = reports.flatMap((report) => report.error ?? []);
    const notes =
      reports.length === 0 ? [noProgram(machine, vendors)] : reports.flatMap((report) => report.notes);
    return {
      machine: machine.name,
      gpus: gpus.map((gpu) => withUsers(gpu, users)),
      error: errors.length === 0 ? null : errors.join(' '),
      ...(notes.length === 0 ? {} : { notes }),
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { machine: machine.name, gpus: [], error: `${error.message}: ${error.hint}` };
  }
}

/** One vendor’s report, or null where its program is not installed. */
async function ask(
  machine: Pick<Machine, 'exec'>,
  vendor: GpuVendor,
  clock: Clock,
  options: ExecOptions,
): Promise<VendorReport | null> {
  const answers: VendorAnswer[] = [];
  let slowest = 0;
  for (const query of vendor.queries) {
    const began = clock();
    const answer = await machine.exec(query, options);
    if (answers.length === 0 && isAbsent(answer)) return null;
    slowest = Math.max(slowest, clock() - began);
    answers.push(answer);
    if (answer.timedOut || options.signal?.aborted === true) break;
  }
  const report = vendor.parse(answers);
  if (slowest <= SLOW_MS || answers.some((answer) => answer.timedOut)) return report;
  const seconds = (slowest / 1000).toFixed(1);
  const slow = `${vendor.queries[0]?.[0] ?? vendor.name} took ${seconds} s to answer: ${vendor.whenSlow}.`;
  return { ...report, notes: [...report.notes, slow] };
}

/** 127 is what a shell says of a program that it does not find, and a loader of a library. */
function isAbsent(answer: VendorAnswer): boolean {
  return answer.code === 127 && !/shared librar/i.test(answer.stderr);
}

function noProgram(machine: Pick<Machine, 'name'>, vendors: readonly GpuVendor[]): string {
  const programs = vendors.map((vendor) => vendor.queries[0]?.[0] ?? vendor.name).join(', ');
  return `${machine.name} has no program that tells about GPUs (looked for ${programs}). If it has a GPU, install its driver.`;
}

function withUsers(gpu: Gpu, users: ReadonlyMap<number, string>): Gpu {
  const processes = gpu.processes.map((process) => ({
    ...process,
    user: users.get(process.pid) ?? process.user,
  }));
  return { ...gpu, processes };
}

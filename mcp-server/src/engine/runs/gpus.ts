import { LabError } from '../../core/errors.js';
import type { Gpu, GpuSurvey } from '../../core/gpu.js';
import { gpuKey } from '../../core/gpus/choose.js';
import { gpuState } from '../../core/gpus/free.js';
import type { GpuReading, GpuVendor, Known, VendorAnswer, VendorReport } from '../../core/gpus/vendor.js';
import type { Clock, ExecOptions, Machine } from '../../core/ports.js';
import { processUsers } from './process-users.js';

/** A driver that hangs must not hang us. */
const QUERY_TIMEOUT_MS = 10_000;
/** Nor must many slow answers: after this, what is left of a vendor’s questions counts as not answered. */
const ALL_QUERIES_MS = 20_000;
const SLOW_MS = 1000;
const UNANSWERED: VendorAnswer = { code: null, stdout: '', stderr: '', timedOut: true };
/** A report on eight GPUs with all their slices is some 600 KB. */
const MAX_BYTES = 4 * 1024 * 1024;

export interface SurveyOptions {
  machine: Pick<Machine, 'exec' | 'name'>;
  vendors: readonly GpuVendor[];
  /** Which of these programs the machine has; asked of its shell when absent. */
  present?: ((programs: readonly string[]) => Promise<readonly string[]> | readonly string[]) | undefined;
  /** What earlier surveys of this machine have learned of its drivers. */
  known?: Known;
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
  present,
  known = new Map(),
  clock = () => performance.now(),
  signal,
}: SurveyOptions): Promise<GpuSurvey> {
  const options: ExecOptions = {
    timeoutMs: QUERY_TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    const programs = vendors.flatMap((vendor) => vendor.programs);
    const there = new Set(await (present ?? presentOn(machine, options))(programs));
    signal?.throwIfAborted();
    const ask = (vendor: GpuVendor) => inquire(machine, vendor, there, known, clock, options);
    const asked = vendors.filter(({ programs: own }) => own.some((program) => there.has(program)));
    const reports = await Promise.all(asked.filter((vendor) => vendor.lastResort !== true).map(ask));
    if (reports.every((report) => report.gpus.length === 0))
      reports.push(...(await Promise.all(asked.filter((vendor) => vendor.lastResort === true).map(ask))));
    signal?.throwIfAborted();
    const readings = reports.flatMap((report) => report.gpus);
    const pids = readings.flatMap((gpu) => gpu.processes.map((process) => process.pid));
    const users = await processUsers(machine, pids, signal);
    signal?.throwIfAborted();
    const errors = reports.flatMap((report) => report.error ?? []);
    const notes =
      reports.length === 0 ? [noProgram(machine, vendors)] : reports.flatMap((report) => report.notes);
    const sick = readings.flatMap((gpu) =>
      gpu.sick === undefined ? [] : [[gpuKey(gpu), gpu.sick] as const],
    );
    return {
      machine: machine.name,
      gpus: readings.map((gpu) => shown(gpu, users)),
      error: errors.length === 0 ? null : errors.join(' '),
      ...(notes.length === 0 ? {} : { notes }),
      ...(sick.length === 0 ? {} : { sick: Object.fromEntries(sick) }),
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { machine: machine.name, gpus: [], error: `${error.message}: ${error.hint}` };
  }
}

/** One vendor’s report: each command that it wants, within its time. */
async function inquire(
  machine: Pick<Machine, 'exec'>,
  vendor: GpuVendor,
  there: ReadonlySet<string>,
  known: Known,
  clock: Clock,
  options: ExecOptions,
): Promise<VendorReport> {
  const inquiry = vendor.inquire((program) => there.has(program), known);
  let slowest = { program: vendor.name, ms: 0 };
  const begin = clock();
  let step = inquiry.next();
  while (step.done !== true) {
    const began = clock();
    if (began - begin > ALL_QUERIES_MS) {
      step = inquiry.next(UNANSWERED);
      continue;
    }
    const answer = await machine.exec(step.value, options);
    // What an abort cut off says nothing; whoever aborts is told by the caller.
    options.signal?.throwIfAborted();
    const ms = clock() - began;
    if (ms > slowest.ms && !answer.timedOut) slowest = { program: step.value[0] ?? vendor.name, ms };
    step = inquiry.next({ ...answer, ms });
  }
  const report = step.value;
  if (slowest.ms <= SLOW_MS || vendor.whenSlow === null) return report;
  const slow = `${slowest.program} took ${(slowest.ms / 1000).toFixed(1)} s to answer: ${vendor.whenSlow}.`;
  return { ...report, notes: [...report.notes, slow] };
}

/** Asks the machine’s shell, in one command for all of them. */
function presentOn(machine: Pick<Machine, 'exec'>, options: ExecOptions) {
  return async (programs: readonly string[]): Promise<string[]> => {
    const script = 'for p in "$@"; do command -v "$p" > /dev/null 2>&1 && echo "$p"; done; :';
    const { stdout } = await machine.exec(['sh', '-c', script, 'sh', ...programs], options);
    return stdout.split('\n').map((line) => line.trim());
  };
}

function noProgram(machine: Pick<Machine, 'name'>, vendors: readonly GpuVendor[]): string {
  const programs = vendors.flatMap((vendor) => vendor.programs.slice(0, 1)).join(', ');
  return `${machine.name} has no program that tells about GPUs (looked for ${programs}). If it has a GPU, install its driver.`;
}

/** As it is shown: with the users of its processes, and with its state. */
function shown({ sick, ...gpu }: GpuReading, users: ReadonlyMap<number, string>): Gpu {
  const processes = gpu.processes.map((process) => ({
    ...process,
    user: users.get(process.pid) ?? process.user,
  }));
  const sane = {
    ...gpu,
    memory_used_mb: notNegative(gpu.memory_used_mb),
    memory_total_mb: notNegative(gpu.memory_total_mb),
    utilization_pct: notNegative(gpu.utilization_pct),
    power_w: notNegative(gpu.power_w),
    processes,
  };
  return { ...sane, state: sick === undefined ? gpuState(sane) : 'error' };
}

/** A sensor’s way to say that it has nothing to say. */
const notNegative = (value: number | null): number | null => (value === null || value < 0 ? null : value);

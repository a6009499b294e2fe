import type { GpuReading, GpuVendor, Known, VendorAnswer, VendorReport } from '../../core/gpus/vendor.js';
import { clip, oneLine } from '../../core/text.js';
import { isFault, numberIn, textIn } from './cells.js';
import { readCsv } from './nvidia-csv.js';
import { failuresIn } from './nvidia-failures.js';
import { HEALTH_ATTEMPTS, healthFields, learnRefused, readHealth, readXids } from './nvidia-health.js';
import { listedGpus, slicesOf } from './nvidia-mig.js';
import { isReport, readReport } from './nvidia-report.js';
import { isTable, readTable } from './nvidia-table.js';

/** Old fields only: one that a driver does not know fails the whole query. */
const GPU_FIELDS = [
  'index',
  'uuid',
  'name',
  'driver_version',
  'pstate',
  'temperature.gpu',
  'utilization.gpu',
  'memory.total',
  'memory.used',
  'power.draw',
  'power.limit',
  'mig.mode.current',
] as const;

const APP_FIELDS = ['gpu_uuid', 'pid', 'process_name', 'used_gpu_memory'] as const;

/** A driver that needs longer than this is not asked after its health as well. */
const HURRIED_MS = 1500;

/**
 * NVIDIA, through nvidia-smi (format: `nvidia-smi --help-query-gpu`, `--help-query-compute-apps`). Processes are joined
 * on the UUID. A GPU that is divided (MIG) is told by its slices.
 */
export const nvidia: GpuVendor = {
  name: 'nvidia',
  programs: ['nvidia-smi'],
  whenSlow:
    'without persistence mode the driver starts anew for every question; "sudo nvidia-smi -pm 1" keeps it loaded',
  *inquire(_has, known) {
    let answer: VendorAnswer = yield gpuQuery([]);
    let base = readBase(answer);
    if (base.gpus.length === 0 && /no longer answers/.test(base.error ?? '')) {
      // One that is lost hides the others from a question about all of them.
      const list = yield ['nvidia-smi', '-L'];
      const others = listedGpus(list.stdout);
      if (others.length > 0) {
        const { error } = base;
        answer = yield gpuQuery([`--id=${others.join(',')}`]);
        base = readBase(answer);
        base.error = error;
      }
    }
    if (base.gpus.length === 0) return withKernel(base, new Map(), yield* kernelLog(base));
    const { gpus, notes } = base;
    if (!base.whole) {
      const apps = yield [
        'nvidia-smi',
        `--query-compute-apps=${APP_FIELDS.join(',')}`,
        '--format=csv,noheader,nounits',
      ];
      notes.push(...joinProcesses(gpus, base.divided, apps));
      if (apps.timedOut) return base;
    }
    const bus = (answer.ms ?? 0) > HURRIED_MS ? new Map() : yield* health(base, known);
    const slices = base.divided.length === 0 ? gpus : yield* divide(base);
    return withKernel({ ...base, gpus: slices }, bus, yield* kernelLog(base));
  },
};

const gpuQuery = (which: readonly string[]): string[] => [
  'nvidia-smi',
  `--query-gpu=${GPU_FIELDS.join(',')}`,
  ...which,
  '--format=csv,noheader,nounits',
];

interface Base extends VendorReport {
  /** GPUs with MIG slices. */
  divided: GpuReading[];
  /** The answer told the processes as well. */
  whole: boolean;
  /** A cell told of a fault. */
  faulty: boolean;
}

type Ask<T> = Generator<readonly string[], T, VendorAnswer>;

function* health(base: Base, known: Known): Ask<Map<number, string>> {
  for (let attempt = 0; attempt < HEALTH_ATTEMPTS; attempt += 1) {
    const fields = healthFields(known);
    if (fields.length === 0) break;
    const answer = yield ['nvidia-smi', `--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
    if (answer.timedOut) break;
    if (learnRefused(known, answer)) continue;
    const { bus, notes } = readHealth(base.gpus, answer, fields);
    base.notes.push(...notes);
    return bus;
  }
  return new Map();
}

/** The slices of the divided GPUs in their places; a GPU whose slices are not told stays whole, with a note. */
function* divide(base: Base): Ask<GpuReading[]> {
  const list = yield ['nvidia-smi', '-L'];
  const report = yield ['nvidia-smi', '-q', '-x'];
  return base.gpus.flatMap((gpu) => {
    if (!base.divided.includes(gpu)) return [gpu];
    const slices = slicesOf(gpu, list.stdout, report.stdout);
    base.notes.push(
      ...(slices?.notes ?? [
        `GPU ${gpu.index} is divided into MIG slices, which nvidia-smi did not tell; a run that is given it sees one slice.`,
      ]),
    );
    return slices?.gpus ?? [gpu];
  });
}

/** Read only where something is wrong: then it often says what. It needs rights on many hosts. */
function* kernelLog(base: Base): Ask<string> {
  const odd = base.faulty || base.gpus.some((gpu) => gpu.sick !== undefined);
  if (!odd && (base.error === null || !/no longer answers|hangs/.test(base.error))) return '';
  const { code, stdout } = yield ['dmesg'];
  return code === 0 ? stdout : '';
}

function withKernel(
  { gpus, error, notes }: VendorReport,
  bus: ReadonlyMap<number, string>,
  dmesg: string,
): VendorReport {
  return { gpus, error, notes: [...notes, ...readXids(dmesg, bus)] };
}

/** The GPUs of an answer in whatever form it came: the rows that were asked for, or a report of `nvidia-smi -q`. */
function readBase(answer: VendorAnswer): Base {
  if (isReport(answer.stdout)) {
    const reports = readReport(answer.stdout);
    const gpus = reports.map(({ gpu }) => gpu);
    const divided = reports.filter(({ slices }) => slices.length > 0).map(({ gpu }) => gpu);
    const errors = problems(answer, [], gpus.length > 0);
    return { gpus, error: joined(errors), notes: [], divided, whole: true, faulty: false };
  }
  if (isTable(answer.stdout)) {
    const gpus = readTable(answer.stdout);
    const errors = gpus.length > 0 ? [] : problems(answer, [answer.stdout], false);
    return { gpus, error: joined(errors), notes: [], divided: [], whole: true, faulty: false };
  }
  const { rows, rest } = readCsv(answer.stdout, GPU_FIELDS, { wide: 'name', number: 'index', counted: true });
  const gpus = rows.map(gpuOf);
  const notes = rows.flatMap(faultsOf);
  const nameless = rows.length === 0 ? namelessRows(rest) : [];
  const errors =
    nameless.length > 0
      ? [
          `nvidia-smi answered in other columns than the ${GPU_FIELDS.length} it was asked for, so that its numbers have no names. See what is called nvidia-smi here: "command -v nvidia-smi".`,
        ]
      : problems(answer, rest, rows.length > 0);
  return {
    gpus: nameless.length > 0 ? nameless : gpus,
    error: joined(errors),
    notes,
    divided: gpus.filter((_, at) => rows[at]?.['mig.mode.current'] === 'Enabled'),
    whole: false,
    faulty: notes.length > 0,
  };
}

const joined = (errors: readonly string[]): string | null => (errors.length === 0 ? null : errors.join(' '));

function gpuOf(row: Record<string, string>): GpuReading {
  return {
    index: Number(row.index),
    uuid: /^GPU-[0-9a-f-]+$/i.test(row.uuid ?? '') ? (row.uuid ?? null) : null,
    vendor: 'nvidia',
    name: textIn(row.name),
    memory_used_mb: numberIn(row['memory.used']),
    memory_total_mb: numberIn(row['memory.total']),
    utilization_pct: numberIn(row['utilization.gpu']),
    temperature_c: numberIn(row['temperature.gpu']),
    power_w: numberIn(row['power.draw']),
    processes: [],
    ...sickBy(Object.values(row)),
  };
}

function sickBy(cells: readonly string[]): Pick<GpuReading, 'sick'> {
  const cell = cells.find((text) => isFault(text) && /reset|lost/i.test(text));
  if (cell === undefined) return {};
  const said = cell.replace(/[[\]]/g, '');
  return { sick: `is sick: it answers "${said}"; reset it (nvidia-smi --gpu-reset) or reboot` };
}

/** Rows of other columns than those that were asked for: which GPU each is can be told, its numbers cannot. */
function namelessRows(lines: readonly string[]): GpuReading[] {
  const rows = lines.map((line) => line.split(',').map((cell) => cell.trim()));
  if (rows.some((cells) => cells.length < 3 || !/^\d{1,3}$/.test(cells[0] ?? ''))) return [];
  return rows.map((cells) =>
    gpuOf({
      index: cells[0] ?? '',
      uuid: cells.find((cell) => cell.startsWith('GPU-')) ?? '',
      name: cells.find((cell) => /[A-Za-z]/.test(cell) && !/^(?:GPU-|\[)/.test(cell)) ?? '',
    }),
  );
}

function faultsOf(row: Record<string, string>): string[] {
  const faults = Object.keys(row).filter((field) => isFault(row[field]));
  return faults.map((field) => `GPU ${row.index} answers "${row[field]}" for ${field}; dmesg may tell why.`);
}

/** What went wrong with an answer, in words. Text that nobody knows is quoted, never interpreted. */
function problems(answer: VendorAnswer, rest: readonly string[], someAnswered: boolean): string[] {
  if (answer.timedOut) {
    return [
      'nvidia-smi did not answer in time: the driver hangs. Look for "Xid" in dmesg; it may need a reboot.',
    ];
  }
  const said = [...rest, answer.stderr].join('\n');
  const known = failuresIn(said);
  if (known.length > 0) return known;
  if (answer.code === 0 && (someAnswered || rest.length === 0)) {
    return someAnswered ? [] : failuresIn('No devices were found');
  }
  const quoted = clip(oneLine(said), 200);
  const how =
    answer.code === null ? 'was ended by a signal' : answer.code === 0 ? '' : `exited with ${answer.code}`;
  const saying = quoted === '' ? '' : `${how === '' ? 'answered' : ' and said'} "${quoted}"`;
  return [`nvidia-smi ${how}${saying}. Run nvidia-smi by hand to see more.`];
}

/** Adds the processes to their GPUs. Returns notes on what could not be told. */
function joinProcesses(
  gpus: readonly GpuReading[],
  divided: readonly GpuReading[],
  answer: VendorAnswer,
): string[] {
  if (answer.timedOut || answer.code !== 0) {
    return ['nvidia-smi did not tell which processes use the GPUs; only memory and load show who works.'];
  }
  const { rows: apps, rest } = readCsv(answer.stdout, APP_FIELDS, { wide: 'process_name', number: 'pid' });
  const notes: string[] = [];
  for (const app of apps) {
    const told = app.gpu_uuid ?? '';
    // Rows of another question.
    if (!/^(?:GPU|MIG)-/.test(told)) continue;
    const gpu = gpus.find((one) => one.uuid !== null && sameGpu(told, one.uuid)) ?? onlyOne(divided);
    if (gpu === undefined) {
      notes.push(`Process ${app.pid} uses the GPU ${told}, which is not listed.`);
      continue;
    }
    const name = textIn(app.process_name);
    gpu.processes.push({
      pid: Number(app.pid),
      name: name === null ? null : clip(name, 200),
      user: null,
      memory_mb: numberIn(app.used_gpu_memory),
    });
  }
  const unread = rest.filter((line) => /^(?:GPU|MIG)-/.test(line)).length;
  if (unread > 0) notes.push(`${unread} line${unread === 1 ? '' : 's'} on GPU processes could not be read.`);
  return notes;
}

/** Older drivers name a slice `MIG-GPU-<uuid>/<instance>/<instance>`. */
function sameGpu(told: string, uuid: string): boolean {
  return told === uuid || told.startsWith(`MIG-${uuid}/`);
}

/** A slice’s own UUID does not name its GPU; where only one GPU has slices, it is that one. */
function onlyOne(divided: readonly GpuReading[]): GpuReading | undefined {
  return divided.length === 1 ? divided[0] : undefined;
}

import type { GpuReading, GpuVendor, VendorAnswer, VendorReport } from '../../core/gpus/vendor.js';
import { clip, oneLine } from '../../core/text.js';
import { isFault, numberIn, readCsv, textIn } from './nvidia-csv.js';
import { failuresIn } from './nvidia-failures.js';

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

/**
 * NVIDIA, through nvidia-smi (format: `nvidia-smi --help-query-gpu`, `--help-query-compute-apps`). Processes are joined
 * on the UUID. The slices of a MIG GPU are not listed by themselves; their processes name the whole GPU.
 */
export const nvidia: GpuVendor = {
  name: 'nvidia',
  queries: [
    ['nvidia-smi', `--query-gpu=${GPU_FIELDS.join(',')}`, '--format=csv,noheader,nounits'],
    ['nvidia-smi', `--query-compute-apps=${APP_FIELDS.join(',')}`, '--format=csv,noheader,nounits'],
  ],
  whenSlow:
    'without persistence mode the driver starts anew for every question; "sudo nvidia-smi -pm 1" keeps it loaded',
  parse,
};

function parse([gpuAnswer, appAnswer]: readonly VendorAnswer[]): VendorReport {
  if (gpuAnswer === undefined) return { gpus: [], error: null, notes: [] };
  const { rows, rest } = readCsv(gpuAnswer.stdout, GPU_FIELDS, { wide: 'name', number: 'index' });
  const gpus = rows.map(gpuOf);
  const notes = rows.flatMap(notesOf);
  const errors = problems(gpuAnswer, rest, rows.length > 0);
  if (gpus.length > 0) notes.push(...joinProcesses(gpus, rows, appAnswer));
  return { gpus, error: errors.length === 0 ? null : errors.join(' '), notes };
}

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
  };
}

function notesOf(row: Record<string, string>): string[] {
  const faults = Object.keys(row).filter((field) => isFault(row[field]));
  const notes = faults.map(
    (field) => `GPU ${row.index} answers "${row[field]}" for ${field}; dmesg may tell why.`,
  );
  if (row['mig.mode.current'] === 'Enabled') {
    notes.push(`GPU ${row.index} is divided into MIG slices; a run that is given it sees one slice.`);
  }
  return notes;
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
  rows: readonly Record<string, string>[],
  answer: VendorAnswer | undefined,
): string[] {
  if (answer === undefined || answer.timedOut || answer.code !== 0) {
    return ['nvidia-smi did not tell which processes use the GPUs; only memory and load show who works.'];
  }
  const { rows: apps, rest } = readCsv(answer.stdout, APP_FIELDS, { wide: 'process_name', number: 'pid' });
  const notes: string[] = [];
  for (const app of apps) {
    const gpu =
      gpus.find((one) => one.uuid !== null && sameGpu(app.gpu_uuid ?? '', one.uuid)) ?? onlyMig(gpus, rows);
    if (gpu === undefined) {
      notes.push(`Process ${app.pid} uses the GPU ${app.gpu_uuid}, which is not listed.`);
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
function onlyMig(
  gpus: readonly GpuReading[],
  rows: readonly Record<string, string>[],
): GpuReading | undefined {
  const divided = gpus.filter((_, at) => rows[at]?.['mig.mode.current'] === 'Enabled');
  return divided.length === 1 ? divided[0] : undefined;
}

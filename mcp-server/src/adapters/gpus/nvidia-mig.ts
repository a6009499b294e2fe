import type { GpuReading } from '../../core/gpus/vendor.js';
import { readReport } from './nvidia-report.js';

interface Listed {
  gpu: number;
  device: number;
  profile: string;
  uuid: string;
}

/** UUIDs of the GPUs that `nvidia-smi -L` lists; one that is lost makes a line of its own. */
export function listedGpus(list: string): string[] {
  return [...list.matchAll(/^GPU \d+: .*\(UUID: (GPU-[0-9a-f-]+)\)/gim)].map((match) => match[1] ?? '');
}

/** The slices in `nvidia-smi -L`: `  MIG 1g.10gb     Device  0: (UUID: MIG-…)` below its GPU. */
function listedSlices(list: string): Listed[] {
  const slices: Listed[] = [];
  let gpu = -1;
  for (const line of list.split(/\r?\n/)) {
    const whole = /^GPU (\d+):/.exec(line);
    if (whole !== null) gpu = Number(whole[1]);
    const slice = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)\s]+)\)/.exec(line);
    if (slice === null || gpu < 0) continue;
    const [, profile = '', device = '', uuid = ''] = slice;
    slices.push({ gpu, device: Number(device), profile, uuid });
  }
  return slices;
}

/**
 * The slices of a divided GPU in its place, each with its own UUID and memory, since that is what a run can be given;
 * null when they are not told. The driver tells no load and no power of a slice; the silicon’s temperature is the GPU’s.
 */
export function slicesOf(
  gpu: GpuReading,
  list: string,
  report: string,
): { gpus: GpuReading[]; notes: string[] } | null {
  const listed = listedSlices(list).filter((slice) => slice.gpu === gpu.index);
  const reports = readReport(report);
  const own = reports.find((one) => one.gpu.uuid === gpu.uuid) ?? reports[gpu.index];
  if (listed.length === 0 || own === undefined) return null;
  const slices: GpuReading[] = [];
  for (const { device, profile, uuid } of listed) {
    const told = own.slices.find((slice) => slice.device === device);
    if (told === undefined) return null;
    const { memory_used_mb, memory_total_mb, processes } = told;
    slices.push({
      ...gpu,
      uuid,
      name: `${gpu.name ?? 'GPU'} MIG ${profile}`,
      memory_used_mb,
      memory_total_mb,
      utilization_pct: null,
      power_w: null,
      processes,
    });
  }
  const placed = new Set(slices.flatMap((slice) => slice.processes.map(({ pid }) => pid)));
  const lost = gpu.processes.filter(({ pid }) => !placed.has(pid));
  const power = gpu.power_w === null ? '' : `; it draws ${Math.round(gpu.power_w)} W as a whole`;
  const notes = [
    `GPU ${gpu.index} is divided into ${slices.length} MIG slice${slices.length === 1 ? '' : 's'}, which are leased one by one${power}.`,
  ];
  if (lost.length > 0)
    notes.push(
      `Of GPU ${gpu.index} the driver does not tell which slice ${lost.length === 1 ? 'process' : 'processes'} ${lost.map(({ pid }) => pid).join(', ')} use${lost.length === 1 ? 's' : ''}; the memory of the slices shows it.`,
    );
  return { gpus: slices, notes };
}

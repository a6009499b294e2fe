import type { GpuReading } from '../../core/gpus/vendor.js';
import { clip } from '../../core/text.js';
import { numberIn, textIn } from './cells.js';
import { allBelow, child, type Item, readIndented, readXml, valueAt } from './item-tree.js';

type Process = GpuReading['processes'][number];

/** One slice as `-q` tells it; its UUID stands in `-L` only. */
interface SliceReading {
  device: number;
  memory_used_mb: number | null;
  memory_total_mb: number | null;
  processes: Process[];
  /** Slices of one GPU instance share its memory. */
  instance: string;
}

/** A GPU with its slices, as `nvidia-smi -q` tells it. */
export interface GpuReport {
  gpu: GpuReading;
  slices: SliceReading[];
}

/** Whether a text is what `nvidia-smi -q` writes, as XML (`-x`) or as text. */
export const isReport = (text: string): boolean => /<nvidia_smi_log\b|=NVSMI LOG=/.test(text);

/**
 * The GPUs of `nvidia-smi -q` or `-q -x` (its schemas nvsmi_device_v10 to v13 differ in the names of some entries).
 * They come in the order of their indices.
 */
export function readReport(text: string): GpuReport[] {
  const begin = text.search(/<nvidia_smi_log\b/);
  const tree = begin >= 0 ? readXml(text.slice(begin)) : readIndented(text.replace(/^=+NVSMI LOG=+$/m, ''));
  if (tree === null) return [];
  return allBelow(tree, (key) => key === 'gpu' || /^gpu_[0-9a-f]+:/.test(key)).map(gpuOf);
}

function gpuOf(item: Item, index: number): GpuReport {
  const uuid = valueAt(item, ['uuid', 'gpu_uuid']);
  const memory = child(item, 'fb_memory_usage');
  const power = child(item, 'gpu_power_readings', 'power_readings');
  const draws = ['power_draw', 'average_power_draw', 'instant_power_draw', 'instantaneous_power_draw'];
  const told = processesOf(item);
  const devices = allBelow(item, (key) => key === 'mig_device');
  return {
    gpu: {
      index,
      uuid: uuid !== undefined && /^GPU-[0-9a-f-]+$/i.test(uuid) ? uuid : null,
      vendor: 'nvidia',
      name: textIn(valueAt(item, 'product_name')),
      memory_used_mb: numberIn(valueAt(memory, 'used')),
      memory_total_mb: numberIn(valueAt(memory, 'total')),
      utilization_pct: numberIn(valueAt(item, 'utilization', ['gpu_util', 'gpu'])),
      temperature_c: numberIn(valueAt(item, 'temperature', ['gpu_temp', 'gpu_current_temp'])),
      power_w: draws.reduce<number | null>((seen, key) => seen ?? numberIn(valueAt(power, key)), null),
      processes: told.map(({ process }) => process),
    },
    slices: devices.map((device) => sliceOf(device, told)),
  };
}

function sliceOf(item: Item, told: readonly Told[]): SliceReading {
  const memory = child(item, 'fb_memory_usage', 'shared_fb_memory_usage');
  const instance = valueAt(item, 'gpu_instance_id') ?? '';
  const compute = valueAt(item, 'compute_instance_id') ?? '';
  return {
    device: numberIn(valueAt(item, 'index')) ?? -1,
    memory_used_mb: numberIn(valueAt(memory, 'used')),
    memory_total_mb: numberIn(valueAt(memory, 'total')),
    instance,
    processes: told
      .filter((one) => one.instance === instance && one.compute === compute)
      .map(({ process }) => process),
  };
}

interface Told {
  instance: string;
  compute: string;
  process: Process;
}

/** Those that compute: graphics alone (type G) is what compute-apps leaves out too. */
function processesOf(gpu: Item): Told[] {
  const section = child(gpu, 'processes');
  if (section === undefined) return [];
  const told: Told[] = [];
  // The text form names the instances before each process, on the same level.
  let [instance, compute] = ['', ''];
  const take = (item: Item, pid: string | undefined): void => {
    const type = valueAt(item, 'type') ?? 'C';
    if (pid === undefined || !/^\d+$/.test(pid) || !type.includes('C')) return;
    const name = textIn(valueAt(item, ['process_name', 'name']));
    told.push({
      instance: valueAt(item, 'gpu_instance_id') ?? instance,
      compute: valueAt(item, 'compute_instance_id') ?? compute,
      process: {
        pid: Number(pid),
        name: name === null ? null : clip(name, 200),
        user: null,
        memory_mb: numberIn(valueAt(item, ['used_memory', 'used_gpu_memory'])),
      },
    });
  };
  for (const item of section.items) {
    if (item.key === 'gpu_instance_id') instance = item.value;
    else if (item.key === 'compute_instance_id') compute = item.value;
    else if (item.key === 'process_info') take(item, valueAt(item, 'pid'));
    else if (item.key === 'process_id') take(item, item.value);
  }
  return told;
}

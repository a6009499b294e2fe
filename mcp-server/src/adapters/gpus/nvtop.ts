import { blankGpu } from '../../core/gpus/blank.js';
import type { GpuReading, GpuVendor } from '../../core/gpus/vendor.js';
import { clip } from '../../core/text.js';
import { mib, numberIn, textIn } from './cells.js';
import { at, fieldsOf, jsonIn, listOf } from './documents.js';
import { whyNoGpu } from './failures.js';

/** Any maker’s GPUs, through `nvtop -s`: where nobody else tells of one. */
export const nvtop: GpuVendor = {
  name: 'nvtop',
  programs: ['nvtop'],
  whenSlow: null,
  lastResort: true,
  *inquire() {
    const answer = yield ['nvtop', '-s'];
    const gpus = readNvtop(answer.stdout);
    if (gpus.length > 0) return { gpus, error: null, notes: [] };
    // An old nvtop has no snapshot, and one without a GPU says so: neither is a fault of the machine.
    return { gpus, error: null, notes: [whyNoGpu('nvtop', answer, [])] };
  },
};

/** A list of devices; cells are texts with their unit, memory is in bytes. Counted from 0 for each maker. */
function readNvtop(text: string): GpuReading[] {
  const seen = new Map<string, number>();
  return jsonIn(text)
    .flatMap((document) => (Array.isArray(document) ? document : []))
    .flatMap((device): GpuReading[] => {
      const fields = fieldsOf(device);
      const name = cell(fields.device_name);
      if (fields.device_name === undefined && fields.gpu_util === undefined) return [];
      const vendor = vendorOf(name ?? '');
      const index = seen.get(vendor) ?? 0;
      seen.set(vendor, index + 1);
      return [
        {
          ...blankGpu(vendor, index),
          name,
          memory_used_mb: mib(amount(fields.mem_used)),
          memory_total_mb: mib(amount(fields.mem_total)),
          utilization_pct: amount(fields.gpu_util),
          temperature_c: amount(fields.temp),
          power_w: amount(fields.power_draw),
          processes: listOf(fields.processes).flatMap(processOf),
        },
      ];
    });
}

function processOf(entry: unknown): GpuReading['processes'] {
  const pid = amount(at(entry, 'pid'));
  if (pid === null || !Number.isInteger(pid) || pid <= 0) return [];
  // What only draws is no work.
  if (/^graphics?$/i.test(cell(at(entry, 'kind')) ?? '')) return [];
  const name = cell(at(entry, 'cmdline'));
  return [
    {
      pid,
      name: name === null ? null : clip(name, 200),
      user: cell(at(entry, 'user')),
      memory_mb: mib(amount(at(entry, 'gpu_mem_bytes_alloc'))),
    },
  ];
}

function vendorOf(name: string): string {
  if (/nvidia|geforce|quadro|tesla|\brtx\b/i.test(name)) return 'nvidia';
  if (/\bamd\b|radeon|instinct/i.test(name)) return 'amd';
  if (/intel|\barc\b|iris/i.test(name)) return 'intel';
  return /apple/i.test(name) ? 'apple' : 'unknown';
}

const cell = (value: unknown): string | null => (typeof value === 'string' ? textIn(value) : null);

function amount(value: unknown): number | null {
  const number = typeof value === 'string' ? numberIn(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

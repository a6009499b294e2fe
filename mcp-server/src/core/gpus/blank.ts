import type { GpuReading } from './vendor.js';

/** A GPU of which nothing is told yet. */
export function blankGpu(vendor: string, index: number): GpuReading {
  return {
    index,
    uuid: null,
    vendor,
    name: null,
    memory_used_mb: null,
    memory_total_mb: null,
    utilization_pct: null,
    temperature_c: null,
    power_w: null,
    processes: [],
  };
}

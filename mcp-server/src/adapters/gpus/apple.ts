import { blankGpu } from '../../core/gpus/blank.js';
import type { GpuReading, GpuVendor } from '../../core/gpus/vendor.js';
import { mib, numberIn } from './cells.js';
import { at, jsonIn, listOf } from './documents.js';
import { type Failures, whyNoGpu } from './failures.js';

const FAILURES: Failures = [
  [
    /must be invoked as the superuser/i,
    'powermetrics tells of the GPU only as root. Install macmon, which needs no rights (brew install macmon).',
  ],
];

/** Apple’s GPU shares the memory of the computer. macmon and ioreg need no rights; powermetrics needs root. */
export const apple: GpuVendor = {
  name: 'apple',
  programs: ['macmon', 'ioreg', 'powermetrics'],
  whenSlow: null,
  *inquire(has) {
    let failed: string | null = null;
    const ways: [string, string[], (text: string) => GpuReading[]][] = [
      ['macmon', ['macmon', 'pipe', '-s', '1'], readMacmon],
      ['ioreg', ['ioreg', '-r', '-d', '1', '-w', '0', '-c', 'IOAccelerator'], readIoreg],
      ['powermetrics', ['powermetrics', '--samplers', 'gpu_power', '-n', '1', '-i', '500'], readPowermetrics],
    ];
    for (const [program, argv, read] of ways) {
      if (!has(program)) continue;
      const answer = yield argv;
      const gpus = read(answer.stdout);
      if (gpus.length > 0) return { gpus, error: null, notes: [] };
      failed ??= whyNoGpu(program, answer, FAILURES);
    }
    return { gpus: [], error: failed, notes: [] };
  },
};

/** One line of `macmon pipe`: `gpu_usage` is frequency and share, `gpu_power` watts, memory in bytes. */
function readMacmon(text: string): GpuReading[] {
  const line = jsonIn(text).findLast((one) => at(one, 'gpu_usage') !== undefined);
  if (line === undefined) return [];
  const share = finite(listOf(at(line, 'gpu_usage'))[1]);
  return [
    {
      ...blankGpu('apple', 0),
      name: 'Apple GPU',
      utilization_pct: share === null ? null : round(share * 100),
      temperature_c: oneDecimal(at(line, 'temp', 'gpu_temp_avg')),
      power_w: finite(at(line, 'gpu_power')),
      memory_used_mb: mib(finite(at(line, 'memory', 'ram_usage'))),
      memory_total_mb: mib(finite(at(line, 'memory', 'ram_total'))),
    },
  ];
}

/** `PerformanceStatistics` of each accelerator in the registry; the memory is what the GPU has in use. */
function readIoreg(text: string): GpuReading[] {
  return text
    .split(/^\+-o /m)
    .filter((node) => node.includes('"PerformanceStatistics"'))
    .map((node, index) => ({
      ...blankGpu('apple', index),
      name: /"model" = <?"([^"]+)"/.exec(node)?.[1] ?? 'Apple GPU',
      utilization_pct: numberIn(/"Device Utilization %"=(\d+)/.exec(node)?.[1]),
      memory_used_mb: mib(numberIn(/"In use system memory"=(\d+)/.exec(node)?.[1])),
    }));
}

/** `GPU HW active residency: 0.97%` and `GPU Power: 4 mW`; older versions say `GPU active residency`. */
function readPowermetrics(text: string): GpuReading[] {
  const load = numberIn(/^GPU (?:HW )?active residency:\s*([\d.]+)%/m.exec(text)?.[1]);
  const power = /^GPU Power:\s*([\d.]+) (m?W)/m.exec(text);
  if (load === null && power === null) return [];
  const watts = numberIn(power?.[1]);
  return [
    {
      ...blankGpu('apple', 0),
      name: 'Apple GPU',
      utilization_pct: load,
      power_w: watts === null ? null : power?.[2] === 'mW' ? watts / 1000 : watts,
    },
  ];
}

const finite = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const round = (value: number): number => Math.round(value * 100) / 100;

function oneDecimal(value: unknown): number | null {
  const number = finite(value);
  return number === null ? null : round(number);
}

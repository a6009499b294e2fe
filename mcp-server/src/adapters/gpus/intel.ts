import { blankGpu } from '../../core/gpus/blank.js';
import type { GpuReading, GpuVendor } from '../../core/gpus/vendor.js';
import { type Failures, knownFailure, whyNoGpu } from './failures.js';
import { readGpuTop } from './intel-gpu-top.js';
import { readXpuSmi, type XpuFacts } from './xpu-smi.js';

const FAILURES: Failures = [
  [
    /permission|CAP_PERFMON|Failed to initialize PMU|Operation not permitted/i,
    'This user may not read the counters of the Intel GPU. Join the groups "render" and "video"; intel_gpu_top needs "sudo sysctl kernel.perf_event_paranoid=0" or the right CAP_PERFMON.',
  ],
  [
    /Level Zero|libze_loader|zeInit/i,
    'The Level Zero driver of Intel is missing or does not start. Install intel-level-zero-gpu and level-zero, and check that /dev/dri is there.',
  ],
  [
    /No device|device not found|No supported|Failed to detect/i,
    'The driver of Intel finds no GPU. Check that "lspci" lists it, or that it is given to this container (/dev/dri).',
  ],
];

const FIELDS = 'index,uuid,name,temperature.gpu,utilization.gpu,memory.total,memory.used,power.draw';
/** Load, power, core temperature, memory. */
const METRICS = '0,1,3,18';
/** More devices than a host holds are not asked after one by one. */
const MOST = 16;

/** Intel, through xpu-smi of any generation, and through intel_gpu_top, which tells of one GPU. */
export const intel: GpuVendor = {
  name: 'intel',
  programs: ['xpu-smi', 'intel_gpu_top'],
  whenSlow: null,
  *inquire(has) {
    let failed: string | null = null;
    if (has('xpu-smi')) {
      // Since 2.0 it is asked as nvidia-smi is.
      const first = yield ['xpu-smi', `--query-gpu=${FIELDS}`, '--format=csv,noheader,nounits'];
      const facts = readXpuSmi(first.stdout);
      if (facts.size === 0 && !first.timedOut) {
        const found = readXpuSmi((yield ['xpu-smi', 'discovery', '-j']).stdout);
        merge(facts, found);
        const ids = [...found.keys()].slice(0, MOST);
        if (ids.length > 0) {
          const dump = yield ['xpu-smi', 'dump', '-d', ids.join(','), '-m', METRICS, '-n', '1'];
          merge(facts, readXpuSmi(dump.stdout));
          for (const id of ids) {
            if (facts.get(id)?.memory_used_mb !== undefined) continue;
            merge(facts, readXpuSmi((yield ['xpu-smi', 'stats', '-d', String(id), '-j']).stdout));
          }
        }
      }
      if (facts.size > 0) {
        const error = knownFailure({ ...first, stdout: '' }, FAILURES);
        return { gpus: gpusOf(facts), error, notes: [] };
      }
      failed = whyNoGpu('xpu-smi', first, FAILURES);
    }
    if (!has('intel_gpu_top')) return { gpus: [], error: failed, notes: [] };
    // It goes on until it is ended; the second sample is the first that counts.
    const top = yield ['sh', '-c', 'exec timeout 2 intel_gpu_top -J -s 500'];
    const gpus = readGpuTop(top.stdout);
    return { gpus, error: gpus.length > 0 ? failed : whyNoGpu('intel_gpu_top', top, FAILURES), notes: [] };
  },
};

function merge(into: Map<number, XpuFacts>, more: ReadonlyMap<number, XpuFacts>): void {
  for (const [index, told] of more) into.set(index, { ...into.get(index), ...told });
}

const gpusOf = (facts: ReadonlyMap<number, XpuFacts>): GpuReading[] =>
  [...facts].map(([index, told]) => ({ ...blankGpu('intel', index), ...told }));

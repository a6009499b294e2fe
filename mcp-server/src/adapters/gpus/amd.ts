import { blankGpu } from '../../core/gpus/blank.js';
import type { GpuReading, GpuVendor, Known, VendorAnswer } from '../../core/gpus/vendor.js';
import { type AmdFacts, readAmdSmi } from './amd-smi.js';
import { type Failures, knownFailure, whyNoGpu } from './failures.js';
import { readRocmSmi } from './rocm-smi.js';

const FAILURES: Failures = [
  [
    /Driver not initialized|amdgpu not found in modules|driver (?:is )?not loaded|DRIVER_NOT_LOADED/i,
    'The programs of AMD are installed, but the amdgpu kernel driver is not loaded. Try "sudo modprobe amdgpu"; after a kernel update install the driver again (see "dkms status") or reboot.',
  ],
  [
    /Permission denied|not a member of|Insufficient permissions|NO_PERM/i,
    'This user may not use the GPUs. Join the groups "render" and "video" and log in again.',
  ],
  [
    /No AMD GPUs|No devices|unable to detect any (?:GPU )?devices|No GPU detected/i,
    'The driver of AMD finds no GPU. Check that "lspci" lists it, or that it is given to this container (/dev/kfd, /dev/dri).',
  ],
];

const METRIC = ['amd-smi', 'metric', '-u', '-p', '-t', '-m', '--json'];
const ROCM_SMI =
  'rocm-smi --showproductname --showuniqueid --showuse --showtemp --showpower --showmeminfo vram --json'.split(
    ' ',
  );
const NAMES = 'amd.names';

/** AMD, through amd-smi, and through rocm-smi where amd-smi is missing or tells nothing. */
export const amd: GpuVendor = {
  name: 'amd',
  programs: ['amd-smi', 'rocm-smi'],
  whenSlow: 'the driver may be busy or hang; "dmesg" tells of amdgpu',
  *inquire(has, known) {
    let failed: string | null = null;
    if (has('amd-smi')) {
      const answer = yield METRIC;
      const facts = readAmdSmi(answer.stdout);
      if (facts.size > 0) return yield* theRest(facts, known);
      const gpus = readRocmSmi(answer.stdout);
      if (gpus.length > 0) return { gpus, error: null, notes: [] };
      failed = whyNoGpu('amd-smi', answer, FAILURES);
    }
    if (!has('rocm-smi')) return { gpus: [], error: failed, notes: [] };
    const answer = yield ROCM_SMI;
    const gpus = readRocmSmi(answer.stdout);
    const error = gpus.length > 0 ? knownFailure(answer, FAILURES) : whyNoGpu('rocm-smi', answer, FAILURES);
    return { gpus, error, notes: [] };
  },
};

/** Names and processes. Each of its subcommands starts Python anew, and names do not change: they are asked for once. */
function* theRest(
  facts: Map<number, AmdFacts>,
  known: Known,
): Generator<readonly string[], { gpus: GpuReading[]; error: null; notes: string[] }, VendorAnswer> {
  let names = known.get(NAMES);
  if (names === undefined) {
    const asic = yield ['amd-smi', 'static', '--asic', '--json'];
    const list = yield ['amd-smi', 'list', '--json'];
    names = `${asic.stdout}\n${list.stdout}`;
    if (readAmdSmi(names).size > 0) known.set(NAMES, names);
  }
  const processes = yield ['amd-smi', 'process', '--json'];
  for (const [index, told] of facts)
    facts.set(index, {
      ...readAmdSmi(names).get(index),
      ...told,
      processes: readAmdSmi(processes.stdout).get(index)?.processes ?? told.processes ?? [],
    });
  const gpus = [...facts].map(([index, told]) => ({ ...blankGpu('amd', index), ...told }));
  const notes =
    processes.code === 0
      ? []
      : ['amd-smi did not tell which processes use the GPUs; only memory and load show who works.'];
  return { gpus, error: null, notes };
}

import type { Gpu, GpuSurvey } from '../gpu.js';
import { isSlice } from './free.js';

/** Makers whose runtime counts by its own variable, and only by indices. */
const BY_INDEX: Partial<Record<string, string>> = { amd: 'HIP_VISIBLE_DEVICES', intel: 'ZE_AFFINITY_MASK' };

/**
 * Variables that pin a program to these GPUs; no GPUs = it sees none.
 *
 * `PCI_BUS_ID` gives CUDA the driver's numbering; its own default is fastest first. Indices are then exact as long as
 * every GPU answers, and every framework understands them, while several (vLLM, launchers that count slots) stop at
 * UUIDs. When a GPU is sick the two numberings may differ, and a wrong GPU is noticed by nobody: UUIDs then, which
 * do not depend on any order. The two forms are never mixed. A MIG slice has no index that CUDA knows: its UUID.
 */
export function cudaEnv(
  gpus: readonly Gpu[],
  survey: Pick<GpuSurvey, 'gpus' | 'error'>,
): Record<string, string> {
  const indices = gpus.map((gpu) => String(gpu.index));
  const [first] = gpus;
  const variable = gpus.every((gpu) => gpu.vendor === first?.vendor)
    ? BY_INDEX[first?.vendor ?? '']
    : undefined;
  if (variable !== undefined) return { [variable]: indices.join(',') };
  const all = survey.gpus.filter((gpu) => gpu.vendor === 'nvidia');
  const healthy = survey.error === null && all.every((gpu, at) => gpu.index === at && gpu.state !== 'error');
  const uuids = gpus.flatMap((gpu) => (gpu.uuid === null ? [] : [gpu.uuid]));
  const names = (healthy && !gpus.some(isSlice)) || uuids.length < gpus.length ? indices : uuids;
  return { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: names.join(',') };
}

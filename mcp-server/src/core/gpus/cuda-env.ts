import type { Gpu, GpuSurvey } from '../gpu.js';

/**
 * Variables that pin a CUDA or ROCm program to these GPUs; no GPUs = it sees none.
 *
 * `PCI_BUS_ID` gives CUDA the driver's numbering; its own default is fastest first. Indices are then exact as long as
 * every GPU answers, and every framework understands them, while several (vLLM, launchers that count slots) stop at
 * UUIDs. When a GPU is sick the two numberings may differ, and a wrong GPU is noticed by nobody: UUIDs then, which
 * do not depend on any order. The two forms are never mixed.
 */
export function cudaEnv(
  gpus: readonly Gpu[],
  survey: Pick<GpuSurvey, 'gpus' | 'error'>,
): Record<string, string> {
  // ROCm counts by its own variable, and only by indices.
  if (gpus.length > 0 && gpus.every((gpu) => gpu.vendor === 'amd'))
    return { HIP_VISIBLE_DEVICES: gpus.map((gpu) => gpu.index).join(',') };
  const all = survey.gpus.filter((gpu) => gpu.vendor === 'nvidia');
  const healthy = survey.error === null && all.every((gpu, at) => gpu.index === at && gpu.state !== 'error');
  const indices = gpus.map((gpu) => String(gpu.index));
  const uuids = gpus.flatMap((gpu) => (gpu.uuid === null ? [] : [gpu.uuid]));
  const names = healthy || uuids.length < gpus.length ? indices : uuids;
  return { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: names.join(',') };
}

import { blankGpu } from '../../core/gpus/blank.js';
import type { GpuReading, GpuVendor } from '../../core/gpus/vendor.js';
import { numberIn } from './cells.js';
import { type Failures, whyNoGpu } from './failures.js';

const FAILURES: Failures = [
  [/permission|superuser/i, 'This user may not run tegrastats. Join the group "video", or run it with sudo.'],
];

/** Jetson boards, through tegrastats, which writes a line a second until it is ended. The GPU shares the memory. */
export const tegra: GpuVendor = {
  name: 'tegra',
  programs: ['tegrastats'],
  whenSlow: null,
  *inquire() {
    const answer = yield ['sh', '-c', 'tegrastats --interval 200 | head -n 1'];
    const gpus = readTegrastats(answer.stdout);
    return { gpus, error: gpus.length > 0 ? null : whyNoGpu('tegrastats', answer, FAILURES), notes: [] };
  },
};

/** `RAM 6185/7620MB … GR3D_FREQ 63%@[621] … gpu@53.3C … VDD_GPU_SOC 2171mW`: the last line that tells of the GPU. */
function readTegrastats(text: string): GpuReading[] {
  const line = text.split(/\r?\n/).findLast((one) => /\bGR3D_FREQ\b/.test(one));
  if (line === undefined) return [];
  const ram = /\bRAM (\d+)\/(\d+)MB/.exec(line);
  const power = /\b(?:VDD_(?:SYS_)?GPU(?:_SOC)?|POM_5V_GPU) (\d+)(?:mW)?\b/.exec(line);
  const milliwatts = numberIn(power?.[1]);
  return [
    {
      ...blankGpu('tegra', 0),
      name: 'Tegra GPU',
      memory_used_mb: numberIn(ram?.[1]),
      memory_total_mb: numberIn(ram?.[2]),
      utilization_pct: numberIn(/\bGR3D_FREQ (\d+)%/.exec(line)?.[1]),
      temperature_c: numberIn((/\bgpu@([\d.]+)C/i.exec(line) ?? /\btj@([\d.]+)C/.exec(line))?.[1]),
      power_w: milliwatts === null ? null : milliwatts / 1000,
    },
  ];
}

import type { GpuVendor } from '../../core/gpus/vendor.js';
import { amd } from './amd.js';
import { apple } from './apple.js';
import { intel } from './intel.js';
import { nvidia } from './nvidia.js';
import { nvtop } from './nvtop.js';
import { tegra } from './tegra.js';

/** Makers of GPUs that can be asked. A new one is a file and a line here. */
export const vendors: readonly GpuVendor[] = [nvidia, amd, intel, apple, tegra, nvtop];

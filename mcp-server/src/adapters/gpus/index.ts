import type { GpuVendor } from '../../core/gpus/vendor.js';
import { amd } from './amd.js';
import { nvidia } from './nvidia.js';

/** Makers of GPUs that can be asked. A new one is a file and a line here. */
export const vendors: readonly GpuVendor[] = [nvidia, amd];

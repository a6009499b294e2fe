import type { Gpu } from '../gpu.js';
import { isSlice } from './free.js';

type Card = Pick<Gpu, 'vendor' | 'name' | 'memory_total_mb' | 'uuid'>;

/** Graphics of a processor: it draws the screen, and no run is given it unasked. */
const INTEGRATED: Partial<Record<string, RegExp>> = {
  intel: /\b(?:UHD|Iris|HD Graphics|Intel graphics)\b/i,
  amd: /\b\d{3}M\b|Radeon(?:\(TM\))?(?: Vega \d+)? Graphics$/i,
};

const isIntegrated = ({ vendor, name }: Card): boolean =>
  name !== null && INTEGRATED[vendor]?.test(name) === true;

/** A card below this share of the largest one’s memory is there for the screen. */
const SMALL = 0.25;

/** Why no run is given this GPU unasked although it may be idle, to follow "GPU 2 …"; null where it is one to train on. */
export function whyAside(gpu: Card, all: readonly Card[]): string | null {
  if (isIntegrated(gpu)) return 'is the graphics of the processor';
  const [largest] = all
    .filter((one) => !isIntegrated(one) && !isSlice(one))
    .sort((a, b) => (b.memory_total_mb ?? 0) - (a.memory_total_mb ?? 0));
  if (largest === undefined) return null;
  // A program is built for one maker’s GPUs.
  if (gpu.vendor !== largest.vendor) return 'is of another maker than the largest one here';
  if (isSlice(gpu) || gpu.memory_total_mb === null || largest.memory_total_mb === null) return null;
  return gpu.memory_total_mb < SMALL * largest.memory_total_mb ? 'is much smaller than the others' : null;
}

/** The GPUs that runs are given unasked. */
export const toTrainOn = <One extends Card>(gpus: readonly One[]): One[] =>
  gpus.filter((gpu) => whyAside(gpu, gpus) === null);

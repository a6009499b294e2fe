import type { Gpu } from '../gpu.js';
import type { GpuReading } from './vendor.js';

type Seen = Omit<GpuReading, 'sick'>;

const MIB_PER_GIB = 1024;

/** A CUDA context alone takes more than this, so a process below it draws a screen or serves others (MPS). */
const CONTEXT_MB = 64;

/** Programs that draw the screen. Drivers list some of them as compute processes. */
const DISPLAY_PROGRAMS =
  /^(?:Xorg|X|Xwayland|kwin_wayland|kwin_x11|gnome-shell|plasmashell|mutter|sway|Hyprland|weston|cosmic-comp|cinnamon|compiz|xfwm4|dwm\.exe|explorer\.exe)$/;

/** Idle slices hold some ten MiB, and a CUDA context some hundred. */
const IDLE_SLICE_MB = 128;

/** Sampled load at or above this (percent) is work, even where memory and processes are hidden from us. */
const BUSY_UTILIZATION_PCT = 25;

/**
 * Free = no process computes on it, its memory is all but empty and it is not working. What the driver does not tell
 * counts for nothing; a GPU of which it tells nothing is not free.
 */
export function isFree(gpu: Seen): boolean {
  return gpuState(gpu) === 'free';
}

/** The state by what the driver tells alone; leases come on top (`markReserved`). */
export function gpuState(gpu: Seen): Exclude<Gpu['state'], 'reserved'> {
  const silent = (gpu.memory_used_mb === null || isUnified(gpu)) && gpu.utilization_pct === null;
  if (silent && gpu.processes.length === 0) return 'error';
  return whyBusy(gpu) === null ? 'free' : 'busy';
}

/** Who or what uses it, to follow "GPU 2 …" in a sentence; null when nothing does. */
export function whyBusy(gpu: Seen): string | null {
  const computing = whoComputes(gpu);
  if (computing !== null) return `is used by ${computing}`;
  if (!isUnified(gpu) && gpu.memory_used_mb !== null && gpu.memory_used_mb > idleMemoryMb(gpu)) {
    return `holds ${formatMib(gpu.memory_used_mb)} for programs that the driver does not list`;
  }
  if (gpu.utilization_pct !== null && gpu.utilization_pct >= BUSY_UTILIZATION_PCT) {
    return `works at ${gpu.utilization_pct} % for programs that the driver does not list`;
  }
  return null;
}

/** The processes that compute on it, in words; null when there are none. Those that draw the screen do not count. */
export function whoComputes(gpu: Seen): string | null {
  const computing = gpu.processes.filter((process) => {
    if (process.memory_mb !== null && process.memory_mb < CONTEXT_MB) return false;
    return process.name === null || !DISPLAY_PROGRAMS.test(programName(process.name));
  });
  const [first, ...others] = computing;
  if (first === undefined) return null;
  const owner = first.user === null ? '' : `${first.user}’s `;
  const memory = first.memory_mb === null ? '' : `, ${formatMib(first.memory_mb)}`;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${owner}${first.name === null ? 'process' : programName(first.name)} (pid ${first.pid}${memory})${more}`;
}

/** The memory that these tell is the computer’s: it says nothing of who uses the GPU. */
const isUnified = (gpu: Pick<Gpu, 'vendor'>): boolean => gpu.vendor === 'apple' || gpu.vendor === 'tegra';

/** A slice of a divided NVIDIA GPU. */
export const isSlice = (gpu: Pick<Gpu, 'uuid'>): boolean => gpu.uuid?.startsWith('MIG-') === true;

/**
 * Memory (MiB) that an idle GPU may hold: drivers keep some hundred MiB, and a screen takes up to a tenth of the card.
 * Cards above 32 GiB sit in servers and drive no screen, so 1 GiB is already somebody's work; and a slice drives none.
 */
function idleMemoryMb(gpu: Pick<Gpu, 'uuid' | 'memory_total_mb'>): number {
  if (isSlice(gpu)) return IDLE_SLICE_MB;
  const total = gpu.memory_total_mb;
  if (total === null || total > 32 * MIB_PER_GIB) return MIB_PER_GIB;
  return Math.max(MIB_PER_GIB, total / 10);
}

/** Last part of a path, with either kind of slash. */
function programName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** `18534` → `18.1 GiB`, `596` → `596 MiB`. */
export function formatMib(mib: number): string {
  return mib < MIB_PER_GIB ? `${Math.round(mib)} MiB` : `${(mib / MIB_PER_GIB).toFixed(1)} GiB`;
}

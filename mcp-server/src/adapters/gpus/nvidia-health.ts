import type { GpuReading, Known, VendorAnswer } from '../../core/gpus/vendor.js';
import { numberIn } from './cells.js';
import { readCsv } from './nvidia-csv.js';

/** Beside the index; drivers differ in which of them they know, and one unknown field fails the whole query. */
const HEALTH = [
  'pci.bus_id',
  'ecc.errors.uncorrected.volatile.total',
  'retired_pages.pending',
  'remapped_rows.pending',
  'remapped_rows.failure',
  'gpu_recovery_action',
  'clocks_event_reasons.active',
  'clocks_throttle_reasons.active',
] as const;

/** The same bits under an older name: asked for only where the driver refuses the newer one. */
const SUCCESSOR: Partial<Record<string, string>> = {
  'clocks_throttle_reasons.active': 'clocks_event_reasons.active',
};

const REFUSED = 'nvidia.refused';
/** More refused fields than this in a row: the driver is left in peace. */
export const HEALTH_ATTEMPTS = 6;

const refusedBefore = (known: Known): string[] => (known.get(REFUSED) ?? '').split(',').filter(Boolean);

/** The fields that this host's driver has not refused; empty when there is nothing left to ask. */
export function healthFields(known: Known): string[] {
  const refused = refusedBefore(known);
  const asked = HEALTH.filter((field) => {
    const successor = SUCCESSOR[field];
    return !refused.includes(field) && (successor === undefined || refused.includes(successor));
  });
  return asked.length === 0 ? [] : ['index', ...asked];
}

/** Keeps which fields the driver refuses. False when it refused none: asking again would change nothing. */
export function learnRefused(known: Known, answer: VendorAnswer): boolean {
  const told = [...`${answer.stdout}\n${answer.stderr}`.matchAll(/Field "([^"]+)" is not a valid field/gi)];
  const fresh = told
    .map((match) => match[1] ?? '')
    .filter((field) => HEALTH.some((one) => one === field) && !refusedBefore(known).includes(field));
  if (fresh.length === 0) return false;
  known.set(REFUSED, [...refusedBefore(known), ...fresh].join(','));
  return true;
}

/** Bits of the reasons why a GPU is slowed down (NVML: nvmlClocksEventReasons); plain power capping is no fault. */
const SLOWED: readonly [number, string][] = [
  [0x08, 'the hardware slows it down (power or heat)'],
  [0x20, 'it is slowed down because it is hot'],
  [0x40, 'it is slowed down because it is too hot'],
  [0x80, 'the power supply slows it down'],
];

export interface Health {
  /** `0000:83:00` by index. */
  bus: Map<number, string>;
  notes: string[];
}

/** Marks what is sick among the GPUs, and tells what else is odd. */
export function readHealth(
  gpus: readonly GpuReading[],
  answer: VendorAnswer,
  fields: readonly string[],
): Health {
  const bus = new Map<number, string>();
  const notes: string[] = [];
  const { rows } = readCsv(answer.stdout, fields, { wide: '', number: 'index' });
  for (const row of rows) {
    const index = Number(row.index);
    const at = /^[0-9a-f]*([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2})\.[0-9a-f]$/i.exec(row['pci.bus_id'] ?? '');
    if (at?.[1] !== undefined) bus.set(index, at[1].toLowerCase());
    const why = sickness(row);
    for (const gpu of gpus.filter((one) => one.index === index)) if (why !== null) gpu.sick = why;
    const reasons = row['clocks_event_reasons.active'] ?? row['clocks_throttle_reasons.active'] ?? '';
    const bits = /^0x[0-9a-f]+$/i.test(reasons) ? Number(reasons) : 0;
    const slowed = SLOWED.filter(([bit]) => (bits & bit) !== 0).map(([, words]) => words);
    const said = slowed.length > 1 ? slowed.slice(1) : slowed;
    if (said.length > 0) notes.push(`GPU ${index} throttles: ${said.join(', and ')}.`);
    if (row['remapped_rows.pending'] === 'Yes')
      notes.push(`GPU ${index} has memory to repair; it does so when it is reset (nvidia-smi --gpu-reset).`);
  }
  return { bus, notes };
}

function sickness(row: Record<string, string>): string | null {
  const ecc = numberIn(row['ecc.errors.uncorrected.volatile.total']);
  if (row['remapped_rows.failure'] === 'Yes')
    return 'is sick: its memory has faults that it can no longer repair (row remapping failed); it needs to be replaced';
  if (ecc !== null && ecc > 0)
    return `is sick: ${ecc} uncorrectable memory error${ecc === 1 ? '' : 's'} (ECC) since it was last reset; reset it (nvidia-smi --gpu-reset) or reboot`;
  if (row['retired_pages.pending'] === 'Yes')
    return 'is sick: memory pages wait to be retired; reset it (nvidia-smi --gpu-reset) or reboot';
  const action = row.gpu_recovery_action ?? '';
  if (/^(?:GPU )?(?:Reset|Reboot|Node Reboot|Drain and Reset)$/i.test(action))
    return `is sick: the driver asks for its recovery (${action})`;
  return null;
}

/** What an Xid means to somebody whose run died of it (the numbers that matter to training). */
const XIDS: Partial<Record<number, string>> = {
  13: 'a program’s fault on the GPU, in most cases',
  31: 'a program read or wrote where it must not, in most cases',
  43: 'a program’s fault; the GPU is well',
  45: 'a program was ended',
  48: 'an uncorrectable memory error',
  62: 'the GPU’s own controller failed',
  63: 'memory was repaired',
  64: 'memory could not be repaired',
  74: 'a fault on NVLink',
  79: 'it has fallen off the bus; it needs a reboot, often a power cycle',
  92: 'many memory errors',
  94: 'a contained memory error: one program died of it',
  95: 'an uncontained memory error; it needs a reset',
  119: 'the GPU’s system processor does not answer; it needs a reset',
  120: 'the GPU’s system processor failed; it needs a reset',
};

/** The last Xid of each GPU in the kernel's log, in words. Format: `NVRM: Xid (PCI:0000:0b:00): 79, …`. */
export function readXids(dmesg: string, bus: ReadonlyMap<number, string>): string[] {
  const last = new Map<string, number>();
  for (const match of dmesg.matchAll(/NVRM: Xid \(PCI:([0-9a-f:]+)[.0-9a-f]*\): (\d+)/gi))
    last.set((match[1] ?? '').toLowerCase(), Number(match[2]));
  return [...last].map(([at, xid]) => {
    const index = [...bus].find(([, place]) => place.endsWith(at) || at.endsWith(place))?.[0];
    const gpu = index === undefined ? `The GPU at ${at}` : `GPU ${index}`;
    const meaning = XIDS[xid];
    return `${gpu}: the kernel’s log tells of Xid ${xid}${meaning === undefined ? '' : ` (${meaning})`}.`;
  });
}

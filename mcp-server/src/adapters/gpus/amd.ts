import { z } from 'zod';
import type { GpuReading, GpuVendor, VendorAnswer, VendorReport } from '../../core/gpus/vendor.js';
import { clip, oneLine } from '../../core/text.js';

const MIB = 1024 * 1024;

/**
 * AMD, through rocm-smi. Its JSON holds one object for each card, all values are texts, and the names of the fields differ
 * between versions of ROCm, so they are found by what they begin with. Processes are not told; memory and load show who
 * works.
 */
export const amd: GpuVendor = {
  name: 'amd',
  queries: [
    [
      'rocm-smi',
      '--showproductname',
      '--showuniqueid',
      '--showuse',
      '--showtemp',
      '--showpower',
      '--showmeminfo',
      'vram',
      '--json',
    ],
  ],
  whenSlow: 'the driver may be busy or hang; "dmesg" tells of amdgpu',
  parse,
};

const Card = z.record(z.string(), z.union([z.string(), z.number()]).transform(String).catch(''));
type Card = z.output<typeof Card>;

/** What rocm-smi says when it fails, and what a person can do about it. */
const FAILURES: readonly [RegExp, string][] = [
  [
    /Driver not initialized|amdgpu not found in modules/i,
    'rocm-smi is installed, but the amdgpu kernel driver is not loaded. Try "sudo modprobe amdgpu"; after a kernel update install the driver again (see "dkms status") or reboot.',
  ],
  [
    /Permission denied|not a member of|Insufficient permissions/i,
    'This user may not use the GPUs. Join the groups "render" and "video" and log in again.',
  ],
  [
    /No AMD GPUs|No devices|unable to detect any devices|No GPU detected/i,
    'rocm-smi finds no GPU. Check that "lspci" lists it, or that it is given to this container (/dev/kfd, /dev/dri).',
  ],
];

function parse([answer]: readonly VendorAnswer[]): VendorReport {
  if (answer === undefined) return { gpus: [], error: null, notes: [] };
  if (answer.timedOut) {
    const error =
      'rocm-smi did not answer in time: the driver hangs. Look for amdgpu in dmesg; it may need a reboot.';
    return { gpus: [], error, notes: [] };
  }
  const gpus = cardsIn(answer.stdout).map(([index, card]) => gpuOf(index, card));
  const said = `${answer.stdout}\n${answer.stderr}`;
  const known = FAILURES.find(([pattern]) => pattern.test(said))?.[1];
  if (gpus.length > 0) return { gpus, error: known ?? null, notes: [] };
  const quoted = clip(oneLine(said), 200);
  return {
    gpus,
    error:
      known ??
      `rocm-smi told of no GPU${quoted === '' ? '' : ` and said "${quoted}"`}. Run rocm-smi by hand to see more.`,
    notes: [],
  };
}

/** Warnings may stand before the JSON. */
function cardsIn(text: string): [number, Card][] {
  const begin = text.search(/^\{/m);
  if (begin < 0) return [];
  let data: unknown;
  try {
    data = JSON.parse(text.slice(begin));
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const all = z.record(z.string(), z.unknown()).safeParse(data);
  return Object.entries(all.data ?? {}).flatMap(([name, value]): [number, Card][] => {
    const index = /^card(\d+)$/.exec(name)?.[1];
    const card = Card.safeParse(value);
    return index === undefined || !card.success ? [] : [[Number(index), card.data]];
  });
}

function gpuOf(index: number, card: Card): GpuReading {
  const unique = /^0x[0-9a-f]+$/i.exec(field(card, /^unique id/i) ?? '')?.[0];
  return {
    index,
    uuid: unique === undefined ? null : `AMD-${unique.slice(2).toLowerCase()}`,
    vendor: 'amd',
    name: nameOf(card),
    memory_used_mb: bytes(card, /^vram total used memory/i),
    memory_total_mb: bytes(card, /^vram total memory/i),
    utilization_pct: number(card, /^gpu use \(%\)/i),
    temperature_c: number(card, /^temperature \(sensor (?:edge|junction)\)/i),
    power_w: number(card, /^(?:average|current) (?:socket )?graphics package power/i),
    processes: [],
  };
}

/** `Navi 31 [Radeon RX 7900 XT]` → the name between the brackets, which is the one on the box. */
function nameOf(card: Card): string | null {
  const text = field(card, /^card series/i) ?? field(card, /^card model/i);
  // An old driver tells the number of the maker or the model.
  return text === null || /^0x/.test(text) ? null : (/\[([^\]]+)\]/.exec(text)?.[1] ?? text);
}

function field(card: Card, name: RegExp): string | null {
  for (const [key, value] of Object.entries(card)) {
    const text = oneLine(value);
    if (name.test(key) && text !== '' && !/^N\/A$/i.test(text)) return text;
  }
  return null;
}

function number(card: Card, name: RegExp): number | null {
  const text = field(card, name) ?? '';
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : null;
}

function bytes(card: Card, name: RegExp): number | null {
  const count = number(card, name);
  return count === null ? null : Math.round(count / MIB);
}

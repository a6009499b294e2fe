import { z } from 'zod';
import type { GpuReading } from '../../core/gpus/vendor.js';
import { mib, numberIn, textIn } from './cells.js';
import { fieldsOf, jsonIn } from './documents.js';

const Card = z.record(z.string(), z.union([z.string(), z.number()]).transform(String).catch(''));
type Card = z.output<typeof Card>;

/**
 * The cards of `rocm-smi --json`: one object for each, all values are texts, and the names of the fields differ between
 * versions of ROCm, so they are found by what they begin with. Processes are not told.
 */
export function readRocmSmi(text: string): GpuReading[] {
  return jsonIn(text).flatMap((document) =>
    Object.entries(fieldsOf(document)).flatMap(([name, value]): GpuReading[] => {
      const index = /^card(\d+)$/.exec(name)?.[1];
      const card = Card.safeParse(value);
      return index === undefined || !card.success ? [] : [gpuOf(Number(index), card.data)];
    }),
  );
}

function gpuOf(index: number, card: Card): GpuReading {
  const unique = /^0x[0-9a-f]+$/i.exec(field(card, /^unique id/i) ?? '')?.[0];
  return {
    index,
    uuid: unique === undefined ? null : `AMD-${unique.slice(2).toLowerCase()}`,
    vendor: 'amd',
    name: nameOf(card),
    memory_used_mb: mib(number(card, /^vram total used memory/i)),
    memory_total_mb: mib(number(card, /^vram total memory/i)),
    utilization_pct: number(card, /^gpu use \(%\)/i),
    temperature_c:
      number(card, /^temperature \(sensor edge\)/i) ?? number(card, /^temperature \(sensor junction\)/i),
    power_w: number(card, /^(?:average|current) (?:socket )?graphics package power/i),
    processes: [],
  };
}

/** `Navi 31 [Radeon RX 7900 XT]` → the name between the brackets, which is the one on the box. */
function nameOf(card: Card): string | null {
  for (const key of [/^card series/i, /^device name/i, /^card model/i]) {
    const text = field(card, key);
    // An old driver tells the number of the maker or the model.
    if (text !== null && !/^0x/.test(text)) return /\[([^\]]+)\]/.exec(text)?.[1] ?? text;
  }
  return null;
}

function field(card: Card, name: RegExp): string | null {
  for (const [key, value] of Object.entries(card)) {
    const text = name.test(key) ? textIn(value) : null;
    if (text !== null) return text;
  }
  return null;
}

const number = (card: Card, name: RegExp): number | null => numberIn(field(card, name) ?? undefined);

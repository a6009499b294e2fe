import type { GpuReading } from '../../core/gpus/vendor.js';
import { clip, oneLine } from '../../core/text.js';
import { numberIn, textIn } from './cells.js';
import { at, fieldsOf, jsonIn, listOf } from './documents.js';
import { child, type Item, readIndented } from './item-tree.js';

/** What one answer of amd-smi tells of one GPU; merged over the answers of its subcommands. */
export type AmdFacts = Partial<Omit<GpuReading, 'index' | 'vendor'>>;

/**
 * GPUs in an answer of `amd-smi metric|static|list|process --json`: a list of objects with `gpu`, since ROCm 7 wrapped in
 * `gpu_data`; a value is `{value, unit}`, a number, or words such as "N/A". The text form without `--json` is read too.
 */
export function readAmdSmi(text: string): Map<number, AmdFacts> {
  const found = new Map<number, AmdFacts>();
  const documents = jsonIn(text);
  const entries =
    documents.length > 0
      ? documents.flatMap((document) => {
          const wrapped = at(document, 'gpu_data');
          return wrapped === undefined ? (Array.isArray(document) ? document : [document]) : listOf(wrapped);
        })
      : textEntries(text);
  for (const entry of entries) {
    const index = fieldsOf(entry).gpu;
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0) continue;
    found.set(index, { ...found.get(index), ...factsOf(entry) });
  }
  return found;
}

function factsOf(entry: unknown): AmdFacts {
  const facts: AmdFacts = {};
  const uuid = words(at(entry, 'uuid')) ?? words(at(entry, 'asic', 'uuid'));
  if (uuid !== null && /^[0-9a-f-]{8,}$/i.test(uuid)) facts.uuid = `AMD-${uuid.toLowerCase()}`;
  const name = words(at(entry, 'asic', 'market_name')) ?? words(at(entry, 'board', 'product_name'));
  if (name !== null && !/^0x/.test(name)) facts.name = name;
  const set = (field: keyof AmdFacts & keyof typeof PLACES): void => {
    const told = PLACES[field].map((path) => at(entry, ...path)).filter((value) => value !== undefined);
    if (told.length > 0) facts[field] = told.map(quantity).find((value) => value !== null) ?? null;
  };
  set('utilization_pct');
  set('temperature_c');
  set('power_w');
  set('memory_used_mb');
  set('memory_total_mb');
  const processes = at(entry, 'process_list') ?? at(entry, 'processes');
  if (processes !== undefined) facts.processes = listOf(processes).flatMap(processOf);
  const ecc = quantity(at(entry, 'ecc', 'total_uncorrectable_count'));
  if (ecc !== null && ecc > 0)
    facts.sick = `is sick: ${ecc} uncorrectable memory error${ecc === 1 ? '' : 's'} (ECC); reset it (amd-smi reset -G) or reboot`;
  return facts;
}

const PLACES = {
  utilization_pct: [
    ['usage', 'gfx_activity'],
    ['usage', 'gfx_usage'],
  ],
  temperature_c: [
    ['temperature', 'edge'],
    ['temperature', 'hotspot'],
    ['temperature', 'junction'],
  ],
  power_w: [
    ['power', 'socket_power'],
    ['power', 'current_socket_power'],
    ['power', 'average_socket_power'],
  ],
  memory_used_mb: [['mem_usage', 'used_vram']],
  memory_total_mb: [
    ['mem_usage', 'total_vram'],
    ['vram', 'size'],
  ],
} as const; // prettier-ignore

function processOf(value: unknown): GpuReading['processes'] {
  const info = at(value, 'process_info') ?? value;
  const pid = quantity(at(info, 'pid'));
  if (pid === null || !Number.isInteger(pid) || pid <= 0) return [];
  const name = words(at(info, 'name'));
  const memory = quantity(at(info, 'memory_usage', 'vram_mem') ?? at(info, 'mem_usage') ?? at(info, 'mem'));
  return [{ pid, name: name === null ? null : clip(name, 200), user: null, memory_mb: memory }];
}

/** A number in MB, %, W or °C; bytes and GB as MB. Null for words, and for the 65535 of a sensor that is not there. */
function quantity(value: unknown): number | null {
  const inner = at(value, 'value');
  const unit = at(value, 'unit');
  const [count, named] =
    typeof value === 'string'
      ? [numberIn(value.replace(/ *(?:GB|KB|B)$/, '')), /(?:[GK]?B)$/.exec(value)?.[0]]
      : [typeof inner === 'string' ? numberIn(inner) : (inner ?? value), unit];
  if (typeof count !== 'number' || !Number.isFinite(count) || count === 0xffff || count < -273) return null;
  if (named === 'B') return Math.round(count / 1024 / 1024);
  if (named === 'KB') return Math.round(count / 1024);
  if (named === 'GB') return Math.round(count * 1024);
  return count;
}

function words(value: unknown): string | null {
  return typeof value === 'string' ? textIn(oneLine(value)) : null;
}

/** `GPU: 0` with indented sections below, as the same objects. */
function textEntries(text: string): unknown[] {
  return readIndented(text)
    .items.filter((item) => item.key === 'gpu' && /^\d+$/.test(item.value))
    .map((item) => ({ ...nested(item), gpu: Number(item.value) }));
}

function nested(item: Item): Record<string, unknown> {
  return Object.fromEntries(
    item.items.map((one) => [
      one.key,
      child(one) === undefined && one.items.length === 0 ? one.value : nested(one),
    ]),
  );
}

import type { GpuReading } from '../../core/gpus/vendor.js';
import { mib, numberIn, textIn } from './cells.js';
import { at, fieldsOf, jsonIn, listOf } from './documents.js';
import { readCsv } from './nvidia-csv.js';

/** What one answer of xpu-smi tells of one GPU; merged over the answers of its subcommands. */
export type XpuFacts = Partial<Omit<GpuReading, 'index' | 'vendor'>>;

const QUERY_FIELDS = [
  'index',
  'uuid',
  'name',
  'temperature.gpu',
  'utilization.gpu',
  'memory.total',
  'memory.used',
  'power.draw',
];

/** Memory in MiB beyond this is memory in bytes: the two generations differ. */
const MOST_MIB = 8 * 1024 * 1024;

/**
 * GPUs in an answer of xpu-smi: `--query-gpu` of 2.x (rows as nvidia-smi gives them), `dump` (a table whose header names
 * metric and unit), `discovery -j` and `stats -j` (doc/smi_user_guide.md of intel/xpumanager).
 */
export function readXpuSmi(text: string): Map<number, XpuFacts> {
  const documents = jsonIn(text);
  if (documents.length > 0) return fromJson(documents);
  return /^Timestamp\s*,\s*DeviceId\b/im.test(text) ? fromDump(text) : fromQuery(text);
}

function fromJson(documents: readonly unknown[]): Map<number, XpuFacts> {
  const found = new Map<number, XpuFacts>();
  const devices = documents.flatMap((document) => {
    const listed = at(document, 'device_list') ?? at(document, 'datas');
    return listed === undefined ? (Array.isArray(document) ? document : [document]) : listOf(listed);
  });
  for (const device of devices) {
    const id = fieldsOf(device).device_id;
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) continue;
    found.set(id, { ...found.get(id), ...describe(device), ...measured(device) });
  }
  return found;
}

function describe(device: unknown): XpuFacts {
  const facts: XpuFacts = {};
  const name = word(at(device, 'device_name'));
  const uuid = word(at(device, 'uuid'));
  const bytes = at(device, 'memory_physical_size_byte') ?? at(device, 'max_mem_alloc_size_byte');
  if (name !== null) facts.name = name;
  if (uuid !== null && /^[0-9a-f-]{8,}$/i.test(uuid)) facts.uuid = `INTEL-${uuid.toLowerCase()}`;
  if (bytes !== undefined) facts.memory_total_mb = mib(numeral(bytes));
  return facts;
}

/** Metrics of the device; of its tiles where it has none itself: memory adds up, the hottest tile counts. */
function measured(device: unknown): XpuFacts {
  const own = metricsIn(at(device, 'device_level'));
  const tiles = listOf(at(device, 'tile_level')).map((tile) => metricsIn(at(tile, 'data_list')));
  const take = (name: string, join: (values: number[]) => number): number | null => {
    const direct = own.get(name);
    if (direct !== undefined) return direct;
    const each = tiles.flatMap((tile) => tile.get(name) ?? []);
    return each.length === 0 ? null : join(each);
  };
  const sum = (values: number[]): number => values.reduce((all, one) => all + one, 0);
  const facts: XpuFacts = {};
  const load = take('XPUM_STATS_GPU_UTILIZATION', (values) => sum(values) / values.length);
  const memory = take('XPUM_STATS_MEMORY_USED', sum);
  const heat = take('XPUM_STATS_GPU_CORE_TEMPERATURE', (values) => Math.max(...values));
  const power = take('XPUM_STATS_POWER', sum);
  if (load !== null) facts.utilization_pct = load;
  if (memory !== null) facts.memory_used_mb = memory > MOST_MIB ? mib(memory) : memory;
  if (heat !== null) facts.temperature_c = heat;
  if (power !== null) facts.power_w = power;
  return facts;
}

function metricsIn(list: unknown): Map<string, number> {
  return new Map(
    listOf(list).flatMap((entry): [string, number][] => {
      const { metrics_type: name, value } = fieldsOf(entry);
      const count = numeral(value);
      return typeof name === 'string' && count !== null ? [[name, count]] : [];
    }),
  );
}

const COLUMNS: readonly [keyof XpuFacts, RegExp][] = [
  ['utilization_pct', /^(?:GPU Utilization|Average % utilization of all GPU Engines)/i],
  ['power_w', /^GPU Power \(W\)/i],
  ['temperature_c', /^GPU Core Temperature/i],
  ['memory_used_mb', /^GPU Memory Used \(MiB\)/i],
];

/** The last row of each device counts. A line that repeats the header is none. */
function fromDump(text: string): Map<number, XpuFacts> {
  const found = new Map<number, XpuFacts>();
  let columns: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const cells = line.split(',').map((cell) => cell.trim());
    if (/^Timestamp$/i.test(cells[0] ?? '')) columns = cells;
    const id = cells[columns.findIndex((name) => /^DeviceId$/i.test(name))] ?? '';
    if (cells.length !== columns.length || !/^\d+$/.test(id)) continue;
    const facts: XpuFacts = {};
    for (const [field, name] of COLUMNS) {
      const column = columns.findIndex((one) => name.test(one));
      if (column >= 0) Object.assign(facts, { [field]: numberIn(cells[column]) });
    }
    found.set(Number(id), facts);
  }
  return found;
}

function fromQuery(text: string): Map<number, XpuFacts> {
  const { rows } = readCsv(text, QUERY_FIELDS, { wide: 'name', number: 'index' });
  return new Map(
    rows.map((row) => {
      const uuid = textIn(row.uuid);
      return [
        Number(row.index),
        {
          uuid: uuid === null ? null : `INTEL-${uuid.toLowerCase()}`,
          name: textIn(row.name),
          temperature_c: numberIn(row['temperature.gpu']),
          utilization_pct: numberIn(row['utilization.gpu']),
          memory_total_mb: numberIn(row['memory.total']),
          memory_used_mb: numberIn(row['memory.used']),
          power_w: numberIn(row['power.draw']),
        },
      ];
    }),
  );
}

function numeral(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' ? numberIn(value) : null;
}

const word = (value: unknown): string | null => (typeof value === 'string' ? textIn(value) : null);

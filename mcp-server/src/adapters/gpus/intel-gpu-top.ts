import { blankGpu } from '../../core/gpus/blank.js';
import type { GpuReading } from '../../core/gpus/vendor.js';
import { clip } from '../../core/text.js';
import { numberIn, textIn } from './cells.js';
import { at, fieldsOf, jsonIn } from './documents.js';

/**
 * The one GPU of `intel_gpu_top -J`: samples as a list that is never closed, or one after the other. The last one counts.
 * Its load is that of the busiest engine; memory and temperature are not told.
 */
export function readGpuTop(text: string): GpuReading[] {
  const samples = jsonIn(text).flatMap((document) => (Array.isArray(document) ? document : [document]));
  const sample = samples.findLast((one) => at(one, 'engines') !== undefined);
  if (sample === undefined) return [];
  const busy = Object.values(fieldsOf(at(sample, 'engines'))).flatMap(
    (engine) => count(at(engine, 'busy')) ?? [],
  );
  return [
    {
      ...blankGpu('intel', 0),
      name: 'Intel graphics',
      utilization_pct: busy.length === 0 ? null : Math.min(100, Math.max(...busy)),
      power_w: count(at(sample, 'power', 'GPU')),
      processes: Object.values(fieldsOf(at(sample, 'clients'))).flatMap(processOf),
    },
  ];
}

function processOf(client: unknown): GpuReading['processes'] {
  const pid = count(at(client, 'pid'));
  const name = at(client, 'name');
  const working = Object.values(fieldsOf(at(client, 'engine-classes'))).some(
    (engine) => (count(at(engine, 'busy')) ?? 0) > 0,
  );
  if (pid === null || !Number.isInteger(pid) || pid <= 0 || !working) return [];
  const text = typeof name === 'string' ? textIn(name) : null;
  return [{ pid, name: text === null ? null : clip(text, 200), user: null, memory_mb: null }];
}

/** Numbers come as numbers or as texts. */
function count(value: unknown): number | null {
  const number = typeof value === 'string' ? numberIn(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

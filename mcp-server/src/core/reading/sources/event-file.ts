import { z } from 'zod';
import type { MetricRecord } from '../../metric.js';
import { isNeverMetric, normalizeName } from '../names.js';
import { maskedCrc } from './crc32c.js';
import { LONGEST_RECORD, type SourceParser } from './parser.js';
import { eachField, type Field, textOf } from './protobuf.js';
import { scalarTensor } from './tensor.js';

export const EventState = z.strictObject({ count: z.number(), damaged: z.number(), lost: z.boolean() });

const HEADER = 12;
const FOOTER = 4;
const MAX_TAGS = 1000;

/**
 * TensorBoard's event files. Format: TFRecord framing (tensorflow/core/lib/io/record_writer.h: length u64, masked
 * CRC-32C of the length u32, data, masked CRC-32C of the data u32, little-endian) around `Event` messages
 * (tensorflow/core/util/event.proto: wall_time = 1, step = 2, summary = 5; framework/summary.proto: value = 1 with tag = 1,
 * simple_value = 2, tensor = 8). TF2 writes scalars as tensors of one element. What is not a scalar is passed over.
 */
export function createEventParser(state?: z.output<typeof EventState>): SourceParser {
  let { count, damaged, lost } = state ?? { count: 0, damaged: 0, lost: false };

  const wanted = new Map<string, boolean>();
  const isWanted = (tag: string): boolean => {
    const known =
      wanted.get(tag) ??
      (tag !== '__proto__' && !tag.startsWith('_hparams_/') && !isNeverMetric(normalizeName(tag)));
    if (wanted.size < MAX_TAGS) wanted.set(tag, known);
    return known;
  };

  const read = (bytes: Uint8Array, start: number, end: number, records: MetricRecord[]): void => {
    let step: number | null = null;
    const metrics: Record<string, number> = {};
    const summaries: { start: number; end: number }[] = [];
    const whole = eachField(bytes, start, end, (field) => {
      if (field.number === 2 && field.type === 0) step = field.value;
      else if (field.number === 5 && field.type === 2) summaries.push({ start: field.start, end: field.end });
    });
    if (!whole) damaged += 1;
    let names = 0;
    for (const summary of summaries) {
      eachField(bytes, summary.start, summary.end, (field) => {
        if (field.number !== 1 || field.type !== 2) return;
        const scalar = readValue(bytes, field);
        if (scalar === null || !isWanted(scalar.tag)) return;
        metrics[scalar.tag] = scalar.value;
        names += 1;
      });
    }
    if (names === 0) return;
    count += 1;
    records.push({ line: count, step: step ?? 0, epoch: null, metrics });
  };

  return {
    push(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const records: MetricRecord[] = [];
      let at = 0;
      while (at + HEADER <= bytes.length) {
        const high = view.getUint32(at + 4, true);
        const length = view.getUint32(at, true);
        if (high !== 0 || view.getUint32(at + 8, true) !== maskedCrc(bytes, at, at + 8)) {
          // Not the beginning of a record: the next one is looked for byte by byte, and told once.
          if (!lost) damaged += 1;
          lost = true;
          at += 1;
          continue;
        }
        lost = false;
        const end = at + HEADER + length;
        if (length > LONGEST_RECORD) {
          // An image or a graph. Scalars are small, so that it need not even be read.
          at = end + FOOTER;
          if (at > bytes.length) break;
          continue;
        }
        if (end + FOOTER > bytes.length) break;
        if (view.getUint32(end, true) === maskedCrc(bytes, at + HEADER, end))
          read(bytes, at + HEADER, end, records);
        else damaged += 1;
        at = end + FOOTER;
      }
      return { records, used: at };
    },
    restart() {
      lost = false;
    },
    damaged: () => damaged,
    snapshot: () => ({ count, damaged, lost }),
  };
}

function readValue(bytes: Uint8Array, value: Field): { tag: string; value: number } | null {
  let tag: string | null = null;
  let found: number | null = null;
  eachField(bytes, value.start, value.end, (field) => {
    if (field.number === 1 && field.type === 2) tag = textOf(bytes, field);
    else if (field.number === 2 && field.type === 5) found = shortest(float32(bytes, field.start));
    else if (field.number === 8 && field.type === 2) {
      const tensor = scalarTensor(bytes, field.start, field.end);
      if (tensor !== null) found = tensor.single ? shortest(tensor.value) : tensor.value;
    }
  });
  return tag === null || tag === '' || found === null ? null : { tag, value: found };
}

const float32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getFloat32(at, true);

/**
 * The shortest decimal that is this 32-bit float: 0.95 was logged where the file has 0.949999988079071, and a target of
 * 0.95 was reached.
 */
function shortest(single: number): number {
  if (!Number.isFinite(single) || Number.isInteger(single)) return single;
  for (let digits = 6; digits < 9; digits += 1) {
    const rounded = Number(single.toPrecision(digits));
    if (Math.fround(rounded) === single) return rounded;
  }
  return Number(single.toPrecision(9));
}

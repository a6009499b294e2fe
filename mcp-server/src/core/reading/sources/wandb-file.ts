import { z } from 'zod';
import type { MetricRecord } from '../../metric.js';
import { crc32c } from './crc32c.js';
import { flatJson } from './flat-json.js';
import { LONGEST_RECORD, type SourceParser } from './parser.js';
import { place } from './place.js';
import { eachField, textOf } from './protobuf.js';

export const WandbState = z.strictObject({
  count: z.number(),
  damaged: z.number(),
  offset: z.number().describe('bytes of the file that are done with'),
  skipping: z.boolean().describe('inside of a record that is passed over'),
});

const BLOCK = 32_768;
const HEADER = 7;
const FULL = 1;
const FIRST = 2;
const LAST = 4;

/**
 * W&B's transaction log, `run-ID.wandb`. Format: seven bytes `:W&B`, magic 0xBEE1, version, then LevelDB's log format
 * (github.com/google/leveldb doc/log_format.md: blocks of 32 KiB, in them checksum u32, length u16, type u8, data; the
 * checksum is that of zlib in W&B's own writer, wandb/sdk/internal/datastore.py) around `Record` messages
 * (wandb/proto/wandb_internal.proto: history = 2; HistoryRecord item = 1, step = 2; HistoryItem key = 1, nested_key = 2,
 * value_json = 16).
 */
export function createWandbParser(state?: z.output<typeof WandbState>): SourceParser {
  let { count, damaged, offset, skipping } = state ?? { count: 0, damaged: 0, offset: 0, skipping: false };

  const read = (bytes: Uint8Array, records: MetricRecord[]): void => {
    const whole = eachField(bytes, 0, bytes.length, (field) => {
      if (field.number !== 2 || field.type !== 2) return;
      const record = readHistory(bytes, field.start, field.end, count + 1);
      if (record === null) return;
      count += 1;
      records.push(record);
    });
    if (!whole) damaged += 1;
  };

  return {
    push(bytes) {
      const records: MetricRecord[] = [];
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let at = 0;
      if (offset === 0) {
        if (bytes.length < HEADER) return { records, used: 0 };
        at = HEADER;
      }
      /** Up to where everything is done with; behind it are the parts of a record whose end is not there yet. */
      let done = at;
      let parts: Uint8Array[] | null = null;
      let held = 0;
      for (;;) {
        const left = BLOCK - ((offset + at) % BLOCK);
        if (left < HEADER) {
          at += left;
          if (parts === null) done = Math.min(at, bytes.length);
          continue;
        }
        if (at + HEADER > bytes.length) break;
        const length = view.getUint16(at + 4, true);
        const type = bytes[at + 6] ?? 0;
        if (type === 0 || type > LAST || length > left - HEADER || !isWhole(view, bytes, at, length)) {
          if (type >= FULL && type <= LAST && length <= left - HEADER && at + HEADER + length > bytes.length)
            break;
          // Zeros that made room, or damage: a block begins anew, as LevelDB's own reader does it.
          if (at + left > bytes.length) break;
          if (type !== 0 || length !== 0) damaged += 1;
          parts = null;
          skipping = false;
          at += left;
          done = at;
          continue;
        }
        const data = bytes.subarray(at + HEADER, at + HEADER + length);
        at += HEADER + length;
        if (type === FULL) {
          skipping = false;
          parts = null;
          read(data, records);
        } else if (type === FIRST) {
          skipping = false;
          parts = [data];
          held = length;
        } else if (parts !== null) {
          parts.push(data);
          held += length;
          if (type === LAST) {
            read(joined(parts, held), records);
            parts = null;
          } else if (held > LONGEST_RECORD) {
            parts = null;
            skipping = true;
          }
        } else if (!skipping) damaged += type === LAST ? 1 : 0;
        if (type === LAST) skipping = false;
        if (parts === null) done = at;
      }
      offset += done;
      return { records, used: done };
    },
    restart() {
      offset = 0;
      skipping = false;
    },
    damaged: () => damaged,
    snapshot: () => ({ count, damaged, offset, skipping }),
  };
}

/** Whether the checksum over type and data is right, by W&B's own writer (zlib) or LevelDB's (masked Castagnoli). */
function isWhole(view: DataView, bytes: Uint8Array, at: number, length: number): boolean {
  const end = at + HEADER + length;
  if (end > bytes.length) return false;
  const given = view.getUint32(at, true);
  if (given === crc32(bytes, at + 6, end)) return true;
  const crc = crc32c(bytes, at + 6, end);
  return given === crc || given === (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});

/** zlib's CRC-32. */
function crc32(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffffffff;
  for (let at = start; at < end; at += 1) crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

function readHistory(bytes: Uint8Array, start: number, end: number, line: number): MetricRecord | null {
  const entries: [string, number][] = [];
  let step: number | null = null;
  eachField(bytes, start, end, (field) => {
    if (field.number === 2 && field.type === 2) {
      // An absent number is zero.
      step ??= 0;
      eachField(bytes, field.start, field.end, (own) => {
        if (own.number === 1 && own.type === 0) step = own.value;
      });
    }
    if (field.number !== 1 || field.type !== 2) return;
    let key = '';
    let json = '';
    eachField(bytes, field.start, field.end, (own) => {
      if (own.type !== 2) return;
      if (own.number === 1) key = textOf(bytes, own);
      else if (own.number === 2) key = key === '' ? textOf(bytes, own) : `${key}.${textOf(bytes, own)}`;
      else if (own.number === 16) json = textOf(bytes, own);
    });
    for (const [name, value] of flatJson(json, key)) {
      if (name === '_step') step = value;
      // `_runtime`, `_timestamp`, `_wandb`: its own bookkeeping.
      else if (!name.startsWith('_')) entries.push([name, value]);
    }
  });
  return place(entries, line, step);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

import { crc32 } from 'node:zlib';
import { crc32c } from '../../mcp-server/src/core/reading/sources/crc32c.js';

// Small writers of the binary formats, after their published descriptions; the readers are tested against them.

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
};
const key = (field: number, type: number): Buffer => varint(field * 8 + type);
const bytesField = (field: number, data: Uint8Array | string): Buffer => {
  const body = Buffer.from(data);
  return Buffer.concat([key(field, 2), varint(body.length), body]);
};
const intField = (field: number, value: number): Buffer => Buffer.concat([key(field, 0), varint(value)]);
const doubleBytes = (value: number): Buffer => {
  const body = Buffer.alloc(8);
  body.writeDoubleLE(value);
  return body;
};
const floatBytes = (value: number): Buffer => {
  const body = Buffer.alloc(4);
  body.writeFloatLE(value);
  return body;
};
const u32 = (value: number): Buffer => {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(value >>> 0);
  return body;
};

const masked = (data: Buffer): Buffer => {
  const crc = crc32c(data, 0, data.length);
  return u32(((crc >>> 15) | (crc << 17)) + 0xa282ead8);
};

/** One TFRecord. */
export function tfRecord(data: Uint8Array): Buffer {
  const body = Buffer.from(data);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(body.length));
  return Buffer.concat([length, masked(length), body, masked(body)]);
}

export type Value =
  | number
  | { tensor: 'float' | 'double' | 'content'; value: number; dims?: number[] }
  | { image: number };

function summaryValue(tag: string, value: Value): Buffer {
  const parts = [bytesField(1, tag)];
  if (typeof value === 'number') parts.push(Buffer.concat([key(2, 5), floatBytes(value)]));
  else if ('image' in value) parts.push(bytesField(4, Buffer.alloc(value.image, 7)));
  else {
    const dims = (value.dims ?? []).map((size) => bytesField(2, intField(1, size)));
    const shape = bytesField(2, Buffer.concat(dims));
    const numbers =
      value.tensor === 'float'
        ? [intField(1, 1), shape, bytesField(5, floatBytes(value.value))]
        : value.tensor === 'double'
          ? [intField(1, 2), shape, bytesField(6, doubleBytes(value.value))]
          : [intField(1, 1), shape, bytesField(4, floatBytes(value.value))];
    parts.push(bytesField(8, Buffer.concat(numbers)));
  }
  return Buffer.concat(parts);
}

/** One record of an event file. */
export function event(step: number, values: Record<string, Value>): Buffer {
  const summary = Object.entries(values).map(([tag, value]) => bytesField(1, summaryValue(tag, value)));
  return tfRecord(
    Buffer.concat([
      Buffer.concat([key(1, 1), doubleBytes(1.7e9 + step)]),
      ...(step === 0 ? [] : [intField(2, step)]),
      bytesField(5, Buffer.concat(summary)),
    ]),
  );
}

/** The record with which an event file begins. */
export const eventHead = (): Buffer =>
  tfRecord(Buffer.concat([Buffer.concat([key(1, 1), doubleBytes(1.7e9)]), bytesField(3, 'brain.Event:2')]));

/** A `.wandb` file of these records, in blocks of 32 KiB. */
export function wandbFile(records: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from(':W&B'), Buffer.from([0xe1, 0xbe, 0])];
  let at = 7;
  const put = (type: number, data: Buffer): void => {
    const body = Buffer.concat([Buffer.from([type]), data]);
    const length = Buffer.alloc(2);
    length.writeUInt16LE(data.length);
    parts.push(u32(crc32(body)), length, body);
    at += 7 + data.length;
  };
  for (const record of records) {
    let rest = record;
    let first = true;
    do {
      let left = 32_768 - (at % 32_768);
      if (left < 7) {
        parts.push(Buffer.alloc(left));
        at += left;
        left = 32_768;
      }
      const data = rest.subarray(0, left - 7);
      rest = rest.subarray(data.length);
      put(first ? (rest.length === 0 ? 1 : 2) : rest.length === 0 ? 4 : 3, data);
      first = false;
    } while (rest.length > 0);
  }
  return Buffer.concat(parts);
}

/** A history record of W&B; each value is given as the JSON that W&B writes. */
export function wandbHistory(step: number, json: Record<string, string>): Buffer {
  const items = Object.entries({ ...json, _step: String(step) }).map(([name, value]) =>
    bytesField(
      1,
      Buffer.concat([
        ...(name.includes('.') ? name.split('.').map((part) => bytesField(2, part)) : [bytesField(1, name)]),
        bytesField(16, value),
      ]),
    ),
  );
  return Buffer.concat([intField(1, step + 1), bytesField(2, Buffer.concat(items))]);
}

/** A record of W&B that is no history. */
export const wandbOther = (size: number): Buffer => bytesField(5, Buffer.alloc(size, 65));

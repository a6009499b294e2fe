/**
 * The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): a message is a row of fields, each a
 * key `number << 3 | type` and a value. Only what the readers here need: varints, fixed numbers, and bytes.
 */
export interface Field {
  number: number;
  /** 0 varint, 1 eight bytes, 2 bytes, 5 four bytes. */
  type: number;
  /** Of a varint; a negative int64 comes out negative. */
  value: number;
  /** Where the bytes of the others lie in the buffer. */
  start: number;
  end: number;
}

/** Calls `see` for each field of a message; false when it is not a well-formed one (what came before was seen). */
export function eachField(
  bytes: Uint8Array,
  start: number,
  end: number,
  see: (field: Field) => void,
): boolean {
  const cursor = { at: start };
  const field: Field = { number: 0, type: 0, value: 0, start: 0, end: 0 };
  while (cursor.at < end) {
    const key = varint(bytes, cursor, end);
    if (key === null || key < 8 || key > 0xffff_ffff) return false;
    field.number = Math.floor(key / 8);
    field.type = key % 8;
    let length = 0;
    if (field.type === 0) {
      const value = varint(bytes, cursor, end);
      if (value === null) return false;
      field.value = value;
    } else if (field.type === 1) length = 8;
    else if (field.type === 5) length = 4;
    else if (field.type === 2) {
      const given = varint(bytes, cursor, end);
      if (given === null || given < 0) return false;
      length = given;
    } else return false;
    field.start = cursor.at;
    field.end = cursor.at + length;
    if (field.end > end) return false;
    cursor.at = field.end;
    see(field);
  }
  return true;
}

function varint(bytes: Uint8Array, cursor: { at: number }, end: number): number | null {
  let value = 0;
  let scale = 1;
  for (let index = 0; index < 10; index += 1) {
    if (cursor.at >= end) return null;
    const byte = bytes[cursor.at++] ?? 0;
    // The tenth byte of a negative int64 holds its sign: 2^64 is taken off, in two steps so that nothing is lost.
    if (index === 9) return negative(bytes, cursor.at - 10);
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
  return null;
}

function negative(bytes: Uint8Array, start: number): number {
  let value = 0n;
  for (let index = 0; index < 10; index += 1)
    value |= BigInt((bytes[start + index] ?? 0) & 127) << BigInt(7 * index);
  return Number(BigInt.asIntN(64, value));
}

const UTF8 = new TextDecoder();
export const textOf = (bytes: Uint8Array, field: Pick<Field, 'start' | 'end'>): string =>
  UTF8.decode(bytes.subarray(field.start, field.end));

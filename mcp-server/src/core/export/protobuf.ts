/** Writes the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): fields, one after another. */

type Field = Uint8Array;

/** A non-negative whole number below 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

const key = (field: number, type: number): number[] => varint(field * 8 + type);

export const wholeField = (field: number, value: number): Field =>
  Uint8Array.from([...key(field, 0), ...varint(Math.max(0, Math.floor(value)))]);

export function bytesField(field: number, data: Uint8Array | string): Field {
  const body = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return join([Uint8Array.from([...key(field, 2), ...varint(body.length)]), body]);
}

export function doubleField(field: number, value: number): Field {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setFloat64(0, value, true);
  return join([Uint8Array.from(key(field, 1)), body]);
}

export function floatField(field: number, value: number): Field {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setFloat32(0, value, true);
  return join([Uint8Array.from(key(field, 5)), body]);
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

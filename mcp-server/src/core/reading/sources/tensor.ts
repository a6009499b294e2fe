import { eachField } from './protobuf.js';

const FLOAT = 1;
const DOUBLE = 2;
const INT32 = 3;
const INT64 = 9;
const BFLOAT16 = 14;
const SIZES: Readonly<Record<number, number>> = {
  [FLOAT]: 4,
  [DOUBLE]: 8,
  [INT32]: 4,
  [INT64]: 8,
  [BFLOAT16]: 2,
};

/**
 * The number in a tensor of one element; null for every other one. `single`: it has 32 bits or fewer. Format:
 * tensorflow/core/framework/tensor.proto (dtype = 1, shape = 2, tensor_content = 4, float_val = 5, double_val = 6,
 * int_val = 7, int64_val = 10) and tensor_shape.proto (dim = 2 with size = 1).
 */
export function scalarTensor(
  bytes: Uint8Array,
  start: number,
  end: number,
): { value: number; single: boolean } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let type = FLOAT;
  let content: { start: number; length: number } | null = null;
  let value: number | null = null;
  let values = 0;
  let elements = 1;
  const take = (number: number): void => {
    value = number;
    values += 1;
  };
  const whole = eachField(bytes, start, end, (field) => {
    const length = field.end - field.start;
    if (field.number === 1 && field.type === 0) type = field.value;
    else if (field.number === 2 && field.type === 2) elements *= sizeOf(bytes, field.start, field.end);
    else if (field.number === 4 && field.type === 2) content = { start: field.start, length };
    else if (field.number === 5 && (field.type === 5 || field.type === 2)) {
      values += Math.floor(length / 4) - 1;
      if (length >= 4) take(view.getFloat32(field.start, true));
    } else if (field.number === 6 && (field.type === 1 || field.type === 2)) {
      values += Math.floor(length / 8) - 1;
      if (length >= 8) take(view.getFloat64(field.start, true));
    } else if ((field.number === 7 || field.number === 10) && field.type === 0) take(field.value);
    else if ((field.number === 7 || field.number === 10) && field.type === 2) {
      const packed = packedInts(bytes, field.start, field.end);
      for (const one of packed) take(one);
    }
  });
  if (!whole || elements !== 1) return null;
  const size = SIZES[type];
  if (size === undefined) return null;
  const raw: { start: number; length: number } | null = content;
  if (raw !== null) value = fromContent(view, raw, type, size);
  else if (values !== 1) return null;
  return value === null ? null : { value, single: type === FLOAT || type === BFLOAT16 };
}

function fromContent(
  view: DataView,
  raw: { start: number; length: number },
  type: number,
  size: number,
): number | null {
  if (raw.length !== size) return null;
  if (type === FLOAT) return view.getFloat32(raw.start, true);
  if (type === DOUBLE) return view.getFloat64(raw.start, true);
  if (type === INT32) return view.getInt32(raw.start, true);
  if (type === INT64) return Number(view.getBigInt64(raw.start, true));
  // The upper half of a 32-bit float.
  const half = new DataView(new ArrayBuffer(4));
  half.setUint16(0, view.getUint16(raw.start, true));
  return half.getFloat32(0);
}

/** How many elements a shape has; none of the dimensions are those of a scalar. */
function sizeOf(bytes: Uint8Array, start: number, end: number): number {
  let elements = 1;
  eachField(bytes, start, end, (dim) => {
    if (dim.number !== 2 || dim.type !== 2) return;
    let size = 0;
    eachField(bytes, dim.start, dim.end, (field) => {
      if (field.number === 1 && field.type === 0) size = field.value;
    });
    elements *= size;
  });
  return elements;
}

/** At most two: more is no scalar. */
function packedInts(bytes: Uint8Array, start: number, end: number): number[] {
  // As fields of a message that has only varints, each behind a made-up key.
  const ints: number[] = [];
  let from = start;
  for (let at = start; at < end && ints.length < 2; at += 1) {
    if ((bytes[at] ?? 0) >= 128) continue;
    const one = Uint8Array.from([8, ...bytes.subarray(from, at + 1)]);
    eachField(one, 0, one.length, (field) => ints.push(field.value));
    from = at + 1;
  }
  return ints;
}

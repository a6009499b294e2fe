/**
 * UTF-8 that may hold anything, as a string and back without a changed byte: a byte that is no UTF-8 becomes the lone
 * surrogate U+DC00 + byte (as Python's surrogateescape does it), which no valid text contains.
 */
export function decodeLossless(data: Buffer): string {
  const text = data.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  let out = '';
  let start = 0;
  for (let at = 0; at < data.length; ) {
    const length = sequenceLength(data, at);
    if (length === 0) {
      out += data.toString('utf8', start, at) + String.fromCharCode(0xdc00 + (data[at] ?? 0));
      start = at + 1;
    }
    at += Math.max(1, length);
  }
  return out + data.toString('utf8', start);
}

export function encodeLossless(text: string): Buffer {
  const parts = text.split(/([\udc80-\udcff])/u);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 1 ? Buffer.from([part.charCodeAt(0) - 0xdc00]) : Buffer.from(part),
    ),
  );
}

/** Length of the well-formed sequence that begins here (Unicode, table 3-7); 0 when there is none. */
function sequenceLength(data: Buffer, at: number): number {
  const first = data[at] ?? 0;
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first <= 0xdf
      ? 2
      : first >= 0xe0 && first <= 0xef
        ? 3
        : first >= 0xf0 && first <= 0xf4
          ? 4
          : 0;
  for (let i = 1; i < length; i++) {
    const byte = data[at + i] ?? 0;
    const low = i === 1 && first === 0xe0 ? 0xa0 : i === 1 && first === 0xf0 ? 0x90 : 0x80;
    const high = i === 1 && first === 0xed ? 0x9f : i === 1 && first === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

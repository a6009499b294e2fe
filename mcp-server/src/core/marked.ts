/** The parts of an answer that a separator nobody can guess divides. */
export function splitAt(buffer: Uint8Array, separator: string): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const mark = new TextEncoder().encode(separator);
  let from = 0;
  for (;;) {
    const at = indexOf(buffer, mark, from);
    if (at < 0) return [...parts, buffer.subarray(from)];
    parts.push(buffer.subarray(from, at));
    from = at + mark.length;
  }
}

function indexOf(buffer: Uint8Array, mark: Uint8Array, from: number): number {
  const first = mark[0] ?? 0;
  for (let at = buffer.indexOf(first, from); at >= 0; at = buffer.indexOf(first, at + 1)) {
    let length = 1;
    while (length < mark.length && buffer[at + length] === mark[length]) length += 1;
    if (length === mark.length) return at;
  }
  return -1;
}

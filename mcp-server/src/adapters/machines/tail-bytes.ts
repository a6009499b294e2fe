/** The last bytes of a stream, in memory that never exceeds `max` bytes, however much flows by. */
export interface TailBytes {
  push(chunk: Uint8Array): void;
  /** What was kept, as text; a character that was cut in half at the front is left out. */
  text(): string;
  /** True when something was dropped. */
  truncated(): boolean;
}

const FIRST_CAPACITY = 4096;

/** A ring that doubles up to `max` bytes and then overwrites its oldest bytes. */
export function tailBytes(max: number): TailBytes {
  let ring = new Uint8Array(Math.min(max, FIRST_CAPACITY));
  let end = 0;
  let total = 0;

  const kept = () => Math.min(total, ring.length);
  const ordered = (): Uint8Array => {
    if (total <= ring.length) return ring.subarray(0, total);
    return Buffer.concat([ring.subarray(end), ring.subarray(0, end)]);
  };
  const grow = (needed: number): void => {
    const larger = new Uint8Array(Math.min(max, Math.max(needed, ring.length * 2)));
    larger.set(ring.subarray(0, kept()));
    end = kept();
    ring = larger;
  };
  const put = (bytes: Uint8Array): void => {
    const first = bytes.subarray(0, ring.length - end);
    ring.set(first, end);
    ring.set(bytes.subarray(first.length), 0);
    end = (end + bytes.length) % Math.max(1, ring.length);
  };

  return {
    push(chunk) {
      if (total + chunk.length > ring.length && ring.length < max) grow(total + chunk.length);
      put(chunk.subarray(Math.max(0, chunk.length - ring.length)));
      total += chunk.length;
    },
    text() {
      const bytes = ordered();
      return Buffer.from(total > max ? bytes.subarray(wholeCharacterAt(bytes)) : bytes).toString('utf8');
    },
    truncated: () => total > max,
  };
}

/** Offset of the first byte that does not continue a UTF-8 character begun before it (at most 3 do). */
function wholeCharacterAt(bytes: Uint8Array): number {
  for (let at = 0; at < 4; at += 1) {
    const byte = bytes[at];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return at;
  }
  return 0;
}

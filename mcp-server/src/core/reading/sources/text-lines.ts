import { LONGEST_RECORD } from './parser.js';

const NEWLINE = 10;
const UTF8 = new TextDecoder();

/** The whole lines of some bytes. `rest`: what stands behind the last newline, when nothing will follow; else null. */
export function wholeLines(
  bytes: Uint8Array,
  last: boolean,
  see: (line: string) => void,
): { used: number; rest: string | null; tooLong: boolean } {
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    // A line of megabytes is no record: an empty one stands for it.
    const line = end - start > LONGEST_RECORD ? '' : UTF8.decode(bytes.subarray(start, end));
    see(line.endsWith('\r') ? line.slice(0, -1) : line);
    start = end + 1;
  }
  const left = bytes.length - start;
  // It is passed over in pieces; the caller drops the last of them, which comes with the newline.
  if (left > LONGEST_RECORD) return { used: bytes.length, rest: null, tooLong: true };
  if (!last || left === 0) return { used: start, rest: null, tooLong: false };
  return { used: bytes.length, rest: UTF8.decode(bytes.subarray(start)), tooLong: false };
}

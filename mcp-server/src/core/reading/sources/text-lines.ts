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
    if (end - start <= LONGEST_RECORD) see(UTF8.decode(bytes.subarray(start, end)).replace(/\r$/, ''));
    start = end + 1;
  }
  const left = bytes.length - start;
  // A line without end is no record. It is passed over in pieces; its last piece, with the newline, is dropped by the caller.
  if (left > LONGEST_RECORD) return { used: bytes.length, rest: null, tooLong: true };
  if (!last || left === 0) return { used: start, rest: null, tooLong: false };
  return { used: bytes.length, rest: UTF8.decode(bytes.subarray(start)), tooLong: false };
}

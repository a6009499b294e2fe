import { Transform } from 'node:stream';

/** Longer than any request can sensibly be: a file of 1 MiB in JSON, several times over. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Passes whole lines on and drops those that are too long: the SDK's own buffer would end the server instead. `begun` is
 * called once, with the first line before it is passed on, or with null when there is none.
 */
export function wholeLines(begun: (line: Buffer | null) => void): Transform {
  let held: Buffer[] = [];
  let size = 0;
  let dropping = false;
  let first = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let from = 0; from < chunk.length; ) {
        const newline = chunk.indexOf(0x0a, from);
        const part = chunk.subarray(from, newline < 0 ? chunk.length : newline + 1);
        from += part.length;
        size += part.length;
        dropping ||= size > MAX_BYTES;
        if (dropping) held = [];
        else held.push(part);
        if (newline < 0) continue;
        if (!dropping) {
          const line = Buffer.concat(held);
          if (first) begun(line);
          first = false;
          this.push(line);
        }
        held = [];
        size = 0;
        dropping = false;
      }
      done();
    },
    flush(done) {
      if (first) begun(null);
      done();
    },
  });
}

import { createRedactor } from '../../core/redact.js';
import { secretValues } from '../../core/secrets.js';
import { clip, plain } from '../../core/text.js';
import { lastState } from '../../store/log-tail.js';
import type { Lab } from '../lab.js';

/** Lines that are shown at first. */
const FIRST = 300;
/** Bytes that are read at once; of more, the newest are shown and what was left out is said. */
const CHUNK = 128 * 1024;
const WIDE = 2000;

export interface LogPart {
  lines: string[];
  /** The last line, which has no end yet: a progress bar, as it stands now. */
  open: string;
  /** What was shown before is no longer in the file. */
  fresh: boolean;
}

/**
 * Follows the log of a run for a reader who looks from time to time; null when there is nothing new. What it gives is safe to
 * show: `secretEnv` are names of variables that hold secrets besides those that are known by their names. Memory does not grow with the log.
 */
export function followLog(
  lab: Pick<Lab, 'machine' | 'env'>,
  path: string,
  secretEnv: readonly string[],
): { read(): Promise<LogPart | null> } {
  const clean = createRedactor(secretValues(lab.env, secretEnv));
  // As one text: a secret may be broken over lines.
  const shown = (lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : clean(lines.map((line) => plain(lastState(line))).join('\n'))
          .split('\n')
          .map((line) => clip(line, WIDE));
  let offset = 0;
  let id: string | null = null;
  let rest = Buffer.alloc(0);

  return {
    async read() {
      let slice = await lab.machine.readFrom(path, offset, CHUNK);
      if (slice === null) return null;
      const fresh = id === null || slice.id !== id || slice.size < offset;
      if (!fresh && slice.bytes.length === 0) return null;
      if (fresh) offset = 0;
      id = slice.id;
      const from = Math.max(offset, slice.size - CHUNK);
      const skipped = from - offset;
      if (fresh || skipped > 0) {
        rest = Buffer.alloc(0);
        offset = from;
        slice = (await lab.machine.readFrom(path, from, CHUNK)) ?? { ...slice, bytes: new Uint8Array(0) };
      }
      offset += slice.bytes.length;
      const all = Buffer.concat([rest, slice.bytes]);
      // A line of any length without an end is shown as far as it goes.
      const whole = all.length > CHUNK && !all.includes(0x0a) ? all.length : all.lastIndexOf(0x0a) + 1;
      rest = Buffer.from(all.subarray(whole));
      const lines = all.toString('utf8', 0, whole).split('\n');
      if (lines.at(-1) === '') lines.pop();
      // What a part begins within is no line.
      if (skipped > 0) lines.shift();
      const left = skipped > 0 && !fresh ? [`… ${Math.ceil(skipped / 1024)} KiB are not shown here`] : [];
      const kept = shown(fresh ? lines.slice(-FIRST) : lines);
      return { lines: [...left, ...kept], open: shown([rest.toString('utf8')])[0] ?? '', fresh };
    },
  };
}

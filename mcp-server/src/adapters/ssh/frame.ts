/** What lies between two markers of a stream: greetings before and leftovers after are nobody's. */
export interface Frame {
  push(chunk: Uint8Array): void;
  /** Resolves with the number behind the closing marker. */
  readonly closed: Promise<number>;
  /** Whether anything between the markers, or the opening one itself, was seen. */
  opened(): boolean;
}

/** `\nMARK+\n` … `\nMARK-NUMBER\n`: the newline before the closing marker belongs to the marker. */
export function readFrame(mark: string, sink: (chunk: Uint8Array) => void): Frame {
  const open = Buffer.from(`\n${mark}+\n`);
  const close = Buffer.from(`\n${mark}-`);
  let held = Buffer.alloc(0);
  let state: 'before' | 'within' | 'after' = 'before';
  let settle: (code: number) => void = () => undefined;
  const closed = new Promise<number>((resolve) => {
    settle = resolve;
  });

  const keepLast = (count: number, give: boolean): void => {
    const cut = Math.max(0, held.length - count);
    if (give && cut > 0) sink(held.subarray(0, cut));
    held = held.subarray(cut);
  };

  return {
    closed,
    opened: () => state !== 'before',
    push(chunk) {
      if (state === 'after') return;
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      if (state === 'before') {
        const at = held.indexOf(open);
        if (at < 0) return keepLast(open.length, false);
        held = held.subarray(at + open.length);
        state = 'within';
      }
      const at = held.indexOf(close);
      if (at < 0) return keepLast(close.length, true);
      const end = held.indexOf('\n', at + close.length);
      if (end < 0) return;
      if (at > 0) sink(held.subarray(0, at));
      state = 'after';
      settle(Number(held.toString('latin1', at + close.length, end)));
      held = Buffer.alloc(0);
    },
  };
}

/** The shell's side of a frame. `code` is a word of the shell, for instance `$?`. */
export const frameOpen = (mark: string): string =>
  `printf '\\n%s+\\n' ${mark}; printf '\\n%s+\\n' ${mark} >&2`;
export const frameClose = (mark: string, code: string): string =>
  `printf '\\n%s-%s\\n' ${mark} "${code}"; printf '\\n%s-%s\\n' ${mark} "${code}" >&2`;

import { randomBytes } from 'node:crypto';
import { LabError } from '../../core/errors.js';
import { frameClose, frameOpen, readFrame } from './frame.js';
import type { Channel } from './link.js';

export interface Reply {
  code: number;
  stdout: Buffer;
  stderr: Buffer;
}

/** A shell that answers one script after the other, each within markers that nobody can guess. */
export interface FramedShell {
  /** Rejects with a LabError when the shell or its connection is gone, or when it takes longer than `timeoutMs`. */
  ask(script: string, timeoutMs: number): Promise<Reply>;
  alive(): boolean;
  close(): void;
}

export const newMark = (): string => `AE${randomBytes(12).toString('hex')}`;

/** Neither a language nor start-up files of the shell may change what programs answer. */
const BEGIN = 'LC_ALL=C; export LC_ALL; unset ENV BASH_ENV CDPATH; PS1= PS2=\n';

export function framedShell(channel: Channel, name: string): FramedShell {
  let over: Error | null = null;
  let out: ((chunk: Uint8Array) => void) | null = null;
  let err: ((chunk: Uint8Array) => void) | null = null;
  void channel.ended.then((why) => {
    over = why;
  });
  channel.stdout.on('data', (chunk: Uint8Array) => out?.(chunk));
  channel.stderr.on('data', (chunk: Uint8Array) => err?.(chunk));
  channel.stdin.write(BEGIN);
  return {
    async ask(script, timeoutMs) {
      const mark = newMark();
      const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
      const frames = [
        readFrame(mark, (chunk) => stdout.push(chunk)),
        readFrame(mark, (chunk) => stderr.push(chunk)),
      ] as const;
      out = (chunk) => frames[0].push(chunk);
      err = (chunk) => frames[1].push(chunk);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<Error>((resolve) => {
        timer = setTimeout(
          () =>
            resolve(
              new LabError(
                `${name} did not answer within ${Math.round(timeoutMs / 1000)} s`,
                'its network or its disks may hang; it is asked again',
              ),
            ),
          timeoutMs,
        );
      });
      channel.stdin.write(
        `${frameOpen(mark)}\n(\n${script}\n) < /dev/null\nr=$?; ${frameClose(mark, '$r')}\n`,
      );
      try {
        const first = await Promise.race([
          Promise.all([frames[0].closed, frames[1].closed]),
          channel.ended,
          late,
        ]);
        if (first instanceof Error) {
          over ??= first;
          channel.close();
          throw first;
        }
        return { code: first[0], stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
      } finally {
        clearTimeout(timer);
        out = null;
        err = null;
      }
    },
    alive: () => over === null,
    close: () => channel.close(),
  };
}

import type { Console } from '../command.js';

/** The parts of a terminal's output that tell its size and when that changes. */
export interface Sized {
  columns?: number;
  rows?: number;
  on(event: 'resize', act: () => void): unknown;
  off(event: 'resize', act: () => void): unknown;
}

/**
 * Shows frames on the alternate screen until Ctrl-C: what was in the terminal before is there again afterwards. Drawn anew
 * every `everyMs`, and at once when the terminal is resized. Each frame is one write, so nothing flickers.
 */
export async function showFrames(
  console: Pick<Console, 'out' | 'signal' | 'width' | 'height'>,
  terminal: Sized,
  everyMs: number,
  frame: (size: { width: number; height: number }) => Promise<readonly string[]>,
): Promise<void> {
  let wake = (): void => {};
  let resized = false;
  const onResize = (): void => {
    resized = true;
    wake();
  };
  console.out('\u001b[?1049h\u001b[?25l');
  terminal.on('resize', onResize);
  console.signal.addEventListener('abort', onResize);
  try {
    while (!console.signal.aborted) {
      const cleared = resized ? '\u001b[2J' : '';
      resized = false;
      const size = { width: terminal.columns ?? console.width, height: terminal.rows ?? console.height };
      const lines = (await frame(size)).slice(0, size.height);
      const body = lines.map((line) => `${line}\u001b[K`).join('\r\n');
      console.out(`${cleared}\u001b[H${body}\u001b[J`);
      if (resized || console.signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    terminal.off('resize', onResize);
    console.signal.removeEventListener('abort', onResize);
    console.out('\u001b[?25h\u001b[?1049l');
  }
}

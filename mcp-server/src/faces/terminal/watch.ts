import { setTimeout as sleep } from 'node:timers/promises';
import type { Console } from '../command.js';
import type { Style } from './style.js';

/** Resolves after `ms`, or at once when the user leaves. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/**
 * Redraws the whole screen until the user leaves. Each frame is one write and lines are cleared to their end, so that
 * nothing flickers; what does not fit into the window is cut. A window of another size is drawn anew at once.
 */
export async function watchScreen(
  console: Console,
  style: Style,
  everyMs: number,
  draw: (size: { width: number; rows: number }) => Promise<readonly string[]>,
): Promise<void> {
  // The alternate screen: what was in the terminal before is there again afterwards.
  console.out('\u001b[?1049h\u001b[?25l');
  let resized = new AbortController();
  const onResize = (): void => resized.abort();
  process.stdout.on('resize', onResize);
  try {
    while (!console.signal.aborted) {
      const size = { width: process.stdout.columns ?? console.width, rows: process.stdout.rows ?? 24 };
      const lines = (await draw(size)).slice(0, Math.max(1, size.rows - 2));
      const foot = style.dim('Ctrl-C leaves; nothing is stopped');
      console.out(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\n${foot}\u001b[K\u001b[J`);
      resized = new AbortController();
      await pause(everyMs, AbortSignal.any([console.signal, resized.signal]));
    }
  } finally {
    process.stdout.off('resize', onResize);
    console.out('\u001b[?25h\u001b[?1049l');
  }
}

import { buildOverview } from '../../engine/views/overview.js';
import type { Command } from '../command.js';
import { statusText } from '../terminal/status-text.js';
import { createStyle } from '../terminal/style.js';
import { labOf, outJson } from './shared.js';

const REFRESH_MS = 1000;

export const command: Command = {
  name: 'status',
  summary: 'What ran, what is best, what is running, what needs you.',
  usage: 'status [--watch] [--project DIR] [--json]',
  flags: { watch: { kind: 'switch', help: 'Stay and redraw every second; Ctrl-C leaves.' } },
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const lab = labOf(console, args);
    const view = () => buildOverview(lab, lab.open(), { gpus: true });
    if (args.switches.json === true) {
      outJson(console, await view());
      return 0;
    }
    const style = createStyle(console.colour);
    if (args.switches.watch !== true || !console.terminal) {
      console.out(
        `${statusText(await view(), { width: console.terminal ? console.width : 120, rows: 30, style }).join('\n')}\n`,
      );
      return 0;
    }
    // The alternate screen: what was in the terminal before is there again afterwards.
    console.out('\u001b[?1049h\u001b[?25l');
    try {
      while (!console.signal.aborted) {
        const { columns, rows } = process.stdout;
        const layout = { width: columns ?? console.width, rows: Math.max(3, (rows ?? 24) - 16), style };
        const lines = statusText(await view(), layout).slice(0, (rows ?? 24) - 2);
        console.out(
          `\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\n${style.dim('Ctrl-C leaves; nothing is stopped')}\u001b[K\u001b[J`,
        );
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, REFRESH_MS);
          const leave = (): void => {
            clearTimeout(timer);
            resolve();
          };
          console.signal.addEventListener('abort', leave, { once: true });
        });
      }
    } finally {
      console.out('\u001b[?25h\u001b[?1049l');
    }
    return 0;
  },
};

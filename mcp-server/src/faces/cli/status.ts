import { buildOverview } from '../../engine/views/overview.js';
import type { Command } from '../command.js';
import { statusText } from '../terminal/status-text.js';
import { createStyle } from '../terminal/style.js';
import { watchScreen } from '../terminal/watch.js';
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
    await watchScreen(console, style, REFRESH_MS, async ({ width, rows }) =>
      statusText(await view(), { width, rows: Math.max(3, rows - 16), style }),
    );
    return 0;
  },
};

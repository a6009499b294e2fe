import { plain } from '../../core/text.js';
import { viewRun } from '../../engine/runs/view.js';
import { runToWaitFor } from '../../engine/runs/wait.js';
import { readCampaign } from '../../store/ledger.js';
import { readTail } from '../../store/log-tail.js';
import { runPaths } from '../../store/paths.js';
import { readMark } from '../../store/records.js';
import { readRun } from '../../store/runs.js';
import type { Command } from '../command.js';
import { wholeNumber } from '../flags.js';
import { pause } from '../pause.js';
import { createFollowText } from '../terminal/follow-text.js';
import { endedLine, progressLine } from '../terminal/run-lines.js';
import { createStyle } from '../terminal/style.js';
import { labOf, outJson } from './shared.js';

const LOOK_MS = 300;
const CHUNK = 256 * 1024;

export const command: Command = {
  name: 'logs',
  summary: 'The end of a run’s log; with --follow, what it writes from now on, until it ends.',
  usage: 'logs [RUN] [--follow] [--lines N] [--project DIR] [--json]',
  flags: {
    follow: { kind: 'switch', help: 'Stay until the run has ended.' },
    lines: { kind: 'value', value: 'N', help: 'How many lines; default: experiment.log_tail_lines.' },
  },
  json: true,
  project: true,
  words: 1,
  async run(console, args) {
    const lab = labOf(console, args);
    const { paths, config } = lab.open();
    const id = args.words[0] ?? runToWaitFor(lab.open());
    readRun(paths.runs, id);
    const files = runPaths(paths.runs, id);
    const count = wholeNumber(args, 'lines', 1) ?? config.experiment.log_tail_lines;
    const tail = readTail(files.log, count);
    if (args.switches.json === true) {
      outJson(console, { run: id, log: files.log, lines: tail.lines, size: tail.size });
      return 0;
    }
    console.out(tail.lines.map((line) => `${plain(line)}\n`).join(''));
    let offset = tail.size;
    const decoder = new TextDecoder();
    const shown = createFollowText(console.terminal);
    while (args.switches.follow === true && !console.signal.aborted) {
      const ended = readMark(files.record, 'ended') !== null;
      const slice = await lab.machine.readFrom(files.log, offset, CHUNK);
      if (slice !== null && slice.size < offset) offset = 0;
      else if (slice !== null && slice.bytes.length > 0) {
        offset += slice.bytes.length;
        console.out(shown.push(decoder.decode(slice.bytes, { stream: true })));
      } else if (ended) break;
      else await pause(LOOK_MS, console.signal);
    }
    if (args.switches.follow === true) {
      console.out(shown.end());
      if (!console.errTerminal) return 0;
      const record = readRun(paths.runs, id);
      const { campaign } = readCampaign(paths.ledger);
      const run = viewRun(paths, record, campaign.runs.get(id), lab.clock());
      const style = createStyle(console.colour);
      const { width } = console;
      console.err(
        `${run.state === 'ended' ? endedLine(run, width, style) : progressLine(run, width, style)}\n`,
      );
    }
    return 0;
  },
};

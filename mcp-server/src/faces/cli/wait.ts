import { LabError } from '../../core/errors.js';
import type { RunView } from '../../core/run.js';
import { formatDuration, parseDuration } from '../../core/units.js';
import type { Lab } from '../../engine/lab.js';
import { runToWaitFor, waitForRuns } from '../../engine/runs/wait.js';
import type { Project } from '../../store/project.js';
import { type Command, type Console, type Parsed, UsageError } from '../command.js';
import { createLive } from '../terminal/live.js';
import { progressLine } from '../terminal/run-lines.js';
import { runText } from '../terminal/run-text.js';
import { createStyle } from '../terminal/style.js';
import { labOf, outJson } from './shared.js';

export const command: Command = {
  name: 'wait',
  summary: 'Wait until a run has ended, then say how. Leaving does not stop it.',
  usage: 'wait [RUN] [--timeout 2h] [--project DIR] [--json]',
  flags: {
    timeout: {
      kind: 'value',
      value: 'TIME',
      help: 'Stop waiting after this long (exit code 1); the run goes on.',
    },
  },
  json: true,
  project: true,
  words: 1,
  async run(console, args) {
    const text = args.values.timeout;
    const timeout = text === undefined ? null : parseDuration(text);
    if (text !== undefined && timeout === null)
      throw new UsageError(`--timeout takes a duration such as 90s, 20m or 2h, not "${text}"`);
    const lab = labOf(console, args);
    const project = lab.open();
    return waitAndShow(console, args, lab, project, args.words[0] ?? runToWaitFor(project), timeout);
  },
};

/** Waits for one run with a live line, then shows it. Throws LabError when the time is up. `timeout` in seconds. */
export async function waitAndShow(
  console: Console,
  args: Parsed,
  lab: Lab,
  project: Project,
  run: string,
  timeout: number | null,
): Promise<number> {
  const live = createLive((part) => console.err(part));
  const style = createStyle(console.colour && console.errTerminal);
  const show = (runs: readonly RunView[]): void =>
    live.draw(runs.map((view) => progressLine(view, console.width, style)));
  const waited = await waitForRuns(lab, project, {
    runs: [run],
    timeoutMs: timeout === null ? null : timeout * 1000,
    wakeOnDirective: false,
    wakeOnRule: false,
    signal: console.signal,
    progressMs: 1000,
    ...(console.errTerminal ? { onProgress: show } : {}),
  });
  if (waited.reason === 'cancelled') {
    console.err(`stopped waiting; ${run} goes on\n`);
    return 130;
  }
  if (waited.run === null)
    throw new LabError(
      `${run} has not ended within ${formatDuration(timeout)}`,
      `it goes on; wait again with: auto-experiment wait ${run}`,
    );
  if (args.switches.json === true) outJson(console, waited.run);
  else console.out(`${runText(waited.run, createStyle(console.colour)).join('\n')}\n`);
  return 0;
}

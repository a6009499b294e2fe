import { text as readAll } from 'node:stream/consumers';
import { z } from 'zod';
import { sessionBriefing } from '../../engine/agent/briefing.js';
import { whyGoOn } from '../../engine/agent/keep-going.js';
import { type Command, type Console, UsageError } from '../command.js';

/** What both hosts hand to a hook on standard input; they add more, and more with each version. */
const Event = z.looseObject({
  cwd: z.string().optional(),
  transcript_path: z.string().nullish(),
  background_tasks: z.array(z.unknown()).optional(),
});
type Event = z.output<typeof Event>;

export const command: Command = {
  name: 'hook',
  summary: 'Called by Claude Code and Codex: tells a session what is under way; keeps a campaign going.',
  usage: 'hook session-start|stop [--project DIR]',
  flags: {},
  json: false,
  project: true,
  words: 1,
  async run(console, args) {
    const [name] = args.words;
    if (name !== 'session-start' && name !== 'stop')
      throw new UsageError(`hook takes session-start or stop, not "${name ?? ''}"`);
    try {
      const event = Event.parse(JSON.parse(await readAll(process.stdin)));
      const said = await answerTo(name, console, event, args.values.project);
      if (said !== null) console.out(`${JSON.stringify(said)}\n`);
    } catch (error) {
      // Whatever is wrong with the project or the event, the person's session goes on as if we were not there.
      if (console.env.AUTO_EXPERIMENT_DEBUG !== undefined) console.err(`hook ${name}: ${error}\n`);
    }
    return 0;
  },
};

async function answerTo(
  name: 'session-start' | 'stop',
  console: Console,
  event: Event,
  folder: string | undefined,
): Promise<object | null> {
  const lab = console.lab(folder ?? event.cwd ?? console.cwd);
  if (name === 'session-start') {
    const additionalContext = await sessionBriefing(lab, lab.open());
    if (additionalContext === null) return null;
    return { hookSpecificOutput: { hookEventName: 'SessionStart', additionalContext } };
  }
  // A wait that the host has moved to the background wakes the session by itself.
  if ((event.background_tasks ?? []).length > 0) return null;
  const reason = whyGoOn(lab, lab.open(), event.transcript_path ?? null);
  return reason === null ? null : { decision: 'block', reason };
}

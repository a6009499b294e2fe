import { errorText, LabError } from '../../core/errors.js';
import { secretsOf } from '../../core/notify/channel.js';
import { composePost } from '../../core/notify/compose.js';
import { type Notice, type Post, SendError } from '../../core/notify/notice.js';
import type { Target } from '../../core/notify/routes.js';
import { MAX_TRIES, nextTurn, retryDelay } from '../../core/notify/schedule.js';
import { createRedactor } from '../../core/redact.js';
import { secretValues } from '../../core/secrets.js';
import { oneLine } from '../../core/text.js';
import { secretValue } from '../../store/notify-file.js';
import {
  appendOutbox,
  noHistory,
  type Outbox,
  type OutboxRecord,
  readOutbox,
  waitingFor,
} from '../../store/outbox.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

export type DeliverLab = Pick<Lab, 'clock' | 'random' | 'env' | 'notifier'>;

/**
 * Sends what waits and may be sent now, to all channels side by side: one that hangs does not hold up another. Each
 * outcome is written down, so that a process killed in between loses nothing; only what was sent and not yet written down
 * would be sent again. Gives the time (ms) at which to call again; null = nothing waits.
 */
export async function deliverDue(
  lab: DeliverLab,
  project: Pick<Project, 'name' | 'paths'>,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<number | null> {
  const times = await Promise.all(targets.map((target) => deliverTo(lab, project, target, signal)));
  const due = times.filter((time) => time !== null);
  return due.length === 0 ? null : Math.min(...due);
}

async function deliverTo(
  lab: DeliverLab,
  project: Pick<Project, 'name' | 'paths'>,
  target: Target,
  signal: AbortSignal,
): Promise<number | null> {
  const path = project.paths.notifications;
  const before = standOf(lab, readOutbox(path), target);
  if (before.waiting.length === 0) return null;
  if (before.due > lab.clock()) return before.due;
  const clean = cleaner(lab, target);
  const failure = await send(
    lab,
    target,
    composePost(before.waiting, { project: project.name, clean }),
    signal,
  );
  if (signal.aborted) return lab.clock();
  const keys = before.waiting.map((notice) => notice.key);
  appendOutbox(path, outcome(lab, target, keys, failure, before.failures + 1, clean));
  const { waiting, due } = standOf(lab, readOutbox(path), target);
  return waiting.length === 0 ? null : due;
}

/** What waits for a channel, and when it may go there. */
function standOf(lab: Pick<Lab, 'clock'>, outbox: Outbox, { name, events }: Target) {
  const { failures, retryAt, sentAt } = outbox.channels.get(name) ?? noHistory();
  const now = lab.clock();
  return {
    waiting: waitingFor(outbox, name, events, now),
    failures,
    due: Math.max(retryAt, nextTurn(sentAt, now)),
  };
}

/** Why it did not go out; null when it did. */
async function send(
  lab: DeliverLab,
  target: Target,
  post: Post,
  signal: AbortSignal,
): Promise<SendError | null> {
  try {
    await (await lab.notifier(target.channel)).send(post, signal);
    return null;
  } catch (error) {
    if (error instanceof SendError) return error;
    // A secret that is not there may be there for the next process that tries.
    const words = error instanceof LabError ? `${error.message}; ${error.hint}` : errorText(error);
    return new SendError(words, { final: false }, { cause: error });
  }
}

function outcome(
  lab: DeliverLab,
  { name: channel }: Target,
  keys: string[],
  failure: SendError | null,
  tries: number,
  clean: (text: string) => string,
): OutboxRecord {
  const now = lab.clock();
  const at = new Date(now).toISOString();
  if (failure === null) return { kind: 'sent', at, channel, keys };
  const retry = now + retryDelay(tries, failure.retryAfter, lab.random());
  return {
    kind: 'failed',
    at,
    channel,
    keys,
    why: oneLine(clean(failure.message)).slice(0, 300),
    final: failure.final || tries >= MAX_TRIES,
    retry_at: new Date(retry).toISOString(),
  };
}

/** Takes secrets out of a text: those of the environment, and the channel's own. */
function cleaner(lab: Pick<Lab, 'env'>, { channel }: Pick<Target, 'channel'>): (text: string) => string {
  const own = secretsOf(channel).flatMap((secret) => {
    try {
      const value = secretValue(secret, lab.env);
      // Of an address, what comes after the host is the secret, and may stand alone.
      return [value, ...(URL.canParse(value) ? [value.replace(/^[a-z]+:\/\/[^/]*/i, '')] : [])];
    } catch (error) {
      if (error instanceof LabError) return [];
      throw error;
    }
  });
  return createRedactor([...secretValues(lab.env), ...own]);
}

/** One message to one channel, now, whatever waits. Throws LabError with what the service said. */
export async function sendTest(
  lab: DeliverLab,
  project: Pick<Project, 'name'>,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  const clean = cleaner(lab, target);
  const at = new Date(lab.clock()).toISOString();
  const notice: Notice = {
    key: `test:${at}`,
    at,
    event: 'needs_you',
    run: null,
    title: 'a test message',
    text: `Messages of auto-experiment arrive here. Events: ${target.events.join(', ') || 'none'}.`,
  };
  const failure = await send(lab, target, composePost([notice], { project: project.name, clean }), signal);
  if (failure !== null)
    throw new LabError(
      oneLine(clean(failure.message)),
      failure.final
        ? 'mend the channel in your notify.yaml (docs/notifications.md)'
        : 'is the service reachable from here? Real messages are tried again for more than an hour',
    );
}

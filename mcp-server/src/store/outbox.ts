import { z } from 'zod';
import { errorCode } from '../core/errors.js';
import { Notice } from '../core/notify/notice.js';
import { STALE_MS } from '../core/notify/schedule.js';
import { appendLine, readTextIfThere } from './files.js';
import { storageError } from './project.js';

const OutboxRecord = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('since'), at: z.string() }),
  z.strictObject({ kind: z.literal('queued'), notice: Notice }),
  z.strictObject({ kind: z.literal('sent'), at: z.string(), channel: z.string(), keys: z.array(z.string()) }),
  z.strictObject({
    kind: z.literal('failed'),
    at: z.string(),
    channel: z.string(),
    keys: z.array(z.string()),
    why: z.string(),
    final: z.boolean(),
    retry_at: z.string(),
  }),
]);
export type OutboxRecord = z.output<typeof OutboxRecord>;

/** What became of the messages to one channel. */
export interface ChannelHistory {
  /** Keys that are done with: sent, or given up. */
  done: Set<string>;
  /** Milliseconds since 1970. */
  sentAt: number[];
  /** How often sending failed since it last went well, and when to try again. */
  failures: number;
  retryAt: number;
  /** Words of the last failure; null after a success. */
  failure: string | null;
}

/** `notifications.jsonl` replayed. */
export interface Outbox {
  /** News of before this are not told: the channel was not there yet. */
  since: string | null;
  notices: Map<string, Notice>;
  channels: Map<string, ChannelHistory>;
}

export const noHistory = (): ChannelHistory => ({
  done: new Set(),
  sentAt: [],
  failures: 0,
  retryAt: Number.NEGATIVE_INFINITY,
  failure: null,
});

/** Reads the outbox; torn lines are skipped, absent = empty. */
export function readOutbox(path: string): Outbox {
  const outbox: Outbox = { since: null, notices: new Map(), channels: new Map() };
  for (const line of (readTextIfThere(path) ?? '').split('\n')) {
    const record = line === '' ? null : parseRecord(line);
    if (record !== null) applyRecord(outbox, record);
  }
  return outbox;
}

/** Appends one record, durably. Throws LabError when the disk refuses. */
export function appendOutbox(path: string, record: OutboxRecord): void {
  try {
    appendLine(path, JSON.stringify(OutboxRecord.parse(record)));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, path);
  }
}

/** Takes in one more record. */
function applyRecord(outbox: Outbox, record: OutboxRecord): void {
  if (record.kind === 'since') {
    outbox.since ??= record.at;
    return;
  }
  if (record.kind === 'queued') {
    if (!outbox.notices.has(record.notice.key)) outbox.notices.set(record.notice.key, record.notice);
    return;
  }
  const history = outbox.channels.get(record.channel) ?? noHistory();
  outbox.channels.set(record.channel, history);
  if (record.kind === 'sent') {
    for (const key of record.keys) history.done.add(key);
    history.sentAt.push(Date.parse(record.at));
    Object.assign(history, { failures: 0, retryAt: Number.NEGATIVE_INFINITY, failure: null });
    return;
  }
  history.failure = record.why;
  if (record.final) {
    for (const key of record.keys) history.done.add(key);
    Object.assign(history, { failures: 0, retryAt: Number.NEGATIVE_INFINITY });
  } else {
    history.failures += 1;
    history.retryAt = Date.parse(record.retry_at);
  }
}

/** The news that a channel has not been told yet, oldest first. Those of more than a day ago are left out. */
export function waitingFor(
  outbox: Outbox,
  channel: string,
  events: readonly string[],
  now: number,
): Notice[] {
  const done = outbox.channels.get(channel)?.done ?? new Set();
  return [...outbox.notices.values()].filter(
    ({ key, event, at }) => !done.has(key) && events.includes(event) && Date.parse(at) > now - STALE_MS,
  );
}

function parseRecord(line: string): OutboxRecord | null {
  try {
    const parsed = OutboxRecord.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

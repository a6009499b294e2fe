import { z } from 'zod';

/** What a person may want to be told. The words of `events:` in the config. */
export const NotifyEvent = z.enum([
  'ended',
  'confirmed_gain',
  'needs_you',
  'stuck',
  'budget',
  'unreachable',
  'campaign_ended',
]);
export type NotifyEvent = z.output<typeof NotifyEvent>;

/** Longest title and text, in characters: what fits on a phone, and into every service. */
export const TITLE_CHARS = 120;
export const TEXT_CHARS = 1500;

/** One piece of news. `key` says what it is about: the same key is told once. */
export const Notice = z.strictObject({
  key: z.string().min(1).max(200),
  at: z.string().describe('ISO 8601, UTC'),
  event: NotifyEvent,
  run: z.string().nullable(),
  title: z.string(),
  text: z.string(),
});
export type Notice = z.output<typeof Notice>;

/** What goes out: one piece of news, or several that waited and are told together. */
export interface Post {
  /** The same for the same news, so that a receiver can tell a repetition. */
  id: string;
  project: string;
  events: NotifyEvent[];
  run: string | null;
  title: string;
  text: string;
  at: string;
  /** A person is waited for, or will want to know at once. */
  urgent: boolean;
}

/** Takes a message to a person. Rejects with SendError; a message that was refused for good is not sent again. */
export interface Notifier {
  send(post: Post, signal: AbortSignal): Promise<void>;
}

/** Why a message did not go out. Its words name no address, token or password. */
export class SendError extends Error {
  override readonly name = 'SendError';
  /** No use in trying again. */
  readonly final: boolean;
  /** Milliseconds that the service asks to be left alone for; null = it said nothing. */
  readonly retryAfter: number | null;

  constructor(
    message: string,
    how: { final: boolean; retryAfter?: number | null },
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.final = how.final;
    this.retryAfter = how.retryAfter ?? null;
  }
}

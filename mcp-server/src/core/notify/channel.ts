import { z } from 'zod';
import { NotifyEvent } from './notice.js';

/**
 * A secret of a channel: where it is kept, or itself. Itself only in a file that nobody else may read; addresses with a
 * token in them are secrets too.
 */
export const Secret = z.union([
  z.string().min(1),
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable') }),
  z.strictObject({ file: z.string().min(1) }),
]);
export type Secret = z.output<typeof Secret>;

const http = z.url({ protocol: /^https?$/ });
const allow_http = z
  .boolean()
  .default(false)
  .describe('The address may be http:// on another host, unencrypted. Addresses of this host always may.');

const CHANNEL_KINDS = {
  ntfy: z.strictObject({
    kind: z.literal('ntfy'),
    server: http.default('https://ntfy.sh').describe('Your own server, if you have one.'),
    topic: Secret.describe('Who knows it reads along: choose one that nobody guesses.'),
    token: Secret.optional().describe('An access token, where the topic is protected.'),
    allow_http,
  }),
  slack: z.strictObject({
    kind: z.literal('slack'),
    url: Secret.describe('The address of an incoming webhook.'),
  }),
  discord: z.strictObject({
    kind: z.literal('discord'),
    url: Secret.describe('The address of a webhook of the channel.'),
  }),
  telegram: z.strictObject({
    kind: z.literal('telegram'),
    token: Secret.describe('Of the bot, as BotFather gave it.'),
    chat: z.union([z.string(), z.number().int().transform(String)]).describe('Id of the chat, or @channel.'),
    server: http.default('https://api.telegram.org').describe('Your own Bot API server, if you have one.'),
  }),
  email: z.strictObject({
    kind: z.literal('email'),
    host: z.string().min(1),
    port: z.number().int().min(1).max(65535).default(587),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('`tls` from the first byte (port 465); `none` only to a server on this host.'),
    ca: z.string().optional().describe('File with the certificate of your own authority (PEM).'),
    user: z.string().optional(),
    password: Secret.optional(),
    from: z.string().min(3),
    to: z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1).max(20)]),
  }),
  webhook: z.strictObject({
    kind: z.literal('webhook'),
    url: Secret.describe('Gets a POST with one JSON object.'),
    authorization: Secret.optional().describe('Value of the header Authorization, for instance `Bearer …`.'),
    allow_http,
  }),
  desktop: z.strictObject({ kind: z.literal('desktop') }),
  command: z.strictObject({
    kind: z.literal('command'),
    argv: z
      .array(z.string())
      .min(1)
      .describe(
        'Program and arguments; no shell. The text comes on standard input, the rest in AUTO_EXPERIMENT_*.',
      ),
    timeout: z.number().int().min(1).max(300).default(30).describe('Seconds until it is ended.'),
  }),
} as const;

export const Channel = z.discriminatedUnion('kind', [
  CHANNEL_KINDS.ntfy,
  CHANNEL_KINDS.slack,
  CHANNEL_KINDS.discord,
  CHANNEL_KINDS.telegram,
  CHANNEL_KINDS.email,
  CHANNEL_KINDS.webhook,
  CHANNEL_KINDS.desktop,
  CHANNEL_KINDS.command,
]);
export type Channel = z.output<typeof Channel>;
export type ChannelOf<K extends Channel['kind']> = Extract<Channel, { kind: K }>;

const ChannelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/i, 'a channel’s name is a short word of letters, digits, - and _');

/** A channel by its name, and which news go there. */
export const Route = z.union([
  ChannelName.transform((channel) => ({ channel, events: [...NotifyEvent.options] })),
  z.strictObject({
    channel: ChannelName,
    events: z
      .array(NotifyEvent)
      .min(1)
      .default(() => [...NotifyEvent.options]),
  }),
]);
export type Route = z.output<typeof Route>;

/** The user's own file of channels. No project can change or read it. */
export const NotifyFile = z.strictObject({
  channels: z.record(ChannelName, Channel).default({}),
  use: z
    .array(Route)
    .max(20)
    .optional()
    .describe('For projects whose config says nothing; all channels when absent.'),
});
export type NotifyFile = z.output<typeof NotifyFile>;

/** The secrets of a channel, in the order of its keys. */
export function secretsOf(channel: Channel): Secret[] {
  const { topic, token, url, password, authorization }: Partial<Record<string, unknown>> = { ...channel };
  return [topic, token, url, password, authorization].flatMap((one) => {
    const parsed = Secret.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}

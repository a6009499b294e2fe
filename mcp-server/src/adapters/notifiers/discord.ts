import type { ChannelOf } from '../../core/notify/channel.js';
import type { Notifier } from '../../core/notify/notice.js';
import { clip } from '../../core/text.js';
import type { NotifierIo } from './open.js';
import { postJson } from './post-json.js';

/** discord.com/developers/docs/resources/message: longest `content`, and the flag that shows no previews of links. */
const LONGEST = 2000;
const NO_PREVIEWS = 4;

/** A webhook of Discord. Nobody is mentioned, whatever the text says. */
export function discord(channel: ChannelOf<'discord'>, io: NotifierIo): Notifier {
  return {
    async send(post, signal) {
      const content = [`**${literal(post.title)}**`, literal(post.text)]
        .filter((part) => part !== '')
        .join('\n');
      const body = {
        content: clip(content, LONGEST),
        allowed_mentions: { parse: [] },
        flags: NO_PREVIEWS,
      };
      await postJson(io.secret(channel.url), body, io, signal);
    },
  };
}

const literal = (text: string): string => text.replace(/[\\*_~`|>#[\]()<-]/g, '\\$&');

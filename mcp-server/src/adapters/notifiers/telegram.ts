import type { ChannelOf } from '../../core/notify/channel.js';
import { type Notifier, SendError } from '../../core/notify/notice.js';
import type { NotifierIo } from './open.js';
import { postJson } from './post-json.js';

/** core.telegram.org/bots/api#sendmessage, without a parse mode: text is literal. The token stands in the address. */
export function telegram(channel: ChannelOf<'telegram'>, io: NotifierIo): Notifier {
  return {
    async send(post, signal) {
      const token = io.secret(channel.token);
      if (!/^[\w:-]+$/.test(token))
        throw new SendError('its token has a character that no token has', { final: true });
      const body = {
        chat_id: channel.chat,
        text: [post.title, post.text].filter((part) => part !== '').join('\n'),
        link_preview_options: { is_disabled: true },
        disable_notification: !post.urgent,
      };
      await postJson(`${channel.server.replace(/\/+$/, '')}/bot${token}/sendMessage`, body, io, signal);
    },
  };
}

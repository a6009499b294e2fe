import type { ChannelOf } from '../../core/notify/channel.js';
import type { Notifier } from '../../core/notify/notice.js';
import type { NotifierIo } from './open.js';
import { postJson } from './post-json.js';

/** docs.ntfy.sh/publish, “Publish as JSON”: only that form carries a title in any script. */
export function ntfy(channel: ChannelOf<'ntfy'>, io: NotifierIo): Notifier {
  return {
    async send(post, signal) {
      const token = channel.token === undefined ? null : io.secret(channel.token);
      const body = {
        topic: io.secret(channel.topic),
        title: post.title,
        message: post.text || post.title,
        priority: post.urgent ? 4 : 3,
      };
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      const { agent, clock } = io;
      await postJson(channel.server, body, { headers, agent, clock, allowHttp: channel.allow_http }, signal);
    },
  };
}

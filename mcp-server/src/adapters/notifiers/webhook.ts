import type { ChannelOf } from '../../core/notify/channel.js';
import type { Notifier } from '../../core/notify/notice.js';
import type { NotifierIo } from './open.js';
import { postJson } from './post-json.js';

/** One JSON object by POST. `id` is the same when the same news is sent again, and is the Idempotency-Key too. */
export function webhook(channel: ChannelOf<'webhook'>, io: NotifierIo): Notifier {
  return {
    async send(post, signal) {
      const authorization = channel.authorization === undefined ? null : io.secret(channel.authorization);
      const headers = {
        'idempotency-key': post.id,
        ...(authorization === null ? {} : { authorization }),
      };
      const { agent, clock } = io;
      await postJson(
        io.secret(channel.url),
        post,
        { headers, agent, clock, allowHttp: channel.allow_http },
        signal,
      );
    },
  };
}

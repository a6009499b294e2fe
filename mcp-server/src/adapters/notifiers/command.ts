import type { ChannelOf } from '../../core/notify/channel.js';
import type { Notifier } from '../../core/notify/notice.js';
import type { NotifierIo } from './open.js';
import { runProgram } from './run-program.js';

/** A command of the user's, with the user's whole environment. Nothing of the news stands among its arguments. */
export function command(channel: ChannelOf<'command'>, io: NotifierIo): Notifier {
  return {
    send: (post, signal) =>
      runProgram(
        channel.argv,
        {
          env: {
            ...io.env,
            AUTO_EXPERIMENT_EVENT: post.events.join(','),
            AUTO_EXPERIMENT_ID: post.id,
            AUTO_EXPERIMENT_PROJECT: post.project,
            AUTO_EXPERIMENT_RUN: post.run ?? '',
            AUTO_EXPERIMENT_TITLE: post.title,
          },
          input: `${[post.title, post.text].filter((part) => part !== '').join('\n')}\n`,
          seconds: channel.timeout,
        },
        signal,
      ),
  };
}

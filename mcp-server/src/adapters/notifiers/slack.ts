import type { ChannelOf } from '../../core/notify/channel.js';
import type { Notifier } from '../../core/notify/notice.js';
import type { NotifierIo } from './open.js';
import { postJson } from './post-json.js';

/** An incoming webhook of Slack, or of Mattermost, which takes the same. Text is literal: nobody is mentioned by it. */
export function slack(channel: ChannelOf<'slack'>, io: NotifierIo): Notifier {
  return {
    async send(post, signal) {
      const text = [post.title, post.text].filter((part) => part !== '').join('\n');
      const body = { text: literal(text), mrkdwn: false, unfurl_links: false, unfurl_media: false };
      await postJson(io.secret(channel.url), body, io, signal);
    },
  };
}

/** The three characters that have a meaning there (docs.slack.dev, “Formatting message text”). */
const literal = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

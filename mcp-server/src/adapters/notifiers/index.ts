import type { Channel } from '../../core/notify/channel.js';
import type { Notifier } from '../../core/notify/notice.js';
import { command } from './command.js';
import { desktop } from './desktop.js';
import { discord } from './discord.js';
import { email } from './email.js';
import { ntfy } from './ntfy.js';
import type { NotifierIo } from './open.js';
import { slack } from './slack.js';
import { telegram } from './telegram.js';
import { webhook } from './webhook.js';

/** Who takes messages to a channel. A new kind: its schema in core/notify/channel.ts, one file here, one line below. */
export function openNotifier(channel: Channel, io: NotifierIo): Notifier {
  switch (channel.kind) {
    case 'ntfy':
      return ntfy(channel, io);
    case 'slack':
      return slack(channel, io);
    case 'discord':
      return discord(channel, io);
    case 'telegram':
      return telegram(channel, io);
    case 'email':
      return email(channel, io);
    case 'webhook':
      return webhook(channel, io);
    case 'desktop':
      return desktop(io);
    case 'command':
      return command(channel, io);
  }
}

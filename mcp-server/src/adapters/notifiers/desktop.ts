import type { Notifier } from '../../core/notify/notice.js';
import type { NotifierIo } from './open.js';
import { runProgram } from './run-program.js';

/** The desktop of this computer, by notify-send. Its text may hold markup, so ours is made literal. */
export function desktop(io: NotifierIo): Notifier {
  return {
    send: (post, signal) =>
      runProgram(
        [
          'notify-send',
          '--app-name=auto-experiment',
          `--urgency=${post.urgent ? 'critical' : 'normal'}`,
          '--',
          post.title,
          post.text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'),
        ],
        { env: { ...io.env }, input: '', seconds: 10 },
        signal,
      ),
  };
}

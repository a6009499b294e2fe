import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { errorCode } from '../../core/errors.js';
import type { ChannelOf } from '../../core/notify/channel.js';
import { type Notifier, SendError } from '../../core/notify/notice.js';
import { oneLine } from '../../core/text.js';
import type { NotifierIo } from './open.js';
import { isThisHost } from './post-json.js';

const TIMEOUT_MS = 15_000;

/** Plain text by SMTP. The same news has the same Message-ID, so that a mailbox can tell a repetition. */
export function email(channel: ChannelOf<'email'>, io: NotifierIo): Notifier {
  return {
    async send(post, signal) {
      if (channel.security === 'none' && !isThisHost(channel.host))
        throw new SendError(`${channel.host} is another host: security: none would send in the clear`, {
          final: true,
        });
      const pass = channel.password === undefined ? null : io.secret(channel.password);
      const transport = createTransport({
        host: channel.host,
        port: channel.port,
        secure: channel.security === 'tls',
        requireTLS: channel.security === 'starttls',
        ignoreTLS: channel.security === 'none',
        ...(channel.user === undefined || pass === null ? {} : { auth: { user: channel.user, pass } }),
        ...(channel.ca === undefined ? {} : { tls: { ca: authority(channel.ca) } }),
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      signal.throwIfAborted();
      let stop = (): void => {};
      const aborted = new Promise<never>((_, reject) => {
        stop = () => reject(signal.reason);
      });
      signal.addEventListener('abort', stop, { once: true });
      try {
        const sending = transport.sendMail({
          from: channel.from,
          to: channel.to,
          subject: oneLine(post.title),
          text: post.text || post.title,
          date: new Date(post.at),
          messageId: `<${createHash('sha256').update(post.id).digest('hex').slice(0, 32)}@auto-experiment>`,
          headers: { 'Auto-Submitted': 'auto-generated', ...(post.urgent ? { Importance: 'high' } : {}) },
        });
        await Promise.race([sending, aborted]);
      } catch (error) {
        signal.throwIfAborted();
        throw refusal(channel.host, error);
      } finally {
        signal.removeEventListener('abort', stop);
        transport.close();
      }
    },
  };
}

function authority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SendError(
      `ca: ${path} cannot be read (${errorCode(error) ?? 'no reason given'})`,
      {
        final: true,
      },
      { cause: error },
    );
  }
}

/** An answer of 5xx, a wrong password and a certificate that nobody vouches for stay as they are. */
function refusal(host: string, error: unknown): SendError {
  const code = errorCode(error) ?? 'no reason given';
  const answer =
    typeof error === 'object' && error !== null && 'responseCode' in error ? error.responseCode : null;
  const status = typeof answer === 'number' ? answer : null;
  const words = error instanceof Error ? oneLine(error.message).slice(0, 200) : code;
  const final =
    (status !== null && status >= 500) ||
    code === 'EAUTH' ||
    code === 'EENVELOPE' ||
    (code === 'ESOCKET' && /certificate|self-signed|unable to verify/i.test(words)) ||
    code === 'ETLS';
  return new SendError(`${host}: ${words}`, { final }, { cause: error });
}

import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { errorCode } from '../../core/errors.js';

/** A whole answer. Header names are in lower case. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** Why no whole answer came. `code` is the system's own, for instance ECONNREFUSED. */
export class WireTrouble extends Error {
  override readonly name = 'WireTrouble';
  constructor(
    readonly kind: 'unreachable' | 'cut' | 'slow' | 'large' | 'certificate',
    message: string,
    readonly code: string | undefined = undefined,
  ) {
    super(message);
  }
}

export interface Sent {
  url: URL;
  headers: Record<string, string>;
  /** Sent as JSON. */
  body: unknown;
  /** Milliseconds for the whole exchange. */
  timeoutMs: number;
  maxBytes: number;
  signal: AbortSignal;
}

/**
 * One POST and its whole answer. Node's own client, because `fetch` gives up after five minutes without a header and that
 * cannot be changed without a package; a model that thinks long sends its first byte later. Redirects are answers like
 * others: a key does not travel on. Rejects with WireTrouble, and with the signal's reason when the caller gave up.
 */
export function post({ url, headers, body, timeoutMs, maxBytes, signal }: Sent): Promise<Answer> {
  const bytes = Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const sent = (url.protocol === 'http:' ? http : https)(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': bytes.length,
        'accept-encoding': 'identity',
        // One that was kept open may be closed by the other side just when it is used again.
        connection: 'close',
      },
    });
    const end = (trouble: WireTrouble | null): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      sent.destroy();
      if (trouble !== null) reject(trouble);
    };
    const abort = (): void => {
      end(null);
      reject(signal.reason);
    };
    const limit = setTimeout(
      () => end(new WireTrouble('slow', `no answer within ${Math.round(timeoutMs / 1000)} s`)),
      timeoutMs,
    );
    signal.addEventListener('abort', abort, { once: true });
    sent.on('error', (error) => end(troubleOf(error)));
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
        if (length > maxBytes) end(new WireTrouble('large', `the answer is larger than ${maxBytes} bytes`));
        else parts.push(part);
      });
      response.on('error', (error) => end(troubleOf(error)));
      response.on('close', () => {
        if (!response.complete) end(new WireTrouble('cut', 'the connection was cut within the answer'));
      });
      response.on('end', () => {
        end(null);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: Buffer.concat(parts, length),
        });
      });
    });
    sent.end(bytes);
  });
}

function troubleOf(error: Error): WireTrouble {
  const code = errorCode(error);
  if (code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code))
    return new WireTrouble('certificate', error.message, code);
  if (code === 'ECONNRESET' || code === 'EPIPE' || code?.startsWith('HPE_'))
    return new WireTrouble('cut', `the connection was cut (${code})`, code);
  return new WireTrouble('unreachable', code ?? error.message, code);
}

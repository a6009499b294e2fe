import { errorCode } from '../../core/errors.js';
import { SendError } from '../../core/notify/notice.js';
import { oneLine } from '../../core/text.js';

/** A service that does not answer for so long is asked again later. */
const TIMEOUT_MS = 15_000;
/** Of an answer no more is read: it is only words about an error. */
const ANSWER_BYTES = 4096;

interface Request {
  headers?: Record<string, string>;
  agent: string;
  allowHttp?: boolean;
  clock(): number;
}

/**
 * Sends one JSON object. No redirect is followed: it could carry the token to somebody else. Throws SendError, whose words
 * name the host and nothing else of the address.
 */
export async function postJson(
  address: string,
  body: unknown,
  request: Request,
  signal: AbortSignal,
): Promise<void> {
  const url = checkedUrl(address, request.allowHttp === true);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': request.agent, ...request.headers },
      body: JSON.stringify(body),
      signal: limit,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new SendError(`${url.host} ${whyOf(error)}`, { final: false }, { cause: error });
  }
  const answer = await bounded(response);
  if (response.ok) return;
  const said = answer === '' ? '' : `: ${oneLine(answer).slice(0, 200)}`;
  throw new SendError(`${url.host} answered ${response.status}${said}`, {
    final: isFinal(response.status),
    retryAfter: retryAfterOf(response, answer, request.clock()),
  });
}

function checkedUrl(address: string, allowHttp: boolean): URL {
  const text = address.trim();
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new SendError('its address is no https:// address', { final: true });
  if (url.protocol === 'http:' && !allowHttp && !isThisHost(url.hostname))
    throw new SendError(`${url.host} is asked for without encryption; write https://, or allow_http: true`, {
      final: true,
    });
  return url;
}

/** Names and addresses that cannot leave this computer. */
export const isThisHost = (name: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i.test(name);

/** Redirects and refusals stay as they are, except those that ask for patience. */
const isFinal = (status: number): boolean =>
  status < 500 && status !== 408 && status !== 425 && status !== 429;

function whyOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `did not answer within ${TIMEOUT_MS / 1000} s`;
  const code = errorCode(error instanceof Error ? error.cause : error);
  return `cannot be reached${code === undefined ? '' : ` (${code})`}`;
}

async function bounded(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true });
      if (text.length >= ANSWER_BYTES) break;
    }
  } catch (error) {
    // The status is known, and it is what counts.
    text += ` (its answer broke off: ${errorCode(error) ?? 'no reason given'})`;
  }
  return text.slice(0, ANSWER_BYTES);
}

/** Milliseconds from the header (seconds or a date), or from the JSON of Discord and Telegram (seconds). */
function retryAfterOf(response: Response, answer: string, now: number): number | null {
  const header = response.headers.get('retry-after');
  if (header !== null && /^\d+(?:\.\d+)?$/.test(header)) return Number(header) * 1000;
  const date = header === null ? Number.NaN : Date.parse(header);
  if (Number.isFinite(date)) return Math.max(0, date - now);
  const seconds = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(answer)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

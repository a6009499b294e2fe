import { SourceError } from '../../core/paper/source.js';
import { hostRule } from './hosts.js';

export interface Got {
  status: number;
  contentType: string;
  retryAfter: string | null;
  body: Uint8Array;
}

const TIMEOUT_MS = 120_000;
const MAX_HOPS = 4;

/**
 * One exchange over the wire. Redirects are followed to hosts of our list alone, and always over TLS; keys do not travel
 * to another host. A body over `maxBytes` is refused. Rejects with what fetch rejects with, and with SourceError.
 */
export async function get(request: {
  url: string;
  base: string | null;
  headers: Record<string, string>;
  post: string | null;
  maxBytes: number;
  signal: AbortSignal;
}): Promise<Got> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  let url = new URL(request.url);
  let headers = request.headers;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const response = await fetch(onWire(url, request.base), {
      method: request.post === null ? 'GET' : 'POST',
      headers: request.post === null ? headers : { ...headers, 'content-type': 'application/json' },
      body: request.post,
      redirect: 'manual',
      signal,
    });
    const location = response.headers.get('location');
    if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) {
      return {
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        retryAfter: response.headers.get('retry-after'),
        body: await bounded(response, url.host, request.maxBytes),
      };
    }
    await response.body?.cancel();
    const next = new URL(location, url);
    next.protocol = 'https:';
    if (hostRule(next.host) === null)
      throw new SourceError(
        'refused',
        `${url.host} sends us to ${next.host}, which is not asked`,
        'report this',
      );
    if (next.host !== url.host)
      headers = { 'user-agent': headers['user-agent'] ?? '', accept: headers.accept ?? '*/*' };
    url = next;
  }
  throw new SourceError('malformed', `${url.host} redirects in a circle`, 'try again later');
}

function onWire(url: URL, base: string | null): string {
  return base === null ? url.href : `${base.replace(/\/+$/, '')}/${url.host}${url.pathname}${url.search}`;
}

async function bounded(response: Response, host: string, max: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (response.body !== null) {
    for await (const part of response.body) {
      length += part.length;
      if (length > max)
        throw new SourceError(
          'malformed',
          `the answer of ${host} is larger than ${max} bytes`,
          'it is not read',
        );
      parts.push(part);
    }
  }
  return Buffer.concat(parts, length);
}

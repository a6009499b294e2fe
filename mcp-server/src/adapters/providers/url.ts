import { ProviderError } from '../../core/provider.js';

/**
 * The address of one call below a base URL that people write with or without `/v1`, or whole, up to the call itself:
 * `https://host`, `https://host/v1`, `https://host/api/paas/v4` and `https://host/v1/messages` all mean what they say.
 * Throws ProviderError (`setup`).
 */
export function callUrl(base: string, call: 'messages' | 'responses' | 'chat/completions'): URL {
  const url = baseUrl(base);
  const path = url.pathname.replace(/\/+$/, '');
  if (path.endsWith(`/${call}`)) url.pathname = path;
  else if (/\/v\d/.test(path)) url.pathname = `${path}/${call}`;
  else url.pathname = `${path}/v1/${call}`;
  return url;
}

/** A base URL that may be asked. Throws ProviderError (`setup`). */
export function baseUrl(text: string): URL {
  const wrong = (why: string): ProviderError =>
    new ProviderError(
      'setup',
      `agent.base_url: ${JSON.stringify(text.slice(0, 120))} ${why}`,
      'write for instance https://api.example.com/v1 or http://127.0.0.1:8000/v1',
    );
  if (!URL.canParse(text)) throw wrong('is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('is neither http nor https');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new ProviderError(
      'setup',
      'agent.base_url holds more than an address',
      'a key belongs into an environment variable that agent.api_key_env names; leave user, ? and # out',
    );
  return url;
}

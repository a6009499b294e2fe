import type { Model } from '../../core/provider.js';
import { createRedactor } from '../../core/redact.js';
import { chat } from './chat.js';
import { modelOver } from './dialect.js';
import { type Door, REQUEST_MS, type Settings } from './door.js';
import { keyOf, noKey } from './keys.js';
import { responses } from './responses.js';
import { baseUrl, callUrl } from './url.js';

const OWN = 'https://api.openai.com';

/**
 * OpenAI’s API, or a server that speaks chat completions (vLLM, Ollama, Qwen, GLM, DeepSeek, OpenRouter, …). At OpenAI the
 * Responses API is asked, because its newer models take tools there alone; a base URL that ends in `/responses` or in
 * `/chat/completions` chooses. Throws ProviderError (`setup`, `auth`).
 */
export function openai(settings: Settings, door: Door): Model {
  const base = settings.base_url || door.env.OPENAI_BASE_URL || OWN;
  const { host, pathname } = baseUrl(base);
  const own = host === 'api.openai.com';
  const whole = /\/(responses|chat\/completions)\/*$/.exec(pathname)?.[1];
  const viaResponses = whole === undefined ? own : whole === 'responses';
  const key = keyOf('openai', settings, door.env);
  // A server of one's own often wants no key.
  if (key === null && own) throw noKey('openai');
  const url = callUrl(base, viaResponses ? 'responses' : 'chat/completions');
  return modelOver({
    name: 'openai',
    url,
    dialect: viaResponses ? responses : chat,
    headers: {
      'user-agent': `auto-experiment/${door.version}`,
      ...(key === null ? {} : { authorization: `Bearer ${key.value}` }),
    },
    asked: {
      provider: 'openai',
      at: url.host + url.pathname,
      keyHint:
        key === null
          ? `${host} wants a key: export OPENAI_API_KEY=…, or name its variable in agent.api_key_env`
          : `check ${key.name}: it may be mistyped, revoked or of another provider`,
      redact: createRedactor(key === null ? [] : [key.value]),
    },
    clock: door.clock,
    timeoutMs: door.timeoutMs ?? REQUEST_MS,
  });
}

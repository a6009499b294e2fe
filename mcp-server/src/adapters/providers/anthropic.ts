import type { Model } from '../../core/provider.js';
import { createRedactor } from '../../core/redact.js';
import { modelOver } from './dialect.js';
import { type Door, REQUEST_MS, type Settings } from './door.js';
import { keyOf, noKey } from './keys.js';
import { messages } from './messages.js';
import { callUrl } from './url.js';

const OWN = 'https://api.anthropic.com';

/** Anthropic’s API, or another server that speaks it. Throws ProviderError (`setup`, `auth`). */
export function anthropic(settings: Settings, door: Door): Model {
  const url = callUrl(settings.base_url || door.env.ANTHROPIC_BASE_URL || OWN, 'messages');
  const key = keyOf('anthropic', settings, door.env);
  if (key === null) throw noKey('anthropic');
  return modelOver({
    name: 'anthropic',
    url,
    dialect: messages,
    headers: {
      'anthropic-version': '2023-06-01',
      'user-agent': `auto-experiment/${door.version}`,
      ...(key.kind === 'key' ? { 'x-api-key': key.value } : { authorization: `Bearer ${key.value}` }),
    },
    asked: {
      provider: 'anthropic',
      at: url.host + url.pathname,
      keyHint: `check ${key.name}: it may be mistyped, revoked or of another provider`,
      redact: createRedactor([key.value]),
    },
    clock: door.clock,
    timeoutMs: door.timeoutMs ?? REQUEST_MS,
  });
}

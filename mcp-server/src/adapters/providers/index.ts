import type { Provider, ProviderName } from '../../core/provider.js';
import { anthropic } from './anthropic.js';
import { claudeCli } from './claude-cli.js';
import { codexCli } from './codex-cli.js';
import type { Door, Settings } from './door.js';
import { openai } from './openai.js';

const OPEN: Record<ProviderName, (settings: Settings, door: Door) => Provider> = {
  anthropic,
  openai,
  claude_cli: claudeCli,
  codex_cli: codexCli,
};

/**
 * The provider that a config names. Nothing is asked over the network and nothing is started. Throws ProviderError
 * (`setup`, `auth`) for a key, an address or a program that is not there.
 */
export function openProvider(settings: Settings, door: Door): Provider {
  return OPEN[settings.provider](settings, door);
}

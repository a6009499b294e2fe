import type { Endpoint, Provider, ProviderName } from '../../core/provider.js';
import { ProviderError } from '../../core/provider.js';

/** Opens the provider that a config names. Throws ProviderError (`setup`, `auth`) for what is not there. */
export async function openProvider(settings: Endpoint & { provider: ProviderName }): Promise<Provider> {
  throw new ProviderError(
    'setup',
    `agent.provider: ${settings.provider} cannot be asked yet`,
    'plan without a model: auto-experiment run --planner sweep',
  );
}

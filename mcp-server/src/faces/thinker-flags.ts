import { PROVIDERS } from '../core/provider.js';
import type { Lab } from '../engine/lab.js';
import { type Flag, type Parsed, UsageError } from './command.js';

/** Options of a command whose loop may ask a model. What a person types here needs no trust. */
export const THINKER_FLAGS: Record<string, Flag> = {
  provider: {
    kind: 'value',
    value: 'NAME',
    help: `Who thinks: ${PROVIDERS.join(', ')}; default agent.provider.`,
  },
  model: { kind: 'value', value: 'NAME', help: 'Its model; default agent.model.' },
  'base-url': {
    kind: 'value',
    value: 'URL',
    help: 'Address of another server; with it the key variables below.',
  },
  'api-key-env': { kind: 'value', value: 'NAME', help: 'Variable that holds the key.' },
  'auth-token-env': { kind: 'value', value: 'NAME', help: 'Variable that holds a bearer token.' },
};

/** A lab whose provider is the one of the flags. A flag of the endpoint stands in place of the config's whole endpoint. */
export function withThinker(lab: Lab, { values }: Parsed): Lab {
  const {
    provider: name,
    model,
    'base-url': base_url,
    'api-key-env': api_key_env,
    'auth-token-env': auth_token_env,
  } = values;
  const provider = PROVIDERS.find((known) => known === name);
  if (name !== undefined && provider === undefined)
    throw new UsageError(`--provider takes ${PROVIDERS.join(', ')}, not "${name}"`);
  const said = [base_url, api_key_env, auth_token_env].some((value) => value !== undefined);
  const own = said ? { base_url, api_key_env, auth_token_env } : undefined;
  if (provider === undefined && model === undefined && own === undefined) return lab;
  return {
    ...lab,
    open: () => {
      const project = lab.open();
      const { agent } = project.config;
      // An endpoint of the config belongs to the provider that it names.
      const other = provider !== undefined && provider !== agent.provider;
      return {
        ...project,
        untrusted: other ? null : project.untrusted,
        config: {
          ...project.config,
          agent: {
            ...agent,
            ...(other ? { base_url: undefined, api_key_env: undefined, auth_token_env: undefined } : {}),
            ...(provider === undefined ? {} : { provider }),
            ...(model === undefined ? {} : { model }),
          },
        },
      };
    },
    provider: (project, given) => lab.provider(project, given ?? own),
  };
}

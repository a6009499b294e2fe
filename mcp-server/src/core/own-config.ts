import { z } from 'zod';
import { PROVIDERS } from './provider.js';

/** What one million tokens of a model cost, in USD. */
const ModelPrice = z.strictObject({
  input: z.number().min(0).describe('Tokens read.'),
  output: z.number().min(0).describe('Tokens written, reasoning among them.'),
  cached: z
    .number()
    .min(0)
    .optional()
    .describe('Tokens read from the provider’s cache; as `input` when absent.'),
  cacheWrite: z.number().min(0).optional().describe('Tokens written into it; as `input` when absent.'),
});

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable, not the key itself');

/** Who thinks, and where it is reached. The user's own config has the same keys. */
export const THINKER = {
  provider: z
    .enum(PROVIDERS)
    .describe(
      'Who thinks in the headless loop (docs/providers.md): an API (`anthropic`, `openai`, or what speaks as they do) or your own CLI (`claude_cli`, `codex_cli`).',
    ),
  model: z
    .string()
    .min(1)
    .describe('Model, as the provider names it. `codex_cli` takes Codex’s own choice in place of a Claude.'),
  base_url: z
    .string()
    .describe(
      'Address of another server that speaks as the provider does, with or without /v1. Asks for trust.',
    ),
  api_key_env: variable.describe('Environment variable that holds the key. Asks for trust.'),
  auth_token_env: variable.describe(
    'Environment variable that holds a token, sent as `Authorization: Bearer`. Asks for trust.',
  ),
  prices: z
    .record(z.string(), ModelPrice)
    .describe(
      'USD per million tokens by model, over the built-in list: `{qwen-max: {input: 1.2, output: 6, cached: 0.12}}`.',
    ),
};

/** Arguments of ssh, in one text or as words. */
export const SshArgs = z
  .union([z.string(), z.array(z.string())])
  .describe(
    'Further arguments of ssh that say where and as whom: `-p 2222 -i ~/.ssh/lab -J bastion`. Asks for trust.',
  );

export const VaultPath = z
  .string()
  .describe(
    'Folder of the Obsidian vault, `~/…` or absolute; absent = notes below the workspace. Asks for trust.',
  );

/** The user's own config (docs/providers.md): what holds for all projects of theirs, and needs no trust. */
export const OwnConfig = z.strictObject({
  agent: z
    .strictObject({
      provider: THINKER.provider.optional(),
      model: THINKER.model.optional(),
      base_url: THINKER.base_url.optional(),
      api_key_env: THINKER.api_key_env.optional(),
      auth_token_env: THINKER.auth_token_env.optional(),
      prices: THINKER.prices.optional(),
    })
    .prefault({}),
  execution: z.strictObject({ ssh_args: SshArgs.optional() }).prefault({}),
  obsidian: z.strictObject({ vault_path: VaultPath.optional() }).prefault({}),
});
export type OwnConfig = z.output<typeof OwnConfig>;

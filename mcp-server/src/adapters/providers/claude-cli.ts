import { z } from 'zod';
import {
  type Agent,
  type AgentReply,
  type AgentTask,
  ProviderError,
  type Usage,
} from '../../core/provider.js';
import { createRedactor } from '../../core/redact.js';
import { clip, oneLine } from '../../core/text.js';
import { badAnswer } from './body.js';
import type { Ended } from './child.js';
import { assertFits, assertInstalled, type Cli, runCli, SERVER, serverArgs, withFolder } from './cli.js';
import { claudeKeys, cliEnv } from './cli-env.js';
import type { Door, Settings } from './door.js';
import { keyOf } from './keys.js';
import { type Asked, refused } from './refusals.js';
import { Tokens } from './shapes.js';
import { baseUrl } from './url.js';

const CLI: Cli = {
  provider: 'claude_cli',
  program: 'claude',
  install: 'install Claude Code (npm install -g @anthropic-ai/claude-code), run claude once and log in',
};

/** No background tasks, no limits of its own on a tool that dry-runs for minutes, no traffic besides the model's. */
const QUIET = {
  DISABLE_AUTOUPDATER: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
  CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS: '0',
  CLAUDE_CODE_MCP_TOOL_IDLE_TIMEOUT: '0',
  // The loop waits, with words, and longer than the CLI would.
  CLAUDE_CODE_MAX_RETRIES: '2',
  MCP_TIMEOUT: '60000',
  ENABLE_TOOL_SEARCH: 'false',
};

/**
 * The user's own Claude Code, without a terminal. Its login and the user's settings for it hold; hooks, memories, skills,
 * plugins, other servers, its own tools and whatever the project configures for it do not. Throws ProviderError (`setup`, `auth`).
 */
export function claudeCli(settings: Settings, door: Door): Agent {
  assertInstalled(CLI, door);
  if (settings.base_url) baseUrl(settings.base_url);
  const key = keyOf('claude_cli', settings, door.env);
  const { env, kept } = cliEnv({ ...settings, provider: 'claude_cli' }, door, {
    ...QUIET,
    ...claudeKeys(key, settings),
  });
  const secrets = kept.filter((name) => !(name in QUIET) && name !== 'ANTHROPIC_BASE_URL');
  const redact = createRedactor(secrets.map((name) => env[name] ?? ''));
  return {
    kind: 'agent',
    name: 'claude_cli',
    work: (task) =>
      withFolder(async (write) => {
        const server = {
          type: 'stdio',
          command: door.node,
          args: serverArgs(task, door),
          // It inherits what the CLI has; its own keys are no business of what it launches.
          env: Object.fromEntries(secrets.map((name) => [name, ''])),
          alwaysLoad: true,
          timeout: task.timeoutMs,
        };
        const ended = await runCli(
          CLI,
          {
            args: [
              '-p',
              ...['--output-format', 'json'],
              ...['--model', task.model],
              ...['--system-prompt-file', write('system.md', task.system)],
              ...['--mcp-config', write('mcp.json', JSON.stringify({ mcpServers: { [SERVER]: server } }))],
              '--strict-mcp-config',
              ...['--tools', ''],
              ...['--allowedTools', `mcp__${SERVER}`],
              ...['--permission-prompts', 'none'],
              // Not the project's: a stranger's repository could set hooks, keys and addresses in there.
              ...['--setting-sources', 'user'],
              ...['--settings', write('settings.json', JSON.stringify(overrides(settings)))],
              '--disable-slash-commands',
              '--no-session-persistence',
              ...(task.answer === null ? [] : ['--json-schema', JSON.stringify(task.answer)]),
            ],
            cwd: task.project,
            env,
            input: task.prompt,
            timeoutMs: task.timeoutMs,
            signal: task.signal,
          },
          redact,
        );
        return read(ended, task, {
          provider: 'claude_cli',
          model: task.model,
          at: 'Claude Code',
          keyHint:
            key === null
              ? 'run claude and log in (/login) as the user who runs auto-experiment, or name a key in agent.api_key_env'
              : `check ${key.name}: it may be mistyped, revoked or of another provider`,
          redact,
          now: door.clock(),
        });
      }),
  };
}

/** Settings that win over the user's. A base URL in theirs would win over the variable. */
const overrides = ({ base_url }: Settings): object => ({
  disableAllHooks: true,
  claudeMdExcludes: ['**'],
  ...(base_url ? { env: { ANTHROPIC_BASE_URL: base_url } } : {}),
});

function read(ended: Ended, task: AgentTask, asked: Asked): AgentReply {
  const found = resultIn(ended.stdout);
  if (found === null) {
    const said = `${ended.stderr.trim()} ${ended.stdout.trim()}`.trim();
    if (ended.code === 0)
      throw badAnswer('claude_cli', `no answer: ${clip(oneLine(asked.redact(said)), 160)}`);
    assertFits(CLI, said, asked.redact);
    throw refused({ status: null, words: said || `exit code ${ended.code}`, code: '', headers: {} }, asked);
  }
  const usage = usageOf(found);
  if (found.is_error || found.subtype !== 'success') {
    const words = found.result ?? found.errors?.join('; ') ?? '';
    if (found.subtype !== 'success')
      throw new ProviderError(
        'bad_answer',
        `claude_cli: Claude Code gave up (${found.subtype})${words === '' ? '' : `: ${clip(oneLine(asked.redact(words)), 200)}`}`,
        'what its tools did is in the ledger',
        null,
        usage,
      );
    throw refused({ status: found.api_error_status ?? null, words, code: '', headers: {}, usage }, asked);
  }
  if (found.stop_reason === 'refusal')
    throw new ProviderError(
      'bad_answer',
      'claude_cli: the model declined',
      'another agent.model may not',
      null,
      usage,
    );
  const models = Object.entries(found.modelUsage ?? {});
  return {
    text: found.result ?? '',
    answer: task.answer === null ? null : (found.structured_output ?? null),
    usage,
    usd:
      models.length > 0 && models.every(([, { costBasis }]) => costBasis === 'list')
        ? (found.total_cost_usd ?? null)
        : null,
    model: models.sort(([, a], [, b]) => b.outputTokens - a.outputTokens)[0]?.[0] ?? task.model,
  };
}

/** The tokens of every model that was asked; those of the last result alone where they are not told apart. */
function usageOf({ modelUsage, usage }: z.output<typeof Result>): Usage {
  const models = Object.values(modelUsage ?? {});
  if (models.length === 0)
    return {
      input: usage?.input_tokens ?? 0,
      cached: usage?.cache_read_input_tokens ?? 0,
      cacheWrite: usage?.cache_creation_input_tokens ?? 0,
      output: usage?.output_tokens ?? 0,
      reasoning: 0,
    };
  const sum = (pick: (one: (typeof models)[number]) => number): number =>
    models.reduce((all, one) => all + pick(one), 0);
  return {
    input: sum((one) => one.inputTokens),
    cached: sum((one) => one.cacheReadInputTokens),
    cacheWrite: sum((one) => one.cacheCreationInputTokens),
    output: sum((one) => one.outputTokens),
    reasoning: sum((one) => one.thinkingTokens),
  };
}

function resultIn(stdout: string): z.output<typeof Result> | null {
  // Warnings may stand before it.
  for (const text of [stdout, ...stdout.split('\n').reverse()]) {
    try {
      const parsed = Result.safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}

const Result = z.looseObject({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean().default(false),
  result: z.string().nullish(),
  errors: z.array(z.string()).optional().catch(undefined),
  api_error_status: z.number().nullish(),
  stop_reason: z.string().nullish(),
  structured_output: z.unknown().optional(),
  total_cost_usd: z.number().min(0).nullish().catch(null),
  usage: z
    .looseObject({
      input_tokens: Tokens,
      output_tokens: Tokens,
      cache_read_input_tokens: Tokens,
      cache_creation_input_tokens: Tokens,
    })
    .nullish(),
  modelUsage: z
    .record(
      z.string(),
      z.looseObject({
        inputTokens: Tokens,
        outputTokens: Tokens,
        cacheReadInputTokens: Tokens,
        cacheCreationInputTokens: Tokens,
        thinkingTokens: Tokens,
        costBasis: z.string().optional(),
      }),
    )
    .nullish(),
});

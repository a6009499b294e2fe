import { type Agent, type AgentReply, type AgentTask, ProviderError } from '../../core/provider.js';
import { createRedactor } from '../../core/redact.js';
import { clip } from '../../core/text.js';
import { badAnswer } from './body.js';
import type { Ended } from './child.js';
import { assertFits, assertInstalled, type Cli, runCli, SERVER, serverArgs, withFolder } from './cli.js';
import { type CliEnv, cliEnv } from './cli-env.js';
import { type CarriedConfig, carriedConfig, inline, modelProvider } from './codex-config.js';
import { type CodexStory, emptyStory, tell } from './codex-events.js';
import type { Door, Settings } from './door.js';
import { keyOf } from './keys.js';
import { type Asked, refused } from './refusals.js';
import { argumentsIn } from './shapes.js';
import { strictSchema, withoutNulls } from './strict-schema.js';
import { baseUrl } from './url.js';

const CLI: Cli = {
  provider: 'codex_cli',
  program: 'codex',
  install: 'install Codex (npm install -g @openai/codex) and log in: codex login',
};

/** Variable in which Codex finds the key that the config names; it is known to Codex alone. */
const KEY = 'AUTO_EXPERIMENT_PROVIDER_KEY';

/** Limited, it waits without a word for as long as it was told to, which may be hours. After so long it is ended. */
const LIMITED_MS = 3 * 60_000;

const LIMITED = /\b429\b|limit/i;

/** Its own tools and ways. Ours are to be the only ones, and an endpoint that is gone must not be tried for ever. */
const OFF = [
  'shell_tool',
  'unified_exec',
  'shell_snapshot',
  'multi_agent',
  'goals',
  'view_image',
  'image_generation',
  'browser_use',
  'computer_use',
  'apps',
  'plugins',
  'hooks',
  'memories',
  'skill_search',
  'sleep_tool',
  'tool_suggest',
  'unbounded_connection_retries',
];

const QUIET = [
  ...OFF.map((feature) => `features.${feature}=false`),
  'web_search="disabled"',
  'project_doc_max_bytes=0',
  'skills.include_instructions=false',
  'include_environment_context=false',
  'include_permissions_instructions=false',
  'include_apps_instructions=false',
  'include_collaboration_mode_instructions=false',
  'approval_policy="never"',
  'check_for_update_on_startup=false',
  'analytics.enabled=false',
];

/**
 * The user's own Codex, without a terminal. Its login holds, and of the user's config what a login needs; everything else in
 * there, and whatever the project configures for it, does not. Throws ProviderError (`setup`, `auth`).
 */
export function codexCli(settings: Settings, door: Door): Agent {
  assertInstalled(CLI, door);
  if (settings.base_url) baseUrl(settings.base_url);
  const key = keyOf('codex_cli', settings, door.env);
  const own = carriedConfig(door.env);
  const usersKey = own.keyEnv === null ? undefined : door.env[own.keyEnv];
  const around = cliEnv({ ...settings, provider: 'codex_cli' }, door, {
    // A key that the config names stands alone: another account's would win, or be sent elsewhere.
    ...(key === null
      ? {}
      : {
          OPENAI_API_KEY: null,
          CODEX_API_KEY: null,
          [settings.base_url ? KEY : 'CODEX_API_KEY']: key.value,
        }),
    ...(own.keyEnv === null || usersKey === undefined ? {} : { [own.keyEnv]: usersKey }),
  });
  const redact = createRedactor(around.kept.map((name) => around.env[name] ?? ''));
  return {
    kind: 'agent',
    name: 'codex_cli',
    work: (task) =>
      withFolder(async (write) => {
        const model = modelFor(task, settings, own);
        const story = emptyStory(door.clock());
        const ended = await runCli(
          CLI,
          {
            args: [
              ...['exec', '--json', '--skip-git-repo-check', '--ephemeral'],
              ...['--ignore-user-config', '--ignore-rules'],
              ...['--cd', task.project, '--sandbox', 'read-only', '--color', 'never'],
              ...(model === null ? [] : ['--model', model]),
              ...[...QUIET, ...providerOf(settings, key !== null, own), serverOf(task, door, around)].flatMap(
                (pair) => ['-c', pair],
              ),
              ...['-c', `model_instructions_file=${inline(write('system.md', withNames(task.system)))}`],
              ...(task.answer === null
                ? []
                : ['--output-schema', write('answer.json', JSON.stringify(strictSchema(task.answer)))]),
              '-',
            ],
            cwd: task.project,
            env: around.env,
            input: task.prompt,
            timeoutMs: task.timeoutMs,
            signal: task.signal,
            onLine: (line) => tell(story, line, door.clock()),
            enough: () =>
              story.trouble !== null &&
              LIMITED.test(story.trouble) &&
              door.clock() - story.troubleAt > LIMITED_MS
                ? story.trouble
                : null,
          },
          redact,
        );
        return read(ended, story, task, {
          provider: 'codex_cli',
          model: model ?? 'the default of Codex',
          at: 'Codex',
          keyHint:
            key === null
              ? 'log in as the user who runs auto-experiment (codex login), or name a key in agent.api_key_env'
              : `check ${key.name}: it may be mistyped, revoked or of another provider`,
          redact,
          now: door.clock(),
        });
      }),
  };
}

/** A model of Anthropic is what a config has that names none: then the user's own choice for Codex holds. */
function modelFor(task: AgentTask, { base_url }: Settings, own: CarriedConfig): string | null {
  return task.model.startsWith('claude-') && !base_url ? own.model : task.model;
}

function providerOf({ base_url }: Settings, hasKey: boolean, own: CarriedConfig): string[] {
  if (!base_url) return [...own.overrides, ...own.provider];
  const fields = {
    name: 'auto-experiment',
    base_url,
    wire_api: 'responses',
    ...(hasKey ? { env_key: KEY } : {}),
    request_max_retries: 2,
    stream_max_retries: 2,
  };
  return [...own.overrides, ...modelProvider('auto-experiment', fields)];
}

function serverOf(task: AgentTask, door: Door, { handedOn }: CliEnv): string {
  const server = {
    command: door.node,
    args: serverArgs(task, door),
    env_vars: handedOn,
    required: true,
    startup_timeout_sec: 60,
    tool_timeout_sec: Math.ceil(task.timeoutMs / 1000),
    default_tools_approval_mode: 'approve',
  };
  return `mcp_servers.${SERVER}=${inline(server)}`;
}

/** Newer models call tools out of scripts, where ours have other names and are not listed from the start. */
const withNames = (system: string): string =>
  `${system}\n\nYour tools are those of the MCP server \`${SERVER}\`. Where you write scripts for a tool \`exec\`, they are \`tools.mcp__${SERVER}__NAME\` in it (see ALL_TOOLS); call them directly elsewhere. Use no other tool and no sub-agents.\n`;

function read(ended: Ended, story: CodexStory, task: AgentTask, asked: Asked): AgentReply {
  const { usage } = story;
  const trouble = story.trouble ?? ended.reason;
  if (story.failed || trouble !== null || usage === null) {
    const words = trouble ?? ended.stderr.trim();
    if (words === '') throw badAnswer('codex_cli', `no answer (exit code ${ended.code ?? 'none'})`);
    assertFits(CLI, words, asked.redact);
    const status = /\bstatus:? (\d{3})\b/.exec(words)?.[1];
    throw refused(
      { status: status === undefined ? null : Number(status), words, code: '', headers: {}, usage },
      asked,
    );
  }
  if (story.text.trim() === '' && task.answer !== null)
    throw new ProviderError(
      'bad_answer',
      'codex_cli: Codex ended without an answer',
      'what its tools did is in the ledger',
      null,
      usage,
    );
  const answer = task.answer === null ? null : withoutNulls(argumentsIn(story.text), task.answer);
  return { text: clip(story.text, 100_000), answer, usage, usd: null, model: asked.model };
}

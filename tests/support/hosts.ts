import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe } from 'vitest';
import { type Json, kill, type Ran } from './project.js';
import type { Block, ModelRequest } from './scripted-model.js';

export type HostName = 'claude' | 'codex';

/** Where `npm install` in tests/hosts puts the programs. */
export const BIN = resolve('tests/hosts/node_modules/.bin');
const MISSING = (['claude', 'codex'] as const).filter((name) => !existsSync(join(BIN, name)));

/** Like `describe`, where the real hosts are installed. They must be in CI; elsewhere their absence is said. */
export function describeHosts(title: string, tests: () => void): void {
  // Several programs of hundreds of megabytes are started in turn, on machines that may be busy.
  if (MISSING.length === 0) return void describe(title, { timeout: 180_000 }, tests);
  const words = `${MISSING.join(' and ')} not installed: cd tests/hosts && npm install --no-package-lock`;
  if (process.env.CI === 'true') throw new Error(words);
  console.warn(`${title}: ${words}`);
  describe.skip(`${title} (${words})`, tests);
}

/** A HOME with nothing of this machine's own settings, set up by `install.sh`. */
export interface Home {
  path: string;
  env: NodeJS.ProcessEnv;
  remove(): void;
}

export function makeHome(modelUrl: string, project: string, options: readonly string[] = []): Home {
  const path = mkdtempSync(join(tmpdir(), 'auto-experiment-home-'));
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  };
  write(
    '.claude.json',
    JSON.stringify({
      hasCompletedOnboarding: true,
      theme: 'dark',
      numStartups: 5,
      customApiKeyResponses: { approved: ['dummy'], rejected: [] },
      projects: { [project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    }),
  );
  write('.codex/config.toml', codexConfig(modelUrl, project));
  const env: NodeJS.ProcessEnv = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: path,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'dummy',
    MODEL_KEY: 'dummy',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  };
  // As a person does it, before the hosts are started for the first time.
  execFileSync(resolve('install.sh'), ['--host', 'claude,codex', ...options], {
    cwd: path,
    env,
    stdio: 'pipe',
  });
  return { path, env, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10 }) };
}

const codexConfig = (modelUrl: string, project: string): string => `
model = "scripted"
model_provider = "scripted"
approval_policy = "never"
sandbox_mode = "workspace-write"
check_for_update_on_startup = false

[analytics]
enabled = false

[feedback]
enabled = false

[model_providers.scripted]
name = "scripted"
base_url = "${modelUrl}/v1"
wire_api = "responses"
env_key = "MODEL_KEY"

[projects."${project}"]
trust_level = "trusted"
`;

/** A call of one of our tools, as this host names it. */
export function call(host: HostName, name: string, input: Record<string, unknown> = {}): Block[] {
  return host === 'claude'
    ? [{ tool: `mcp__autoexp__${name}`, input }]
    : [{ tool: name, namespace: 'mcp__autoexp', input }];
}

/** The one JSON object in the last tool result: our `structuredContent`, as the host hands it to the model. */
export function answerIn(request: ModelRequest): Json {
  const text = request.results.at(-1) ?? '';
  const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  if (json === '') throw new Error(`no data in the answer: ${text.slice(0, 500)}`);
  return JSON.parse(json);
}

export interface Session {
  process: ChildProcess;
  /** What it has printed up to now: JSON Lines. */
  output(): string;
  /** Ends the host at once, as a crash would. What it has started is left to itself. */
  kill(): void;
  done: Promise<Ran>;
}

/** Codex runs hooks only after a person has trusted them; this stands for that. */
export const TRUST = ['--dangerously-bypass-hook-trust'];

/** The host without a terminal: `claude -p` or `codex exec`. */
export function startHost(
  host: HostName,
  home: Home,
  cwd: string,
  prompt: string,
  more: readonly string[] = [],
): Session {
  const args =
    host === 'claude'
      ? ['-p', prompt, '--output-format', 'stream-json', '--verbose', ...more]
      : ['exec', ...TRUST, ...more, '--json', '--skip-git-repo-check', prompt];
  const child = spawn(join(BIN, host), args, {
    cwd,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  const done = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    output: () => stdout,
    // Codex is started by a script, as a second process of the same group; its servers have groups of their own.
    kill: () => kill(host === 'codex' ? -(child.pid ?? 0) : (child.pid ?? 0)),
    done,
  };
}

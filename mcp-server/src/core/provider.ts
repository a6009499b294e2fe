/**
 * Who thinks in the headless loop. Two kinds behind one port: a *model* answers one request at a time and our tool loop
 * carries out its calls; an *agent* is the user's own CLI, which runs its own loop over our MCP server (`mcp --role`), so
 * that its calls pass through the same list of tools and the same ledger. Data is plain JSON.
 */
import { LabError } from './errors.js';

export const PROVIDERS = ['anthropic', 'openai', 'claude_cli', 'codex_cli'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** Where a provider is reached and with whose key. The names are those of `agent.*` in a config. */
export interface Endpoint {
  base_url?: string | undefined;
  /** Name of the environment variable that holds the key. */
  api_key_env?: string | undefined;
  /** The same for a token that is sent as `Authorization: Bearer`. */
  auth_token_env?: string | undefined;
}

/** The headless loop's roles; each has a prompt in `agents/` and its own few tools. */
export type Role = 'leader' | 'idea' | 'code' | 'writing';

/** Tokens of one call, as the provider counted them. The five do not overlap, but `reasoning` is a part of `output`. */
export interface Usage {
  /** Read at full price: neither from nor into a cache. */
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}

export interface ToolOffer {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  input: Record<string, unknown>;
}

export interface ToolCall {
  id: string;
  name: string;
  /** As the model wrote it, parsed from JSON; null where that was no JSON. Never trusted: the tool parses it. */
  input: unknown;
}

export interface ToolResult {
  id: string;
  ok: boolean;
  text: string;
}

/** One turn of a conversation. `raw` is the provider's own form of its turn, sent back to it unchanged. */
export type Turn =
  | { from: 'user'; text: string }
  | { from: 'model'; text: string; calls: ToolCall[]; raw?: unknown }
  | { from: 'tools'; results: ToolResult[] };

export interface ModelRequest {
  model: string;
  /** Stable from call to call, so that the provider's prompt cache holds it together with `tools`. */
  system: string;
  tools: readonly ToolOffer[];
  turns: readonly Turn[];
  /** Name of the tool that must be called in the answer; null = as it likes. */
  mustCall: string | null;
  maxOutputTokens: number;
  signal: AbortSignal;
}

export interface ModelReply {
  text: string;
  calls: ToolCall[];
  /** `length`: cut off at the limit, so nothing in it is acted on. `refused`: the model declined. */
  stop: 'end' | 'calls' | 'length' | 'refused';
  usage: Usage;
  /** As the provider names the one that answered. */
  model: string;
  raw?: unknown;
}

/** Work that is given whole to a CLI. */
export interface AgentTask {
  model: string;
  role: Role;
  system: string;
  prompt: string;
  /** JSON Schema of the structured answer that is wanted at the end; null = words. */
  answer: Record<string, unknown> | null;
  /** Project folder, for `mcp --role … --project …` and as its working folder. */
  project: string;
  /** Milliseconds after which it is ended. */
  timeoutMs: number;
  signal: AbortSignal;
}

export interface AgentReply {
  text: string;
  /** The structured answer, unchecked; null where there was none. */
  answer: unknown;
  usage: Usage;
  /** As the CLI says, where it can be believed; null = unknown, to be computed from the tokens. */
  usd: number | null;
  model: string;
}

export interface Model {
  readonly kind: 'model';
  readonly name: ProviderName;
  /** One request over the wire; no retries, which are the loop's. Throws ProviderError. */
  ask(request: ModelRequest): Promise<ModelReply>;
}

export interface Agent {
  readonly kind: 'agent';
  readonly name: ProviderName;
  /** One process. Throws ProviderError. */
  work(task: AgentTask): Promise<AgentReply>;
}

export type Provider = Model | Agent;

/**
 * Why a provider gave no answer. `limited` and `down` pass by themselves: the loop sleeps and tries again, and they count
 * as nobody's failure. `auth`, `quota`, `no_model` and `setup` need a person: the loop stops. `bad_answer` is a fault of this
 * one answer: repaired once, then recorded as a failure.
 */
export type ProviderFault = 'limited' | 'down' | 'auth' | 'quota' | 'no_model' | 'setup' | 'bad_answer';

export class ProviderError extends LabError {
  constructor(
    readonly fault: ProviderFault,
    message: string,
    hint: string,
    /** Milliseconds since 1970 from which on it may be asked again, where it said so. */
    readonly retryAt: number | null = null,
    /** What was spent all the same. */
    readonly usage: Usage | null = null,
  ) {
    super(message, hint);
  }
}

import type { Model, ModelReply, ModelRequest, ProviderName } from '../../core/provider.js';
import { badAnswer, isFields, jsonIn, refusalIn } from './body.js';
import { type Asked, refused } from './refusals.js';
import { post, WireTrouble } from './wire.js';

/** Parts of a request that some servers and models refuse. They are left out from the first refusal on. */
type Extra =
  | 'tool_choice'
  | 'max_completion_tokens'
  | 'prompt_cache_key'
  | 'include'
  | 'store'
  | 'cache_control';

/** How a request and its answer look on one wire. Pure. */
export interface Dialect {
  readonly extras: readonly Extra[];
  encode(request: ModelRequest, without: ReadonlySet<Extra>): Record<string, unknown>;
  /** Throws ProviderError (`bad_answer`) for what has another form. */
  decode(data: unknown, request: ModelRequest): ModelReply;
}

export interface Line {
  name: ProviderName;
  url: URL;
  headers: Record<string, string>;
  dialect: Dialect;
  asked: Omit<Asked, 'model' | 'now'>;
  clock: () => number;
  timeoutMs: number;
}

/** The largest answer that is read; the longest real ones are under 1 MB. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A model behind one address. */
export function modelOver(line: Line): Model {
  const without = new Set<Extra>();
  return {
    kind: 'model',
    name: line.name,
    async ask(request) {
      for (;;) {
        const answer = await exchange(line, request, without);
        const refusal = refusalIn(answer);
        if (refusal === null) return decoded(line, request, answer);
        const extra = refusedExtra(line.dialect, refusal.status, refusal.words, without);
        const asked = { ...line.asked, model: request.model, now: line.clock() };
        if (extra === undefined) throw refused(refusal, asked);
        without.add(extra);
      }
    },
  };
}

/** How servers name such a part when they refuse it. */
const REFUSED: Record<Extra, RegExp> = {
  tool_choice: /tool_choice|forced? tool|forces tool/i,
  max_completion_tokens: /max_completion_tokens/i,
  prompt_cache_key: /prompt_cache_key/i,
  include: /encrypted.content|\binclude\b/i,
  store: /\bstore\b/i,
  cache_control: /cache_control/i,
};

/** The part for which a request was refused and without which it may be accepted. Nothing was spent on it. */
function refusedExtra(
  dialect: Dialect,
  status: number | null,
  words: string,
  without: ReadonlySet<Extra>,
): Extra | undefined {
  if (status !== 400 && status !== 422) return undefined;
  return dialect.extras.find((extra) => !without.has(extra) && REFUSED[extra].test(words));
}

async function exchange(line: Line, request: ModelRequest, without: ReadonlySet<Extra>) {
  try {
    return await post({
      url: line.url,
      headers: line.headers,
      body: wellFormed(line.dialect.encode(request, without)),
      timeoutMs: line.timeoutMs,
      maxBytes: MAX_BYTES,
      signal: request.signal,
    });
  } catch (error) {
    if (!(error instanceof WireTrouble)) throw error;
    const asked = { ...line.asked, model: request.model, now: line.clock() };
    const refusal = { status: null, words: error.message, code: error.code ?? '', headers: {} };
    if (error.kind === 'large') throw badAnswer(line.name, error.message);
    throw refused(refusal, asked, error.kind === 'certificate' ? 'setup' : 'down');
  }
}

function decoded(line: Line, request: ModelRequest, answer: Awaited<ReturnType<typeof post>>): ModelReply {
  const data = jsonIn(answer, line.name, line.asked.redact);
  const reply = line.dialect.decode(data, request);
  if (isFields(data) && isFields(data.usage)) return reply;
  // Some servers count nothing. Four characters a token is nearer to the truth than none.
  const sent = JSON.stringify(line.dialect.encode(request, NOTHING)).length;
  const usage = {
    input: Math.ceil(sent / 4),
    cached: 0,
    cacheWrite: 0,
    output: Math.ceil(answer.body.length / 4),
    reasoning: 0,
  };
  return { ...reply, usage };
}

const NOTHING: ReadonlySet<Extra> = new Set();

/** Text without halves of characters, which no server takes. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\p{Surrogate}/gu, '\ufffd');
  if (Array.isArray(value)) return value.map(wellFormed);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wellFormed(inner)]));
}

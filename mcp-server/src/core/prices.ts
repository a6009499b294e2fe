/**
 * List prices of models, USD per million tokens, standard processing, without batch or regional surcharges. Cache writes
 * are those of the shortest lifetime (5 minutes at Anthropic, 30 at OpenAI), which is what this program asks for.
 */
export interface Price {
  /** Tokens read at full price. */
  input: number;
  /** Tokens read from the provider's cache. */
  cached: number;
  /** Tokens written into it. */
  cacheWrite: number;
  output: number;
}

export interface ListPrice extends Price {
  /** A request with more tokens of input than this is billed, whole, at `long`. */
  longFrom?: number;
  long?: Price;
  /** When it was looked up, and where. */
  seen: string;
  source: string;
}

const SEEN = '2026-11-25';
const ANTHROPIC = 'https://platform.claude.com/docs/en/about-claude/pricing';
const OPENAI = 'https://developers.openai.com/api/docs/models/';
/** OpenAI: above this many tokens of input, input and cache cost twice, output one and a half times as much. */
const OPENAI_LONG = 272_000;

const claude = (input: number, cached: number, cacheWrite: number, output: number): ListPrice => ({
  input,
  cached,
  cacheWrite,
  output,
  seen: SEEN,
  source: ANTHROPIC,
});

/** Models before GPT-5.6 are charged nothing for what goes into the cache: it is plain input. */
const gpt = (
  name: string,
  input: number,
  cached: number,
  output: number,
  { writes = 1, long = true } = {},
): ListPrice => ({
  input,
  cached,
  cacheWrite: input * writes,
  output,
  ...(long
    ? {
        longFrom: OPENAI_LONG,
        long: {
          input: input * 2,
          cached: cached * 2,
          cacheWrite: input * writes * 2,
          output: output * 1.5,
        },
      }
    : {}),
  seen: SEEN,
  source: `${OPENAI}${name}`,
});

const NEW = { writes: 1.25 };
const SHORT = { long: false };

export const PRICES: Readonly<Record<string, ListPrice>> = {
  'claude-fable-5-1': claude(10, 0.25, 12.5, 50),
  'claude-fable-5': claude(10, 1, 12.5, 50),
  'claude-opus-5-5': claude(4, 0.2, 5, 20),
  'claude-opus-5': claude(5, 0.5, 6.25, 25),
  'claude-opus-4-8': claude(5, 0.5, 6.25, 25),
  'claude-opus-4-7': claude(5, 0.5, 6.25, 25),
  'claude-opus-4-6': claude(5, 0.5, 6.25, 25),
  'claude-opus-4-5': claude(5, 0.5, 6.25, 25),
  'claude-opus-4-1': claude(15, 1.5, 18.75, 75),
  'claude-sonnet-5-5': claude(2, 0.1, 2.5, 10),
  'claude-sonnet-5': claude(2, 0.2, 2.5, 10),
  'claude-sonnet-4-6': claude(3, 0.3, 3.75, 15),
  'claude-sonnet-4-5': claude(3, 0.3, 3.75, 15),
  'claude-haiku-5-5': {
    ...claude(0.1, 0.01, 0.125, 0.5),
    longFrom: 100_000,
    long: { input: 0.5, cached: 0.05, cacheWrite: 0.625, output: 2.5 },
  },
  'claude-haiku-4-5': claude(1, 0.1, 1.25, 5),
  'gpt-6.2-sol': gpt('gpt-6.2-sol', 2, 0.1, 10, NEW),
  'gpt-6.1-sol': gpt('gpt-6.1-sol', 2, 0.1, 10, NEW),
  'gpt-6.1-terra': gpt('gpt-6.1-terra', 1, 0.05, 5, NEW),
  'gpt-6-sol': gpt('gpt-6-sol', 2, 0.2, 10, NEW),
  'gpt-6-luna': gpt('gpt-6-luna', 0.1, 0.01, 0.5, NEW),
  'gpt-5.6-sol': gpt('gpt-5.6-sol', 5, 0.5, 30, NEW),
  'gpt-5.6-terra': gpt('gpt-5.6-terra', 2, 0.2, 12, NEW),
  'gpt-5.6-luna': gpt('gpt-5.6-luna', 0.2, 0.02, 1.2, NEW),
  'gpt-5.4': gpt('gpt-5.4', 2.5, 0.25, 15),
  'gpt-5.4-mini': gpt('gpt-5.4-mini', 0.75, 0.075, 4.5, SHORT),
  'gpt-5.4-nano': gpt('gpt-5.4-nano', 0.2, 0.02, 1.25, SHORT),
  'gpt-5-mini': gpt('gpt-5-mini', 0.25, 0.025, 2, SHORT),
  'gpt-5-nano': gpt('gpt-5-nano', 0.05, 0.005, 0.4, SHORT),
  'gpt-4.1': gpt('gpt-4.1', 2, 0.5, 8, SHORT),
};

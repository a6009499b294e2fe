import { PRICES, type Price } from './prices.js';
import type { ProviderName, Usage } from './provider.js';

/** Prices that a config declares, USD per million tokens. What is absent follows from `input`. */
export type OwnPrices = Readonly<
  Record<
    string,
    { input: number; output: number; cached?: number | undefined; cacheWrite?: number | undefined }
  >
>;

export interface KnownPrice {
  price: Price;
  /** Where it comes from, in words: the config, or the page and the day it was looked up. */
  from: string;
}

export const NO_USAGE: Usage = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cached: a.cached + b.cached,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}

/**
 * The price of a model, or null where nobody has said one. The config wins; then the table of list prices, in which a
 * dated name (`claude-haiku-4-5-20251001`, `gpt-5.4-2026-03-05`) means its model, and so does Claude Code's `[1m]`. `tokens` is the input of one request: some
 * models cost more above a length; for the sum of several requests leave it out, and the price of short ones is taken.
 */
export function priceOf(model: string, own: OwnPrices = {}, tokens = 0): KnownPrice | null {
  const declared = Object.hasOwn(own, model) ? own[model] : undefined;
  if (declared !== undefined) {
    const { input, output, cached = input, cacheWrite = input } = declared;
    return { price: { input, cached, cacheWrite, output }, from: 'agent.prices' };
  }
  const name = undated(model);
  const listed = Object.hasOwn(PRICES, name) ? PRICES[name] : undefined;
  if (listed === undefined) return null;
  const { long, longFrom = Infinity, source, seen } = listed;
  return { price: long !== undefined && tokens > longFrom ? long : listed, from: `${source}, ${seen}` };
}

/** USD of some tokens; null where the model has no known price. `request`: they are those of a single request. */
export function costOf(
  usage: Usage,
  model: string,
  { own = {}, request = false }: { own?: OwnPrices; request?: boolean } = {},
): number | null {
  const read = usage.input + usage.cached + usage.cacheWrite;
  const known = priceOf(model, own, request ? read : 0);
  if (known === null) return null;
  const { input, cached, cacheWrite, output } = known.price;
  const millionths =
    usage.input * input + usage.cached * cached + usage.cacheWrite * cacheWrite + usage.output * output;
  return millionths / 1_000_000;
}

/** Names of models that a hint may offer, for one who mistyped one or has the wrong provider. */
export function knownModels(provider: ProviderName): string[] {
  const start = provider === 'anthropic' || provider === 'claude_cli' ? 'claude-' : 'gpt-';
  return Object.keys(PRICES).filter((name) => name.startsWith(start));
}

const undated = (model: string): string =>
  model.replace(/\[1m\]$/, '').replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, '');

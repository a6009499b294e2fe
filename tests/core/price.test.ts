import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUsage, costOf, knownModels, NO_USAGE, priceOf } from '../../mcp-server/src/core/price.js';
import { PRICES } from '../../mcp-server/src/core/prices.js';
import { nearest } from '../../mcp-server/src/core/text.js';

const million = { input: 1e6, cached: 1e6, cacheWrite: 1e6, output: 1e6, reasoning: 5e5 };

describe('what tokens cost', () => {
  it('is the sum of four prices; reasoning is a part of output and not paid twice', () => {
    expect(costOf(million, 'claude-sonnet-4-6')).toBeCloseTo(3 + 0.3 + 3.75 + 15, 10);
    expect(costOf({ ...NO_USAGE, output: 1000 }, 'claude-sonnet-4-6')).toBeCloseTo(0.015, 10);
  });

  it('is unknown for a model that nobody has priced, never 0', () => {
    expect(costOf(million, 'qwen-max')).toBe(null);
    expect(costOf(million, 'constructor')).toBe(null);
    expect(priceOf('toString', {})).toBe(null);
  });

  it('follows the config before the table', () => {
    const own = {
      'qwen-max': { input: 1, output: 4, cached: 0.1 },
      'claude-sonnet-4-6': { input: 0, output: 0 },
    };
    expect(costOf(million, 'qwen-max', { own })).toBeCloseTo(1 + 0.1 + 1 + 4, 10);
    expect(costOf(million, 'claude-sonnet-4-6', { own })).toBe(0);
    expect(priceOf('qwen-max', own)?.from).toBe('agent.prices');
  });

  it('takes a dated name for its model', () => {
    expect(priceOf('claude-haiku-4-5-20251001')?.price.output).toBe(5);
    expect(priceOf('gpt-5.4-2026-03-05')?.price.output).toBe(15);
    expect(priceOf('claude-sonnet-4-6[1m]')?.price.output).toBe(15);
    expect(priceOf('claude-haiku-4')).toBe(null);
  });

  it('rises with the length of one request, not with the sum of many', () => {
    const long = { ...NO_USAGE, input: 100_000, cached: 1, output: 10 };
    expect(costOf(long, 'claude-haiku-5-5', { request: true })).toBeCloseTo(0.05 + 5e-8 + 25e-6, 10);
    expect(costOf(long, 'claude-haiku-5-5')).toBeCloseTo(0.01 + 1e-8 + 5e-6, 10);
    expect(costOf({ ...long, cached: 0 }, 'claude-haiku-5-5', { request: true })).toBeCloseTo(
      0.01 + 5e-6,
      10,
    );
  });

  it('adds up whatever the order', () => {
    const some = fc.record({
      input: fc.nat(1e7),
      cached: fc.nat(1e7),
      cacheWrite: fc.nat(1e7),
      output: fc.nat(1e6),
      reasoning: fc.nat(1e6),
    });
    fc.assert(
      fc.property(some, some, (a, b) => {
        const sum = costOf(addUsage(a, b), 'gpt-6.1-terra') ?? Number.NaN;
        const parts = (costOf(a, 'gpt-6.1-terra') ?? 0) + (costOf(b, 'gpt-6.1-terra') ?? 0);
        expect(sum).toBeCloseTo(parts, 6);
      }),
    );
  });
});

describe('the table of list prices', () => {
  it('says where and when each was looked up, and reading from the cache is never dearer', () => {
    for (const [name, entry] of Object.entries(PRICES)) {
      expect(entry.source, name).toMatch(/^https:\/\/(platform\.claude\.com|developers\.openai\.com)\//);
      expect(entry.seen, name).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(entry.cached, name).toBeLessThan(entry.input);
      expect(entry.output, name).toBeGreaterThan(entry.input);
      expect(entry.long === undefined, name).toBe(entry.longFrom === undefined);
    }
  });

  it('knows the default model and offers the nearest of the provider', () => {
    expect(knownModels('anthropic')).toContain('claude-sonnet-4-6');
    expect(nearest('claude-sonet-4-6', knownModels('claude_cli'))).toBe('claude-sonnet-4-6');
    expect(knownModels('openai').every((name) => name.startsWith('gpt-'))).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { retryAtIn, retryAtOf } from '../../mcp-server/src/adapters/providers/reset.js';

// 25 November 2026, 04:00 UTC: 05:00 in Berlin, 20:00 of the day before in Los Angeles, 09:30 in Kolkata.
const NOW = Date.parse('2026-11-25T04:00:00Z');
const at = (words: string): string | null => {
  const found = retryAtIn(words, NOW);
  return found === null ? null : new Date(found).toISOString().slice(0, 16);
};

describe('when a limit is over, out of the words of a CLI', () => {
  it('reads a time of day in a zone, today or tomorrow', () => {
    expect(at("You've hit your limit · resets 3am (Europe/Berlin)")).toBe('2026-11-26T02:00');
    expect(at('5-hour limit reached ∙ resets 7:30am (Europe/Berlin)')).toBe('2026-11-25T06:30');
    expect(at('resets 9pm (America/Los_Angeles)')).toBe('2026-11-25T05:00');
    expect(at('usage limit reached, resets at 12am (UTC)')).toBe('2026-11-26T00:00');
    expect(at('resets 10am (Asia/Kolkata)')).toBe('2026-11-25T04:30');
    expect(at('resets 12pm (UTC).')).toBe('2026-11-25T12:00');
  });

  it('reads a span, a date, and seconds since 1970', () => {
    expect(at("You've hit your usage limit. Try again in 2 hours 3 minutes.")).toBe('2026-11-25T06:03');
    expect(at('Please try again in 20s.')).toBe('2026-11-25T04:00');
    expect(at('try again in 1 day, 2 hours and 5 minutes')).toBe('2026-11-26T06:05');
    expect(at('or try again at Nov 27th, 2026 3:05 PM (UTC).')).toBe('2026-11-27T15:05');
    expect(at('resets Nov 28 at 1am (Europe/Berlin)')).toBe('2026-11-28T00:00');
    expect(at('Claude AI usage limit reached|1795600800')).toBe('2026-11-25T10:00');
    expect(at('You will regain access on 2026-11-26 at 00:00 UTC.')).toBe('2026-11-26T00:00');
  });

  it('knows no time where none is said, and believes none beyond eight days', () => {
    for (const words of [
      '',
      'rate limited',
      'Overloaded',
      'resets soon',
      'model 3am',
      'try again later',
      '429|12',
    ])
      expect(at(words), words).toBe(null);
    expect(at('You will regain access on 2027-01-01 at 00:00 UTC.')).toBe('2026-12-03T04:00');
    expect(at('limit reached|1000000000')).toBe('2026-11-25T04:00');
    expect(at('resets 3am (Nowhere/Atlantis)')).toMatch(/^2026-11-2[56]T/);
  });

  it('finds the same time on both sides of a change of the clocks', () => {
    // In Berlin the clocks go back at 3:00 on 25 October 2026 and forth at 2:00 on 29 March 2026.
    const before = Date.parse('2026-10-24T20:00:00Z');
    expect(new Date(retryAtIn('resets 8am (Europe/Berlin)', before) ?? 0).toISOString()).toBe(
      '2026-10-25T07:00:00.000Z',
    );
    const spring = Date.parse('2026-03-28T20:00:00Z');
    expect(new Date(retryAtIn('resets 8am (Europe/Berlin)', spring) ?? 0).toISOString()).toBe(
      '2026-03-29T06:00:00.000Z',
    );
  });
});

describe('when a limit is over, out of headers', () => {
  const wait = (headers: Record<string, string>): number | null => {
    const found = retryAtOf(headers, NOW);
    return found === null ? null : (found - NOW) / 1000;
  };

  it('takes the plainest word first', () => {
    expect(wait({ 'retry-after-ms': '1500', 'retry-after': '9' })).toBe(1.5);
    expect(wait({ 'retry-after': '9', 'anthropic-ratelimit-requests-reset': '2026-11-25T05:00:00Z' })).toBe(
      9,
    );
    expect(wait({ 'retry-after': 'Wed, 25 Nov 2026 04:02:00 GMT' })).toBe(120);
    expect(wait({ 'retry-after': 'Tue, 24 Nov 2026 04:02:00 GMT' })).toBe(0);
    expect(wait({ 'retry-after': 'soon' })).toBe(null);
  });

  it('reads the forms in which resets are told', () => {
    expect(wait({ 'x-ratelimit-reset-requests': '1h2m3.5s', 'x-ratelimit-remaining-requests': '0' })).toBe(
      3723.5,
    );
    expect(wait({ 'x-ratelimit-reset-tokens': '120ms' })).toBe(0.12);
    expect(wait({ 'x-ratelimit-reset-tokens': '1795600800' })).toBe(6 * 3600);
    expect(wait({ 'anthropic-ratelimit-unified-reset': '1795579200' })).toBe(0);
    expect(wait({ 'x-ratelimit-reset-tokens': 'never', 'content-type': 'text/html' })).toBe(null);
  });
});

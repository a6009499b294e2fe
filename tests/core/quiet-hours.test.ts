import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Config } from '../../mcp-server/src/core/config.js';
import { clockWords, quietHoursProblem, quietUntil } from '../../mcp-server/src/core/gpus/quiet-hours.js';

/** A Wednesday. */
const at = (time: string): number => Date.parse(`2026-11-25T${time}:00Z`);
const until = (rules: string[], time: string): string | null => {
  const quiet = quietUntil(rules, at(time));
  return quiet === null ? null : new Date(quiet.until).toISOString().slice(8, 16);
};

describe('quiet hours', () => {
  it('last from one time of day to another, also past midnight', () => {
    expect(until(['22:00-07:00 UTC'], '21:59')).toBeNull();
    expect(until(['22:00-07:00 UTC'], '22:00')).toBe('26T07:00');
    expect(until(['22:00-07:00 UTC'], '06:59')).toBe('25T07:00');
    expect(until(['22:00-07:00 UTC'], '07:00')).toBeNull();
  });

  it('are counted in the zone that they name', () => {
    expect(until(['22:00-07:00 Asia/Tokyo'], '13:30')).toBe('25T22:00');
    expect(until(['22:00-07:00 Asia/Tokyo'], '12:30')).toBeNull();
  });

  it('begin on the days that are named, and go on into the next', () => {
    expect(until(['Mon-Fri 09:00-18:00 UTC'], '12:00')).toBe('25T18:00');
    expect(until(['Sat,Sun 00:00-24:00 UTC'], '12:00')).toBeNull();
    expect(until(['Tue 22:00-07:00 UTC'], '03:00')).toBe('25T07:00');
    expect(until(['Wed 22:00-07:00 UTC'], '03:00')).toBeNull();
  });

  it('that follow one another are one', () => {
    expect(until(['20:00-23:00 UTC', '23:00-02:00 UTC'], '21:00')).toBe('26T02:00');
    // Quiet all the time has an end in some days, and is asked again then.
    expect(until(['00:00-24:00 UTC'], '12:00')).not.toBeNull();
  });

  it('are told by the clock, with the day where it is far', () => {
    expect(clockWords(at('22:00'), at('13:30'), '22:00-07:00 UTC')).toBe('22:00');
    expect(clockWords(at('22:00') + 86_400_000, at('13:30'), 'Mon-Fri 09:00-18:00 UTC')).toBe('Thu 22:00');
  });

  it.each([
    ['at night', /write for instance 22:00-07:00/],
    ['25:00-07:00', /no clock shows/],
    ['22:00-07:61', /no clock shows/],
    ['Foo 22:00-07:00', /a day that no week has/],
    ['22:00-07:00 Mars/Olympus', /no time zone/],
  ])('%j is refused in words', (text, words) => {
    expect(quietHoursProblem(text)).toMatch(words);
    const parsed = Config.safeParse({ gpu: { quiet_hours: text } });
    expect(parsed.success).toBe(false);
  });

  it('never end before they are asked about, whatever the rules (property)', () => {
    const time = fc.tuple(fc.nat(23), fc.nat(59)).map(([h, m]) => `${h}:${String(m).padStart(2, '0')}`);
    const rule = fc
      .tuple(fc.constantFrom('', 'Mon-Fri ', 'Sun,Tue '), time, time)
      .map(([d, a, b]) => `${d}${a}-${b} UTC`);
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), fc.nat(7 * 24 * 60), (rules, minute) => {
        const now = at('00:00') + minute * 60_000;
        const quiet = quietUntil(rules, now);
        if (quiet === null) return;
        expect(quiet.until).toBeGreaterThan(now);
        expect(rules).toContain(quiet.rule);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../mcp-server/src/core/errors.js';
import { checkGuard, guardWords, parseGuard } from '../../../mcp-server/src/core/verdict/guards.js';

const check = (text: string, value: number | null, baseline: number | null = null) =>
  checkGuard(parseGuard(text), value, baseline).answer;

describe('guards', () => {
  it.each([
    ['peak_vram_mb < 24000', 23_999, null, 'pass'],
    ['peak_vram_mb < 24000', 24_000, null, 'fail'],
    ['latency_ms <= baseline * 1.05', 10.5, 10, 'pass'],
    ['latency_ms <= baseline * 1.05', 10.6, 10, 'fail'],
    ['latency_ms <= 1.05 * baseline', 10.4, 10, 'pass'],
    ['size_mb <= baseline + 10', 30, 20, 'pass'],
    ['size_mb <= baseline + 10', 30.1, 20, 'fail'],
    ['recall >= baseline - 0.01', 0.89, 0.9, 'pass'],
    ['recall>=baseline', 0.89, 0.9, 'fail'],
    ['score > -1.5e-3', 0, null, 'pass'],
    ['n_params == 61706', 61_706, null, 'pass'],
    ['eval/top-1 >= baseline * 0.99 - 0.001', 0.97, 0.98, 'pass'],
    ['peak_vram_mb < 24000', null, null, 'unknown'],
    ['peak_vram_mb < 24000', Number.NaN, null, 'unknown'],
    ['peak_vram_mb < 24000', Number.POSITIVE_INFINITY, null, 'unknown'],
    ['latency_ms <= baseline * 1.05', 10, null, 'unknown'],
    ['latency_ms <= baseline * 1.05', 10, Number.NaN, 'unknown'],
  ])('%s with %s (baseline %s): %s', (text, value, baseline, answer) => {
    expect(check(text, value, baseline)).toBe(answer);
  });

  it.each([
    '',
    'peak_vram_mb',
    'peak_vram_mb <',
    '< 3',
    'peak_vram_mb = 3',
    'peak_vram_mb != 3',
    'peak_vram_mb < 24 GB',
    'latency < champion * 2',
    'latency < baseline / 2',
    'latency < baseline * x',
    'latency < 1e999',
    'baseline * 1.05 > latency',
    'baseline > 3',
    'a < 3 and b < 4',
    'latency < NaN',
  ])('refuses %j and says how to write it', (text) => {
    expect(() => parseGuard(text)).toThrow(LabError);
    try {
      parseGuard(text);
    } catch (error) {
      expect(error instanceof LabError && error.hint).toContain('peak_vram_mb < 24000');
    }
  });

  it('says it in a sentence with its numbers', () => {
    const words = (text: string, value: number | null, baseline: number | null) =>
      guardWords(checkGuard(parseGuard(text), value, baseline));
    expect(words('latency_ms <= baseline * 1.05', 12, 10)).toBe(
      'guard latency_ms <= baseline * 1.05: failed (latency_ms 12, limit 10.5)',
    );
    expect(words('peak_vram_mb < 24000', null, null)).toBe(
      'guard peak_vram_mb < 24000: unknown, peak_vram_mb was not seen',
    );
    expect(words('loss < baseline', 1, null)).toBe(
      'guard loss < baseline: unknown, the baseline has no loss',
    );
  });

  it('holds for a written limit what the operator says', () => {
    const number = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(number, number, fc.constantFrom('<', '<=', '>', '>=', '=='), (value, limit, operator) => {
        const told = {
          '<': value < limit,
          '<=': value <= limit,
          '>': value > limit,
          '>=': value >= limit,
          '==': value === limit,
        };
        expect(check(`m ${operator} ${limit}`, value)).toBe(told[operator] ? 'pass' : 'fail');
      }),
    );
  });
});

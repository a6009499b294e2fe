import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipBrief } from '../../mcp-server/src/core/brief.js';
import { clip, countChars, nearest, oneLine, plain } from '../../mcp-server/src/core/text.js';

const family = '👨‍👩‍👧‍👦';
const anything = fc.string({ unit: 'binary', maxLength: 80 });
const lone = /\p{Surrogate}/u;

describe('countChars', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['a\nb', 3],
    ['a\r\nb', 3],
    ['é', 1],
    ['e\u0301', 1],
    [family, 1],
    ['🇩🇪🇫🇷', 2],
    ['한국어', 3],
    ['नि', 1],
  ])('%j has %i', (text, count) => expect(countChars(text)).toBe(count));
});

describe('clip', () => {
  it('leaves a text that fits and says when it cut', () => {
    expect(clip('abcdef', 6)).toBe('abcdef');
    expect(clip('abcdef', 5)).toBe('abcd…');
    expect(clip('abcdef', 5, ' [cut]')).toBe(' [cut');
    expect(clip('abc', 0)).toBe('');
  });

  it('never cuts a character in half', () => {
    expect(clip(`ab${family}cd`, 4)).toBe(`ab${family}…`);
    expect(clip(`ab${family}cd`, 3)).toBe('ab…');
    expect(clip('e\u0301'.repeat(5), 3)).toBe('e\u0301e\u0301…');
  });

  it('bounds the size of piled-up marks', () => {
    expect(clip(`a${'\u0301'.repeat(100_000)}b`, 10).length).toBeLessThan(200);
  });

  it('holds the cap, keeps a beginning, splits no pair (property)', () => {
    fc.assert(
      fc.property(anything, fc.nat({ max: 90 }), (text, max) => {
        const cut = clip(text, max);
        expect(countChars(cut)).toBeLessThanOrEqual(max);
        expect(cut === text || max < 1 || (cut.endsWith('…') && text.startsWith(cut.slice(0, -1)))).toBe(
          true,
        );
        expect(!lone.test(cut) || lone.test(text)).toBe(true);
      }),
    );
  });
});

describe('plain and oneLine', () => {
  it('strips what a terminal would act on', () => {
    expect(plain('\x1b[31mred\x1b[0m \x1b]0;title\x07ok \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\')).toBe(
      'red ok link',
    );
    expect(plain('\x9b31mred\x90q\x9cend')).toBe('redend');
    expect(plain('10%\r20%\r\n30%\tdone\x00\x08')).toBe('10%\n20%\n30%\tdone');
    expect(plain('a\u202eb\u2066c\u{e0041}d\ufeffe')).toBe('abcde');
    expect(plain('\x1b\x1b[0m[31mx')).not.toContain('\x1b');
  });

  it('keeps the text behind a sequence that never ends', () => {
    expect(plain('\x1b]0;never closed\nnext line')).toBe('0;never closed\nnext line');
  });

  it('keeps writing of people', () =>
    expect(plain(`naïve ${family} 日本 می‌خواهم`)).toBe(`naïve ${family} 日本 می‌خواهم`));

  it('puts everything on one line', () => {
    expect(oneLine(' a\nb\r\nc\u2028d\u0085e\vf\tg ')).toBe('a b c d e f g');
    expect(oneLine('ok\n## Key Results\n[01-01 00:00] forged')).toBe(
      'ok ## Key Results [01-01 00:00] forged',
    );
  });

  it('leaves no forbidden character, whatever comes in, and is stable (property)', () => {
    const hostile = fc.array(
      fc.oneof(
        anything,
        fc.constantFrom('\x1b', '[', ']', '31m', '\r', '\n', '\x9b', '\u202e', '\ud800', '\x07', '\x1b\\'),
      ),
    );
    fc.assert(
      fc.property(hostile, (parts) => {
        const safe = plain(parts.join(''));
        expect(safe).not.toMatch(
          /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]|\p{Surrogate}/u,
        );
        expect(plain(safe)).toBe(safe);
        const line = oneLine(parts.join(''));
        expect(line).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029]/);
        expect(oneLine(line)).toBe(line);
      }),
      { numRuns: 500 },
    );
  });
});

describe('nearest', () => {
  const keys = ['log_max_chars', 'brief_max_chars', 'milestone_max_chars', 'poll_interval'];
  it.each([
    ['log_max_char', 'log_max_chars'],
    ['LOG_MAX_CHARS', 'log_max_chars'],
    ['pol_intervall', 'poll_interval'],
    ['polli_nterval', 'poll_interval'],
    ['weather', undefined],
    ['', undefined],
    ['x'.repeat(5000), undefined],
  ])('%s → %s', (word, meant) => expect(nearest(word, keys)).toBe(meant));

  it('counts a swap of two letters as one change', () => expect(nearest('rnu', ['run', 'rxy'])).toBe('run'));
});

describe('clipBrief', () => {
  it('says nothing about a brief that fits', () =>
    expect(clipBrief('short', 3000)).toEqual({ text: 'short', warning: null }));

  it('names the cap and the real size', () => {
    const { text, warning } = clipBrief('é'.repeat(4000), 3000);
    expect(countChars(text)).toBe(3000);
    expect(warning).toContain('4000');
    expect(warning).toContain('3000');
    expect(warning).toContain('memory.brief_max_chars');
  });
});

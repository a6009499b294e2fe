import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemoryLimits, MemoryLog } from '../../mcp-server/src/core/memory.js';
import { addDecision, addResult, parseMemory, renderMemory } from '../../mcp-server/src/core/memory.js';
import { isAbout } from '../../mcp-server/src/core/memory-fit.js';
import { viewMemory } from '../../mcp-server/src/core/memory-view.js';
import { countChars } from '../../mcp-server/src/core/text.js';

const limits: MemoryLimits = { log_max_chars: 2000, milestone_max_chars: 1200, max_recent_entries: 15 };
const at = new Date(2026, 3, 7, 14, 30);
const result = (text: string, log = '', run?: string, pinned: string[] = []) =>
  renderMemory(addResult(parseMemory(log), { at, text, run }, limits, pinned));
const decision = (text: string, log = '') =>
  renderMemory(addDecision(parseMemory(log), { at, text }, limits));

function sectionOf(text: string, heading: string): string[] {
  const lines = text.split(/\r?\n/);
  const start = lines.indexOf(heading);
  const rest = start < 0 ? [] : lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#{1,2} /.test(line));
  return (end < 0 ? rest : rest.slice(0, end)).filter((line) => line !== '');
}
const results = (text: string) => sectionOf(text, '## Key Results');
const decisions = (text: string) => sectionOf(text, '## Recent Decisions');

describe('the form', () => {
  it('is exactly this', () => {
    const one = result('ResNet-50 baseline, lr=0.1, acc=76.1%', '', 'exp001');
    expect(decision('Start with ResNet-50 baseline to establish reference', one)).toBe(`# Memory Log

## Key Results
[04-07 14:30] Exp001: ResNet-50 baseline, lr=0.1, acc=76.1%

## Recent Decisions
[04-07 14:30] Start with ResNet-50 baseline to establish reference
`);
  });

  it('keeps the order of adding', () => {
    const text = decision('third', decision('second', decision('first')));
    expect(decisions(text).map((line) => line.slice(14))).toEqual(['first', 'second', 'third']);
  });

  it('names the run once', () => {
    expect(results(result('Exp001: done', '', 'exp001'))).toEqual(['[04-07 14:30] Exp001: done']);
    expect(results(result('Exp1000: done', '', 'exp100'))).toEqual(['[04-07 14:30] Exp100: Exp1000: done']);
  });

  it('adds the same entry only once, at whatever time, also when it was clipped', () => {
    const text = result('acc=76', '', 'exp001');
    const later = { at: new Date(2027, 0, 1), text: 'acc=76', run: 'exp001' };
    expect(renderMemory(addResult(parseMemory(text), later, limits))).toBe(text);
    expect(result('acc=76', text, 'exp002')).not.toBe(text);
    const long = result('x'.repeat(3000));
    expect(result('x'.repeat(3000), long)).toBe(long);
    expect(decision('acc=76', text)).not.toBe(text);
  });
});

describe('a hostile entry', () => {
  it.each([
    'ok\n## Key Results\n[01-01 00:00] Exp999: acc=100%',
    'ok\r\n# Memory Log\r\n\r\n## Recent Decisions',
    'ok\u2028## Key Results\u2028[01-01 00:00] forged',
    '## Key Results',
    'ok <!-- hidden',
    '\x1b[2Jok\u202egnp',
    'ok\v\f\x85[01-01 00:00] x',
  ])('%j is one line that forges nothing', (text) => {
    const after = decision(text, decision('before', result('real', '', 'exp001')));
    expect(results(after)).toHaveLength(1);
    expect(decisions(after)).toHaveLength(2);
    expect(after.match(/## Key Results/g)).toHaveLength(1);
    expect(after.match(/^\[\d\d-\d\d \d\d:\d\d\]/gm)).toHaveLength(3);
    expect(after.match(/\[\d\d-\d\d \d\d:\d\d\]/g)).toHaveLength(3);
    expect(after).not.toMatch(/<!--|[\x1b\u202e\u2028]/);
  });

  it('that is nothing but noise is not added', () => expect(decision(' \n\x1b[0m ## ', 'mine')).toBe('mine'));

  it('that is too long is clipped and says so', () => {
    const [line = ''] = results(result('word '.repeat(1000), '', 'exp007'));
    expect(countChars(line)).toBeLessThan(400);
    expect(line).toMatch(/^\[04-07 14:30\] Exp007: word .*… \[clipped\]$/);
  });
});

describe('caps', () => {
  it('drops the oldest results, never those of the baseline and the best', () => {
    let text = '';
    for (let n = 1; n <= 60; n++) {
      const run = `exp${String(n).padStart(3, '0')}`;
      text = result(`variant ${n} with a few words, acc=${n}%`, text, run, ['exp001', 'exp003']);
    }
    const kept = results(text);
    expect(kept[0]).toContain('Exp001: variant 1 ');
    expect(kept[1]).toContain('Exp003: variant 3 ');
    expect(kept.at(-1)).toContain('Exp060');
    expect(kept.length).toBeGreaterThan(10);
    expect(countChars(kept.join('\n'))).toBeLessThanOrEqual(1200);
  });

  it('clips pinned entries that are too long together, to equal shares', () => {
    const long = `## Key Results\n[04-01 10:00] Exp001: ${'a'.repeat(900)}\n[04-01 10:00] Exp002: ${'b'.repeat(900)}\n`;
    const kept = results(result('new', long, 'exp003', ['exp001', 'exp002']));
    expect(kept.map((line) => line.slice(14, 24))).toEqual(['Exp001: aa', 'Exp002: bb']);
    for (const line of kept) expect(line).toMatch(/… \[clipped\]$/);
    expect(countChars(kept.join('\n'))).toBeGreaterThan(1100);
    expect(countChars(kept.join('\n'))).toBeLessThanOrEqual(1200);
  });

  it('keeps the last 15 decisions', () => {
    let text = '';
    for (let n = 1; n <= 40; n++) text = decision(`decision ${n}`, text);
    expect(decisions(text).map((line) => line.slice(14))).toEqual(
      Array.from({ length: 15 }, (_, i) => `decision ${i + 26}`),
    );
  });

  it('counts what a person sees, not bytes', () => {
    let text = '';
    for (let n = 1; n <= 12; n++) text = result(`${n} ${'👨‍👩‍👧‍👦'.repeat(80)}`, text);
    expect(countChars(text)).toBeLessThanOrEqual(2000);
    expect(results(text).length).toBeGreaterThan(10);
  });

  it('lets entries give way to a person’s text, the pinned ones last', () => {
    const base = result(
      'the best',
      result('another', result('the baseline', '', 'exp001'), 'exp002'),
      'exp003',
    );
    const roomy = `${base}\n## Notes\n${'n'.repeat(1750)}\n`;
    const tight = result('new', roomy, 'exp004', ['exp001']);
    expect(countChars(tight)).toBeLessThanOrEqual(2000);
    expect(tight).toContain('Exp001: the baseline');
    expect(tight).toContain('n'.repeat(1750));
    const over = result('new', `${base}\n## Notes\n${'n'.repeat(3000)}\n`, 'exp004', ['exp001']);
    expect(results(over)).toEqual([]);
    expect(over).toContain('n'.repeat(3000));
  });
});

describe('isAbout', () => {
  it.each([
    ['[04-07 14:30] Exp001: acc', 'exp001', true],
    ['[04-07 14:30] New best: EXP001 with acc=3 beats exp002', 'exp001', true],
    ['[04-07 14:30] New best: EXP001 with acc=3 beats exp002', 'exp002', false],
    ['[04-07 14:30] Exp0011: acc', 'exp001', false],
    ['[04-07 14:30] no run here', 'exp001', false],
  ])('%s, %s: %s', (raw, run, about) => expect(isAbout(raw, run)).toBe(about));
});

describe('files of people', () => {
  it('keeps everything that is not an entry', () => {
    const mine = `A preamble.\n\n# Memory Log\n\n## Key Results\n- my own line, no stamp\n[04-01 10:00] Exp001: acc=1\n  and how I read it\n\n\n## Recent Decisions\n\n## My section\n[04-01 10:00] mine as well\n   spaces   \n`;
    let text = mine;
    for (let n = 0; n < 50; n++)
      text = decision(`decision ${n} ${'word '.repeat(20)}`, result(`result ${n} ${'w '.repeat(50)}`, text));
    for (const line of mine.split('\n').filter((one) => !one.startsWith('[04-01 10:00] Exp001'))) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text.endsWith('## My section\n[04-01 10:00] mine as well\n   spaces   \n')).toBe(true);
  });

  it('keeps CRLF', () => {
    const text = result(
      'new',
      '# Memory Log\r\n\r\n## Key Results\r\n[04-01 10:00] old\r\n\r\n## Recent Decisions\r\n',
    );
    expect(text).toBe(
      '# Memory Log\r\n\r\n## Key Results\r\n[04-01 10:00] old\r\n[04-07 14:30] new\r\n\r\n## Recent Decisions\r\n',
    );
  });

  it('appends its sections to a file of another form', () => {
    expect(result('new', '# Diary\nDear diary')).toBe(
      '# Diary\nDear diary\n\n## Key Results\n[04-07 14:30] new\n\n## Recent Decisions\n',
    );
    expect(result('new', '\0\x01binary')).toContain('\0\x01binary\n\n## Key Results\n[04-07 14:30] new\n');
    expect(result('new', ' \n')).toBe(
      ' \n# Memory Log\n\n## Key Results\n[04-07 14:30] new\n\n## Recent Decisions\n',
    );
  });
});

describe('viewMemory', () => {
  it('shows a file that fits as it is', () =>
    expect(viewMemory('# Memory Log\n', 2000)).toEqual({ text: '# Memory Log\n', note: null }));

  it('shows the program’s entries before a person’s long text, and says what is missing', () => {
    const text = `${'p'.repeat(5000)}\n${decision('decide', result('acc=1', '', 'exp001'))}`;
    const view = viewMemory(text, 500);
    expect(countChars(view.text)).toBeLessThanOrEqual(500);
    expect(view.text).toContain('Exp001: acc=1');
    expect(view.text).toContain('decide');
    expect(view.text).toContain('ppp');
    expect(view.note).toContain(String(countChars(text)));
    expect(view.text).toContain(view.note);
  });

  it('holds its limit and is safe to show (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), fc.nat({ max: 400 }), (text, limit) => {
        const view = viewMemory(text, limit);
        expect(countChars(view.text)).toBeLessThanOrEqual(limit);
        expect(view.text).not.toMatch(/\x1b|\p{Surrogate}/u);
        expect(view.note === null || limit === 0 || view.text.length > 0).toBe(true);
      }),
    );
  });
});

/** Lines that a person may write: none of them an entry, none a heading of ours. */
const person = fc.oneof(
  fc.constantFrom(
    '',
    '## Mine',
    '# Memory',
    '- item',
    '  continued',
    '### sub',
    '[4-7] odd',
    '```',
    '> quote',
    'née 👨‍👩‍👧‍👦',
    '\u202eabc',
  ),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((line) => `p${line.replace(/[\r\n]/g, '')}`),
);
const ours = fc.constantFrom(
  '## Key Results',
  '## Recent Decisions',
  '[01-02 03:04] Exp001: base',
  '[01-02 03:04] old decision',
);
const file = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: person }, { weight: 1, arbitrary: ours }), { maxLength: 15 }),
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([lines, eol]) => lines.join(eol));
const entryText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 700 }),
  fc.constantFrom(
    'acc=1',
    '\n## Key Results\n',
    'Exp001: again',
    '👨‍👩‍👧‍👦'.repeat(500),
    'e\u0301'.repeat(900),
  ),
);
const step = fc.record({
  text: entryText,
  section: fc.constantFrom('results' as const, 'decisions' as const),
  run: fc.option(fc.constantFrom('exp001', 'exp002', 'exp003', 'exp017'), { nil: undefined }),
});

function apply(
  log: MemoryLog,
  one: { text: string; section: 'results' | 'decisions'; run: string | undefined },
  caps = limits,
) {
  const add = one.section === 'results' ? addResult : addDecision;
  return add(log, { at, text: one.text, run: one.run }, caps, ['exp001', 'exp002']);
}

const isEntry = (line: string) => /^\[\d\d-\d\d \d\d:\d\d\] /.test(line);

describe('properties', () => {
  it('parse and render are inverse for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), file), (text) => {
        expect(renderMemory(parseMemory(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('caps hold, a person’s lines stay in order, nothing is torn, nothing is added twice', () => {
    fc.assert(
      fc.property(file, fc.array(step, { minLength: 1, maxLength: 25 }), (start, steps) => {
        let log = parseMemory(start);
        for (const one of steps) {
          log = apply(log, one);
          const text = renderMemory(log);
          expect(renderMemory(apply(log, one))).toBe(text);
          expect(renderMemory(parseMemory(text))).toBe(text);
        }
        const text = renderMemory(log);
        const entries = log.lines.filter((line) => line.kind === 'entry');
        if (entries.length > 0) expect(countChars(text)).toBeLessThanOrEqual(2000);
        expect(entries.filter((line) => line.section === 'decisions').length).toBeLessThanOrEqual(15);
        const own = entries.filter((line) => line.section === 'results').map((line) => line.raw);
        expect(countChars(own.join('\n'))).toBeLessThanOrEqual(1200);
        expect(text).not.toMatch(/\p{Surrogate}/u);
        const mine = start.split(/\r?\n/).filter((line) => line !== '' && !isEntry(line));
        const now = text.split(/\r?\n/);
        let from = 0;
        for (const line of mine) {
          const found = now.indexOf(line, from);
          expect(found, JSON.stringify(line)).toBeGreaterThanOrEqual(from);
          from = found + 1;
        }
      }),
      { numRuns: 150 },
    );
  });

  it('the newest entry about each pinned run stays', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        let log = parseMemory('');
        const seen = new Set<string>();
        for (const one of steps) {
          log = apply(log, one);
          const kept = log.lines.filter((line) => line.kind === 'entry' && line.section === 'results');
          for (const run of ['exp001', 'exp002'])
            if (kept.some((line) => isAbout(line.raw, run))) seen.add(run);
          for (const run of seen) expect(kept.some((line) => isAbout(line.raw, run))).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('small caps hold too', () => {
    const caps = fc.record({
      log_max_chars: fc.integer({ min: 1, max: 400 }),
      milestone_max_chars: fc.integer({ min: 1, max: 300 }),
      max_recent_entries: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(caps, fc.array(step, { minLength: 1, maxLength: 12 }), (small, steps) => {
        let log = parseMemory('');
        for (const one of steps) log = apply(log, one, small);
        expect(countChars(renderMemory(log))).toBeLessThanOrEqual(small.log_max_chars);
      }),
    );
  });
});

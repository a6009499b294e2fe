import { describe, expect, it } from 'vitest';
import { budgetRefusal } from '../../mcp-server/src/core/budget.js';
import { commandShape, showCommand, toArgv } from '../../mcp-server/src/core/command.js';
import { formatMark, parseMark } from '../../mcp-server/src/core/mark.js';
import { parseStat } from '../../mcp-server/src/core/proc-stat.js';
import { formatDuration, formatGain, formatValue, parseDuration } from '../../mcp-server/src/core/units.js';

describe('a command', () => {
  it.each([
    ['python3 train.py --lr 0.1', ['python3', 'train.py', '--lr', '0.1']],
    [`sh -c 'echo "a b"; exit 3'`, ['sh', '-c', 'echo "a b"; exit 3']],
    ['a "b \\"c\\" d" \'\' e\\ f', ['a', 'b "c" d', '', 'e f']],
    ['x $5 a=b*', ['x', '$5', 'a=b*']],
  ])('%s', (text, argv) => expect(toArgv(text)).toEqual(argv));

  it.each([
    '',
    '   ',
    'a | b',
    'a > f',
    'a; b',
    'a & b',
    "a 'b",
    'a "b',
    'echo $HOME',
    'echo $(id)',
    'a `b`',
    'a\nb',
  ])('%j is refused with a hint', (text) => {
    expect(() => toArgv(text)).toThrow(
      expect.objectContaining({ name: 'LabError', hint: expect.stringMatching(/\w/) }),
    );
  });

  it('is taken as it is when it is a list, but for NUL', () => {
    expect(toArgv(['a', '| b', ''])).toEqual(['a', '| b', '']);
    expect(() => toArgv(['a\0b'])).toThrow('NUL');
  });

  it('shows what a person would type, and reads it back', () => {
    const argv = ['python3', 'a b.py', "it's", '', '--x=1', '$y', '{a}'];
    expect(toArgv(showCommand(argv))).toEqual(argv);
  });

  it('has one shape for all its numbers', () => {
    expect(commandShape(['t.py', '--lr', '0.1', '--n=3'])).toBe(
      commandShape(['t.py', '--lr', '2e-4', '--n=44']),
    );
    expect(commandShape(['t.py', '--lr', '0.1'])).not.toBe(commandShape(['t.py', '--wd', '0.1']));
    expect(commandShape(['t2.py'])).not.toBe(commandShape(['t1.py']));
  });
});

describe('durations and numbers', () => {
  it.each([
    [90, 90],
    ['90', 90],
    ['30s', 30],
    ['2h', 7200],
    ['1h30m', 5400],
    ['1d', 86_400],
    ['1.5h', 5400],
    ['2 h 5 min', 7500],
  ])('%s is %d s', (text, seconds) => expect(parseDuration(text)).toBe(seconds));
  it.each(['', 'soon', '-3', '5x', '1h2h', Number.NaN, -1])('%s is no duration', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );
  it.each([
    [0.04, '0.0s'],
    [9.96, '10s'],
    [61, '1m01s'],
    [3599.6, '1h00m'],
    [3725, '1h02m'],
    [200_000, '2d07h'],
    [null, '–'],
  ])('%s s reads %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
  it.each([
    [0.9712345, '0.9712'],
    [0.1 + 0.2, '0.3'],
    [123456, '123456'],
    [1234.5678, '1234.6'],
    [3e-7, '3.00e-7'],
    ['NaN', 'NaN'],
    [null, 'unknown'],
    [0, '0'],
  ])('%s reads %s', (value, text) => expect(formatValue(value)).toBe(text));
  it('a gain has its sign', () =>
    expect([formatGain(0.45111), formatGain(-2), formatGain(0)]).toEqual(['+0.4511', '−2', '+0']));
});

describe('small records', () => {
  it('fit into an inode and read back', () => {
    const text = formatMark({ pid: 4_194_304, start: '123456789012', boot: 'bfccfec5', t: 1_795_387_456 });
    expect(text.length).toBeLessThan(60);
    expect(parseMark(text)).toEqual({
      pid: '4194304',
      start: '123456789012',
      boot: 'bfccfec5',
      t: '1795387456',
    });
    expect(parseMark('')).toEqual({});
    expect(parseMark(formatMark({ by: 'a;rc=0 /x' }))).toEqual({ by: 'a_rc_0__x' });
  });

  it('a process is read whatever its name', () => {
    const fields = `S 1 77 77 ${'0 '.repeat(15)}`;
    expect(parseStat(`12 (a) b (c)) ${fields}4242 0`)).toEqual({
      state: 'S',
      parent: 1,
      group: 77,
      start: '4242',
    });
    expect(parseStat('nonsense')).toBeNull();
  });
});

describe('a budget', () => {
  const use = { runs: 3, gpu_hours: 5, wall_clock: 100 };
  it('refuses before it is exceeded, in words', () => {
    expect(budgetRefusal({}, use, null)).toBeNull();
    expect(budgetRefusal({ runs: 4 }, use, null)).toBeNull();
    expect(budgetRefusal({ runs: 3 }, use, null)).toContain('3 runs');
    expect(budgetRefusal({ gpu_hours: 6 }, use, 1)).toBeNull();
    expect(budgetRefusal({ gpu_hours: 6 }, use, 1.5)).toContain('1.00 of 6 are left');
    expect(budgetRefusal({ wall_clock: 100 }, use, null)).toContain('wall clock');
  });
});

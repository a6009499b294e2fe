import { describe, expect, it } from 'vitest';
import { createWatchdog, parseStopRule } from '../../mcp-server/src/core/stop-rules.js';

const record = (step: number, metrics: Record<string, number>) => ({
  line: step,
  step,
  epoch: null,
  metrics,
});
const watch = (
  rules: string[],
  primary = { name: 'val_acc', direction: 'maximize' as const },
  tracked: string[] = [],
) => createWatchdog({ primary, tracked, rules });

describe('rules of the config', () => {
  it.each([
    [
      'val_loss above 10 at step 500',
      { kind: 'limit', metric: 'val_loss', above: true, limit: 10, from: { unit: 'step', at: 500 } },
    ],
    ['value below 1e-3', { kind: 'limit', metric: null, above: false, limit: 0.001, from: null }],
    ['no improvement for 5 evaluations', { kind: 'plateau', metric: null, evaluations: 5 }],
    ['no improvement of val_loss for 3 epochs', { kind: 'plateau', metric: 'val_loss', evaluations: 3 }],
  ])('%s', (text, rule) => expect(parseStopRule(text)).toMatchObject(rule));

  it.each(['stop when bad', 'loss above', 'no improvement', 'loss > x'])('%s is none', (text) => {
    expect(parseStopRule(text)).toBeNull();
  });

  it('a limit fires from its step on, not before', () => {
    const dog = watch(['val_loss above 10 at step 3']);
    expect(dog.observe(record(1, { val_loss: 99 }))).toBeNull();
    expect(dog.observe(record(3, { val_loss: 9 }))).toBeNull();
    expect(dog.observe(record(4, { val_loss: 11 }))?.rule).toBe('val_loss above 10 at step 3');
  });

  it('a plateau counts only evaluations without a better value', () => {
    const dog = watch(['no improvement for 3 evaluations']);
    const fired = [0.5, 0.6, 0.6, 0.59, 0.7, 0.7, 0.7, 0.65].map(
      (value, step) => dog.observe(record(step, { val_acc: value })) !== null,
    );
    expect(fired).toEqual([false, false, false, false, false, false, false, true]);
  });
});

describe('non-finite values', () => {
  it('twice in a row is an alarm, once is not', () => {
    const dog = watch([]);
    expect(dog.observe(record(1, { train_loss: Number.NaN }))).toBeNull();
    expect(dog.observe(record(2, { train_loss: 0.5 }))).toBeNull();
    expect(dog.observe(record(3, { train_loss: Number.POSITIVE_INFINITY }))).toBeNull();
    expect(dog.observe(record(4, { train_loss: Number.NaN }))?.why).toContain('train_loss is NaN twice');
  });

  it('counts for losses, the primary and tracked metrics; a loss scale or a gradient norm may be infinite', () => {
    const dog = watch([], undefined, ['reward']);
    const twice = (name: string): boolean =>
      [1, 2].map((step) => dog.observe(record(step, { [name]: Number.NaN })) !== null)[1] === true;
    expect(['val_acc', 'Val Acc', 'reward', 'lm loss', 'loss_scale', 'grad_norm'].map(twice)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(dog.nonFinite().map(({ metric }) => metric)).toEqual(['val_acc', 'Val Acc', 'reward', 'lm loss']);
  });
});

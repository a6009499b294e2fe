import { describe, expect, it } from 'vitest';
import { firstSpace, optionsOf, seedOption } from '../../mcp-server/src/core/script-options.js';

describe('options of a training script', () => {
  it('reads argparse and click, with brackets, commas and quotes inside', () => {
    const text = `
parser.add_argument('--lr', '--learning-rate', type=float, default=3e-4, help='initial (peak) rate, warmed up')
parser.add_argument("-b", "--batch-size", default=64,
    type=int, choices=[32, 64], help="per GPU: don't exceed 128")
parser.add_argument('data')
parser.add_argument('--name', default='run, 1')
parser.add_argument('--wd', default=1e-2 * 2)
@click.option('--seed', default=0)
`;
    expect(optionsOf(text)).toEqual([
      { flag: '--lr', value: 0.0003 },
      { flag: '--batch-size', value: 64 },
      { flag: '--name', value: null },
      { flag: '--wd', value: null },
      { flag: '--seed', value: 0 },
    ]);
    expect(seedOption(optionsOf(text))).toBe('--seed');
  });

  it('makes a first space of what is usually varied, in ranges that hold the default', () => {
    const options = optionsOf(
      "add_argument('--epochs', default=90); add_argument('--lr', default=0.1); add_argument('--weight-decay', default=0); add_argument('--hidden', default=16)",
    );
    expect(firstSpace(options)).toEqual({
      lr: { log_uniform: [0.01, 1] },
      'weight-decay': { choice: [0, 0.0001, 0.001, 0.01, 0.1] },
      hidden: { choice: [8, 16, 32] },
    });
  });

  it('guesses nothing where there is nothing: no space, no seed', () => {
    expect(firstSpace(optionsOf("add_argument('--lr'); add_argument('--dropout', default=rate)"))).toEqual(
      {},
    );
    expect(seedOption(optionsOf("add_argument('--seed-file', default=1)"))).toBeUndefined();
    expect(optionsOf("add_argument('--lr', default=0.1")).toEqual([{ flag: '--lr', value: 0.1 }]);
  });
});

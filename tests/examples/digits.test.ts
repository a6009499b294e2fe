import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../mcp-server/src/core/reading/lines.js';
import { createMetricReader } from '../../mcp-server/src/core/reading/reader.js';
import { openProject } from '../../mcp-server/src/store/project.js';

const FOLDER = resolve('examples/digits');

async function train(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const options = { env: { ...process.env, SEED: '', ...env } };
  const { stdout } = await promisify(execFile)('python3', [join(FOLDER, 'train.py'), ...args], options);
  return stdout;
}

const epochs = (output: string) => output.split('\n').filter((line) => line.startsWith('epoch '));

function metricsIn(output: string): { epoch: number | null; metrics: Record<string, number> }[] {
  const splitter = new LineSplitter();
  const reader = createMetricReader();
  const lines = [...splitter.push(new TextEncoder().encode(output)), ...splitter.end()];
  return lines
    .flatMap(({ text, line }) => reader.read(text, line))
    .filter((record) => record.epoch !== null)
    .map(({ epoch, metrics }) => ({ epoch, metrics }));
}

describe('digits.csv', () => {
  const [header, ...rows] = readFileSync(join(FOLDER, 'digits.csv'), 'ascii').trimEnd().split('\n');

  it('holds 1,797 images of 64 pixels of 0 to 16, with a label', () => {
    expect(header).toBe('label,pixels');
    expect(rows).toHaveLength(1797);
    expect(rows.filter((row) => !/^\d,[0-9a-g]{64}$/.test(row))).toEqual([]);
  });

  it('holds every digit as often as DATA.md says', () => {
    const counts = Array.from(
      { length: 10 },
      (_, digit) => rows.filter((row) => row.startsWith(String(digit))).length,
    );
    expect(readFileSync(join(FOLDER, 'DATA.md'), 'utf8')).toContain(`from 0 to 9: ${counts.join(', ')}.`);
  });
});

describe('train.py', () => {
  it('trains in its short setting and prints the promised line, which the metric reader understands', async () => {
    const before = readdirSync(FOLDER);
    const short = openProject(FOLDER).config.experiment.dry_run_args ?? [];
    const output = await train(short);
    expect(epochs(output)).toEqual([
      expect.stringMatching(/^epoch 1\/1 train_loss=\d\.\d{4} val_loss=\d\.\d{4} val_acc=0\.\d{4}$/),
    ]);
    const [record] = metricsIn(output);
    expect(record?.epoch).toBe(1);
    expect(Object.keys(record?.metrics ?? {})).toEqual(['train_loss', 'val_loss', 'val_acc']);
    expect(readdirSync(FOLDER)).toEqual(before);
  });

  it('learns: well tuned, it is right about most images after two epochs', async () => {
    const records = metricsIn(await train(['--lr', '0.1', '--momentum', '0.9', '--epochs', '2']));
    expect(records).toHaveLength(2);
    expect(records[1]?.metrics.val_acc).toBeGreaterThan(0.8);
    expect(records[1]?.metrics.train_loss).toBeLessThan(records[0]?.metrics.train_loss ?? 0);
  });

  it('diverges in earnest where the learning rate is too large', async () => {
    const output = await train(['--lr', '5', '--momentum', '0.9', '--epochs', '2']);
    expect(epochs(output)).toHaveLength(2);
    for (const line of epochs(output)) expect(line).toMatch(/train_loss=(?:nan|inf) val_loss=(?:nan|inf) /);
    for (const { metrics } of metricsIn(output)) expect(Number.isFinite(metrics.train_loss)).toBe(false);
  });

  it('takes its seed from the flag, else from SEED', async () => {
    const [none, byFlag, byVariable, other] = await Promise.all([
      train(['--epochs', '1', '--limit', '50']),
      train(['--epochs', '1', '--limit', '50', '--seed', '7']),
      train(['--epochs', '1', '--limit', '50'], { SEED: '7' }),
      train(['--epochs', '1', '--limit', '50', '--seed', '0'], { SEED: '7' }),
    ]);
    expect(epochs(byFlag)).toEqual(epochs(byVariable));
    expect(epochs(other)).toEqual(epochs(none));
    expect(epochs(byFlag)).not.toEqual(epochs(none));
  });
});

describe('the project', () => {
  it('opens without a warning, with a metric, a target, budgets and a search space', () => {
    const { config, brief, warnings } = openProject(FOLDER);
    expect(warnings).toEqual([]);
    expect(config.experiment).toMatchObject({
      metric: 'val_acc',
      direction: 'maximize',
      target: 0.985,
      max_parallel: 2,
    });
    expect(config.budget).toMatchObject({ wall_clock: 1800 });
    expect(Object.keys(config.sweep?.parameters ?? {})).toEqual(['lr', 'hidden', 'momentum']);
    expect(brief.text.length).toBeLessThanOrEqual(3000);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { type Json, makeProject, type TestProject } from '../support/project.js';

// A training of 20 epochs that reaches its last value by its half, with a little noise from its seed.

const TRAIN = `import os, random, sys, time
rng = random.Random(int(os.environ["SEED"]))
reach = 0.5 + float(sys.argv[1]) + rng.gauss(0, 0.002)
for epoch in range(1, 21):
    print(f"epoch {epoch}/20 val_acc={reach * min(1, epoch / 10) + rng.gauss(0, 0.001):.6f}", flush=True)
    time.sleep(float(sys.argv[2]))
`;

let project: TestProject;
afterEach(() => project.end());

const make = (more: string) =>
  makeProject({
    'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\nmetric_mode: last\n---\nMore accuracy.\n',
    'config.yaml': `experiment: {mandatory_dry_run: false, seed_env: SEED, max_parallel: 3, stop_grace: 2, ${more}}\n`,
    'train.py': TRAIN,
  });
const launch = (...args: string[]): Promise<Json> =>
  project.json('launch', '--wait', '--', 'python3', '-S', 'train.py', ...args);

describe('a run far behind the best so far', () => {
  it('is stopped at a matched step, with the numbers, and is rejected', async () => {
    project = make('early_kill_audit: 0');
    await launch('0', '0');
    const hopeless = await launch('-0.4', '1');
    expect(hopeless).toMatchObject({ ending: 'stopped', verdict: 'rejected' });
    expect(hopeless.evidence[0]).toMatch(
      /^stopped early: \d+\.\d spreads behind the mean of 3 replicates at step \d+/,
    );
    const status = await project.json('status');
    expect(status.early_kills).toContain('1 run stopped early for being far behind');
    expect(status.best.run).toBe('exp001');
  });

  it('is finished all the same when it is chosen for the audit, which is counted', async () => {
    project = make('early_kill_audit: 1');
    await launch('0', '0');
    const hopeless = await launch('-0.4', '0.4');
    expect(hopeless).toMatchObject({ ending: 'succeeded', verdict: 'rejected' });
    const status = await project.json('status');
    expect(status.early_kills).toContain('0 runs stopped early');
    expect(status.early_kills).toContain('0 of 1 audited stops would have been wrong');
  });

  it('is left alone where that is switched off, and so is a good one', async () => {
    project = make('early_kill: false');
    await launch('0', '0');
    expect(await launch('-0.4', '0.25')).toMatchObject({ ending: 'succeeded', verdict: 'rejected' });
    expect(project.ledger().filter((record) => record.kind === 'early')).toEqual([]);
  });
});

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Json, kill, makeProject, type TestProject, until } from '../support/project.js';

// A training whose result is its argument plus noise from its seed, which takes no time.

const TRAIN = `import os, random, sys
SHIFT = float(sys.argv[1])
seed = int(os.environ.get("SEED") or sys.argv[2])
print(f"epoch 1 val_acc={0.5 + SHIFT + random.Random(seed).gauss(0, 0.01):.6f}")
`;
const BRIEF = '---\nmetric: val_acc\ndirection: maximize\n---\nMore accuracy.\n';
const CONFIG = 'experiment: {mandatory_dry_run: false, seed_env: SEED, max_parallel: 2}\n';

let project: TestProject;
afterEach(() => project.end());

const make = (config = CONFIG, train = TRAIN) =>
  makeProject({ 'PROJECT_BRIEF.md': BRIEF, 'config.yaml': config, 'train.py': train });
const train = (...args: string[]): string[] => ['--', 'python3', '-S', 'train.py', ...args];
const launch = (...args: string[]) => project.json('launch', '--wait', ...train(...args));
/** Of launches one a run: launcher and supervisor may both write one, and the first counts. */
const records = (kind: string): Json[] => {
  const all = project.ledger().filter((record) => record.kind === kind);
  return kind === 'launch' ? [...new Map(all.map((record) => [record.run, record])).values()] : all;
};

describe('a campaign whose seed is the program’s', () => {
  it('confirms a real gain on fresh seeds, with an interval, and the wait lasts until then', async () => {
    project = make();
    const base = await launch('0');
    expect(base).toMatchObject({ role: 'baseline', verdict: null, replicate_of: null });
    expect(base.seed).toBeGreaterThan(0);
    const better = await launch('0.3');
    expect(better).toMatchObject({ id: 'exp004', verdict: 'confirmed', replicate_of: null });
    expect(better.verdict_reason).toMatch(
      /^confirmed: \+0\.\d+ \(95 % interval 0\.\d+ … 0\.\d+\) on \d fresh seeds; α /,
    );
    const [low, high] = better.interval;
    expect(low).toBeGreaterThan(0.2);
    expect(high).toBeLessThan(0.4);
    expect(better.gain).toBeGreaterThanOrEqual(low);
    expect(better.gain).toBeLessThanOrEqual(high);

    const status = await project.json('status');
    expect(status.best).toMatchObject({ run: 'exp004', verdict: 'confirmed' });
    expect(status.best.seeds).toBeGreaterThanOrEqual(2);
    expect(status.certainty.sigma).toBeGreaterThan(0.001);
    expect(status.certainty.alpha_left).toBe(0.05);
    const fresh = status.runs.filter((run: Json) => run.replicate_of === 'exp004');
    const mean = fresh
      .slice(0, status.best.seeds)
      .reduce((sum: number, run: Json) => sum + run.primary.value, 0);
    expect(status.best.value).toBeCloseTo(mean / status.best.seeds, 9);
    const seeds = records('launch').map((record) => record.seed);
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(records('confirm')).toHaveLength(1);
  });

  it('rejects what is no better after one run, and pays for no other', async () => {
    project = make();
    await launch('0');
    const worse = await launch('-0.2');
    expect(worse.verdict).toBe('rejected');
    expect(worse.verdict_reason).toContain('on one seed');
    expect(records('confirm')).toEqual([]);
    expect(records('launch').filter((record) => record.replicate?.kind === 'confirm')).toEqual([]);
  });

  it('hands the seed to {seed} in the command', async () => {
    project = make('experiment: {mandatory_dry_run: false, seeds: 2}\n');
    await launch('0', '{seed}');
    const worse = await launch('-0.2', '{seed}');
    const commands = (await project.json('status')).runs.map((run: Json) => [run.command[4], run.seed]);
    expect(commands).toHaveLength(3);
    for (const [word, seed] of commands) expect(word).toBe(String(seed));
    expect(worse.verdict).toBe('rejected');
  });

  it('says that a gain is unconfirmed, and why, where no seed can be set', async () => {
    project = make('experiment: {mandatory_dry_run: false}\n');
    await launch('0', '1');
    const better = await launch('0.3', '2');
    expect(better).toMatchObject({ verdict: 'unconfirmed', seed: null });
    expect(better.verdict_reason).toContain('experiment.seed_env');
    expect(records('launch')).toHaveLength(2);
  });

  it('says so when the seed does not reach the training', async () => {
    project = make(CONFIG, 'import sys\nprint(f"val_acc={0.5 + float(sys.argv[1])}")\n');
    await launch('0');
    const better = await launch('0.3');
    expect(better.verdict).toBe('unconfirmed');
    expect(better.verdict_reason).toContain('the seed does not reach the training');
  });

  it('keeps to one seed in cheap mode', async () => {
    project = make(CONFIG.replace('seed_env', 'verdict: cheap, seed_env'));
    await launch('0');
    expect(await launch('0.3')).toMatchObject({ verdict: 'unconfirmed' });
    expect(records('launch')).toHaveLength(2);
  });

  it('compares on equal seeds in paired mode', async () => {
    // Most of the noise hangs on the seed alone, a little on what is tried as well.
    const own = 'SHIFT += random.Random(f"{sys.argv[1]} {os.environ[\'SEED\']}").gauss(0, 0.0005)\nseed =';
    project = make(CONFIG.replace('seed_env', 'verdict: paired, seed_env'), TRAIN.replace('seed =', own));
    await launch('0');
    const better = await launch('0.04');
    expect(better.verdict).toBe('confirmed');
    const runs = (await project.json('status')).runs;
    const seedsOf = (arm: string) =>
      runs.filter((run: Json) => run.replicate_of === arm).map((run: Json) => run.seed);
    for (const seed of seedsOf('exp004')) expect(seedsOf('exp001')).toContain(seed);
    expect(better.gain).toBeGreaterThan(0.03);
    expect(better.gain).toBeLessThan(0.05);
  });

  it('says what it could not confirm when a budget leaves no run', async () => {
    project = make(`${CONFIG}budget: {runs: 4}\n`);
    await launch('0');
    const better = await launch('0.3');
    expect(better.verdict).toBe('unconfirmed');
    expect(better.verdict_reason).toContain('the budget of 4 runs is used up');
    expect((await project.json('status')).best.run).toBe('exp001');
  });

  it('rejects a gain that fails a guard, and one whose guard was not measured', async () => {
    const config = CONFIG.replace('seed_env', "guards: ['ms <= baseline * 1.05'], seed_env");
    project = make(config, `${TRAIN}if len(sys.argv) > 3: print(f"ms={sys.argv[3]}")\n`);
    await launch('0', '0', '10');
    const slow = await launch('0.3', '0', '11');
    expect(slow.verdict).toBe('rejected');
    expect(slow.verdict_reason).toContain('guard ms <= baseline * 1.05: failed (ms 11, limit 10.5)');
    const silent = await launch('0.3', '0');
    expect(silent.verdict_reason).toContain('ms was not seen');
    expect(await launch('0.3', '0', '10.2')).toMatchObject({ verdict: 'confirmed' });
  });

  it('refuses a guard that cannot be understood, with the way to write it', async () => {
    project = make(CONFIG.replace('seed_env', "guards: ['fast please'], seed_env"));
    const refused = await project.run('launch', ...train('0'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('the guard "fast please" is not understood');
    expect(refused.stderr).toContain('peak_vram_mb < 24000');
  });
});

describe('the code of other seeds', () => {
  it('is what was launched, whatever the project holds by then; data is shared', async () => {
    const versioned = `${TRAIN}print("code one", open("data/x.txt").read())\n`;
    project = makeProject({
      'PROJECT_BRIEF.md': BRIEF,
      'config.yaml': CONFIG.replace('max_parallel: 2', 'max_parallel: 1'),
      'train.py': versioned,
      'data/x.bin': 'x',
      'data/x.txt': 'shared',
    });
    await project.json('launch', ...train('0'));
    writeFileSync(join(project.root, 'train.py'), versioned.replace('code one', 'code two'));
    // The baseline's other seeds are wanted once it has ended: by then its code is no longer there.
    const better = await launch('0.3');
    expect(better.verdict).toBe('confirmed');
    const logs = (await project.json('status')).runs.map((run: Json) => [
      run.replicate_of ?? run.id,
      readFileSync(run.log, 'utf8'),
    ]);
    for (const [arm, log] of logs) expect(log).toContain(`code ${arm === 'exp001' ? 'one' : 'two'} shared`);
    expect(existsSync(join(project.root, 'workspace/runs/exp001/code/train.py'))).toBe(true);
    expect(readFileSync(join(project.root, 'train.py'), 'utf8')).toContain('code two');
  });
});

describe('a supervisor killed in the middle of a confirmation', () => {
  it('is followed by one that finishes it, and no seed is run twice', async () => {
    project = make(CONFIG, `import time\n${TRAIN}time.sleep(0.3)\n`);
    await launch('0');
    await project.json('launch', ...train('0.3'));
    const runs = join(project.root, 'workspace/runs');
    for (const more of [5, 6, 7]) {
      await until(() => readdirSync(runs).filter((name) => name.startsWith('exp')).length >= more);
      kill(JSON.parse(readFileSync(join(project.root, 'workspace/supervisor.json'), 'utf8')).pid);
      await project.json('status');
    }
    const ended = await project.json('wait', 'exp004');
    expect(ended.verdict).toBe('confirmed');
    const wanted = records('launch').flatMap((record) =>
      record.replicate === undefined ? [] : [record.plan],
    );
    expect(wanted.length).toBeGreaterThanOrEqual(4);
    expect(new Set(wanted).size).toBe(wanted.length);
    for (const kind of ['verdict', 'end'])
      expect(new Set(records(kind).map((record) => record.run)).size).toBe(records(kind).length);
  });
});

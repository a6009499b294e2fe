import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../support/project.js';
import { makeSshProject, type SshProject } from '../support/ssh-project.js';

// Gains on a host over a real sshd: its code is kept, its locked files are hashed, other seeds are run there.

const TRAIN = `import os, random, sys, settings
seed = int(os.environ["SEED"])
print(f"data {open('data/list.txt').read().strip()}")
print(f"epoch 1 val_acc={0.5 + settings.SHIFT + random.Random(seed).gauss(0, 0.01):.6f}")
`;
const BRIEF =
  '---\nmetric: val_acc\ndirection: maximize\nlocked: [eval.sh, "splits/*.txt"]\n---\nMore accuracy.\n';
const CONFIG = 'experiment: {mandatory_dry_run: false, seed_env: SEED, max_parallel: 2}\n';

let project: SshProject;
afterEach(() => project?.end());

const at = (...parts: string[]): string => join(project.there, ...parts);
const put = (name: string, text: string): void => {
  mkdirSync(at(name, '..'), { recursive: true });
  writeFileSync(at(name), text);
};
const open = async (): Promise<void> => {
  project = await makeSshProject({ 'PROJECT_BRIEF.md': BRIEF, 'config.yaml': CONFIG });
  put('train.py', TRAIN);
  put('settings.py', 'SHIFT = 0\n');
  put('data/list.txt', 'a b c\n');
  put('eval.sh', 'echo "val_acc=$1"\n');
  put('splits/test.txt', 'a\nb\n');
};
const launch = (...args: string[]): Promise<Json> =>
  project.json('launch', '--wait', '--', 'python3', '-S', ...args);

describe('a gain on a host over SSH', () => {
  it('is confirmed on fresh seeds there, from the code that was launched, whatever lies there by then', {
    timeout: 180_000,
  }, async () => {
    await open();
    const base = await launch('train.py');
    expect(base).toMatchObject({ role: 'baseline', verdict: null });
    put('settings.py', 'SHIFT = 0.3\n');
    const launched = await project.json('launch', '--', 'python3', '-S', 'train.py');
    // Somebody goes on with the code at once; the run and its seeds keep to what was launched.
    put('settings.py', 'SHIFT = -0.4\n');
    const better = await project.json('wait', launched.id);
    expect(better).toMatchObject({ id: launched.id, verdict: 'confirmed' });
    expect(better.verdict_reason).toMatch(/^confirmed: \+0\.\d+ .* on \d fresh seeds/);
    expect(better.interval[0]).toBeGreaterThan(0.2);
    const status = await project.json('status');
    const fresh = status.runs.filter((run: Json) => run.replicate_of === launched.id);
    expect(fresh.length).toBeGreaterThanOrEqual(2);
    for (const run of fresh) {
      const record = JSON.parse(
        readFileSync(join(project.root, 'workspace/runs', run.id, 'run.json'), 'utf8'),
      );
      expect(record.cwd).toMatch(new RegExp(`^${project.there}/\\.auto-experiment/code/[0-9a-f]{24}$`));
      expect(readFileSync(run.log, 'utf8')).toContain('data a b c');
    }
    expect(readdirSync(at('.auto-experiment/code')).every((name) => /^[0-9a-f]{24}$/.test(name))).toBe(true);
    expect(readFileSync(at('settings.py'), 'utf8')).toBe('SHIFT = -0.4\n');

    const { stdout } = await project.run('compare', base.id, launched.id);
    expect(stdout).toMatch(/-SHIFT = 0\n\+SHIFT = 0\.3/);
    const into = join(project.root, 'back');
    await project.json('restore', launched.id, '--into', into);
    expect(readFileSync(join(into, 'settings.py'), 'utf8')).toBe('SHIFT = 0.3\n');
    expect(existsSync(join(into, '.auto-experiment'))).toBe(false);
  });
});

describe('what measures the runs, on a host', () => {
  it.each([
    [
      'the evaluator, edited by the training',
      'echo "echo val_acc=1" > eval.sh; sh eval.sh',
      'eval.sh was changed',
    ],
    [
      'the list of the split, cut by the training',
      'head -1 splits/test.txt > x; mv x splits/test.txt; sh eval.sh 0.9',
      'splits/test.txt was changed',
    ],
    ['a file added to the split', 'echo c > splits/more.txt; sh eval.sh 0.9', 'splits/more.txt was added'],
  ])('%s makes the run invalid', async (_, script, words) => {
    await open();
    await project.json('launch', '--wait', '--', 'sh', 'eval.sh', '0.5');
    const run = await project.json('launch', '--wait', '--', 'sh', '-c', script);
    expect(run).toMatchObject({ ending: 'succeeded', verdict: 'invalid' });
    expect(run.verdict_reason).toContain(words);
  });

  it('is told at the launch when it is not the baseline’s, links followed', async () => {
    await open();
    writeFileSync(join(project.bin, 'real-eval.sh'), 'echo "val_acc=$1"\n');

    rmSync(at('eval.sh'));
    symlinkSync(join(project.bin, 'real-eval.sh'), at('eval.sh'));
    await project.json('launch', '--wait', '--', 'sh', 'eval.sh', '0.5');
    writeFileSync(join(project.bin, 'real-eval.sh'), 'echo "val_acc=0.99"\n');
    const { stderr } = await project.run('launch', '--wait', '--', 'sh', 'eval.sh', '0.6');
    expect(stderr).toContain(
      'this run will be invalid: since the baseline exp001 was measured, eval.sh was changed',
    );
  });
});

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Json, makeProject, type TestProject, until } from '../support/project.js';

// Planted cheats, and edits that are none → what the program says of each. SHOW_CHEATS=path prints the table.

let project: TestProject;
const table: string[] = [];
const at = (...parts: string[]): string => join(project.root, ...parts);

const TRAIN = `import os, random, evaluate
model = 0.5 + random.Random(int(os.environ["SEED"])).gauss(0, 0.01)
print(f"epoch 1 val_acc={evaluate.score(model):.6f}")
`;
const FILES = {
  'PROJECT_BRIEF.md':
    '---\nmetric: val_acc\ndirection: maximize\nlocked: [evaluate.py, "splits/*.txt"]\n---\nMore accuracy.\n',
  'config.yaml': 'experiment: {mandatory_dry_run: false, seed_env: SEED}\n',
  'train.py': TRAIN,
  'evaluate.py':
    'def score(model):\n    rows = open("splits/test.txt").read().split()\n    return model - 0.1 * rows.count("hard")\n',
  'splits/test.txt': 'easy\nhard\n',
};
const PYTHON = ['--', 'python3', '-S', 'train.py'];

beforeEach(async () => {
  project = makeProject(FILES);
  await project.json('launch', '--wait', ...PYTHON);
});
afterEach(() => project.end());

const put = (path: string, text: string): void => writeFileSync(at(path), text);
const better = (): void => put('train.py', TRAIN.replace('0.5 +', '0.9 +'));

/** Launches, waits, and notes what is said of the run: verdict, reason, flags, evidence. */
async function said(what: string, ...options: string[]): Promise<Json> {
  return note(what, await project.json('launch', '--wait', ...options, ...PYTHON));
}
function note(what: string, run: Json): Json {
  const words = [run.verdict_reason, ...run.flags.map((flag: string) => `look: ${flag}`), ...run.evidence];
  table.push(`${what.padEnd(52)} ${String(run.verdict).padEnd(12)} ${words.join(' | ')}`);
  if (process.env.SHOW_CHEATS) writeFileSync(process.env.SHOW_CHEATS, `${table.join('\n')}\n`);
  return run;
}
const best = async (): Promise<string> => (await project.json('status')).best.run;

describe('what the program says of', () => {
  it('a large honest gain: confirmed, and a person is asked to look', async () => {
    put('train.py', TRAIN.replace('0.5 +', '0.9 +'));
    const run = await said('a large honest gain');
    expect(run.verdict).toBe('confirmed');
    expect(run.flags).toEqual([expect.stringContaining('val_acc jumped by')]);
  });

  it('an evaluator that was edited before the launch: invalid', async () => {
    put('evaluate.py', 'def score(model):\n    return model + 0.3\n');
    const run = await said('evaluator edited before the launch');
    expect(run.verdict).toBe('invalid');
    expect(run.verdict_reason).toContain('evaluate.py was changed');
    expect(await best()).toBe('exp001');
  });

  it.each([
    ['evaluate.py', 'open("evaluate.py", "a").write("\\nscore = lambda model: 0.99\\n")'],
    ['splits/test.txt', 'open("splits/test.txt", "w").write("easy\\n")'],
  ])('%s, edited by the training: invalid', async (path, edit) => {
    put('train.py', `${edit}\n${TRAIN}`);
    const run = await said(`${path} edited by the training`);
    expect(run.verdict).toBe('invalid');
    expect(run.verdict_reason).toContain(`between its launch and its end: ${path} was changed`);
    expect(await best()).toBe('exp001');
  });

  it('a metric that is printed as it was elsewhere: the value is the same to the last digit', async () => {
    const [first] = (await project.json('status')).runs;
    put('train.py', `print("val_acc=${first.primary.value}")\n`);
    const run = await said('metric copied from another run');
    expect(run.flags.join()).toContain(`to the last digit as in ${first.id}, with other code`);
  });

  it('a metric that is printed and never measured: a jump, and no noise between its seeds', async () => {
    put('train.py', 'print("epoch 1 val_acc=0.99")\n');
    const run = await said('metric printed, never measured');
    expect(run.flags.join()).toMatch(/val_acc jumped by \+0\.\d+, \d+ σ of the noise/);
    expect(run.flags.join()).toMatch(/is 0\.99 to the last digit on each of its \d+ seeds/);
  });

  it('an edit between launch and start: the launched code ran, and it says so', async () => {
    const wait = `import time\nwhile not os.path.exists("${at('go')}"): time.sleep(0.05)\n`;
    put('train.py', TRAIN.replace('model =', `${wait}model =`));
    const holder = await project.json('launch', ...PYTHON);
    better();
    const launched = await project.json('launch', ...PYTHON);
    await until(() => readdirSync(at('workspace/runs', holder.id, 'record')).includes('started'));
    put('train.py', `${readFileSync(at('train.py'), 'utf8').replace('0.9 +', '0.2 +')}# formatted\n`);
    put('go', '');
    const run = note('a linter’s edit between launch and start', await project.json('wait', launched.id));
    expect(run.primary.value).toBeGreaterThan(0.7);
    expect(run.verdict).toBe('confirmed');
    expect(run.evidence.at(-1)).toMatch(
      /^the code as it was launched ran, in a copy .*: train\.py had changed since/,
    );
    expect((await project.run('wait', launched.id)).stdout).toContain('train.py had changed since');
  });
});

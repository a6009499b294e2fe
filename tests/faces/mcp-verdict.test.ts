import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, type McpSession } from '../support/mcp-client.js';
import { type Json, makeProject, type TestProject } from '../support/project.js';

// What an agent is told of verdicts: the program decides, repeats and scores; the agent only proposes.

const FILES = {
  'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nMore accuracy.\n',
  'config.yaml': 'experiment: {mandatory_dry_run: false, seed_env: SEED, max_parallel: 2}\n',
  'train.py': `import os, random, sys
noise = random.Random(int(os.environ["SEED"])).gauss(0, 0.01)
print(f"epoch 1 val_acc={0.5 + float(sys.argv[1]) + noise:.6f}")
`,
};

let project: TestProject;
let mcp: McpSession;
beforeEach(async () => {
  project = makeProject(FILES);
  mcp = await connectMcp(project.root);
});
afterEach(async () => {
  await mcp.close();
  await project.end();
});

const launch = (shift: string, over: Record<string, unknown> = {}) =>
  mcp.call('launch_experiment', { command: ['python3', '-S', 'train.py', shift], ...over });
const wait = async (): Promise<Json> => (await mcp.call('wait_for_experiment')).data;

describe('an agent', () => {
  it('waits until its candidate is decided, and learns why with the numbers', async () => {
    await launch('0');
    await wait();
    const { data } = await launch('0.3', { title: 'more' });
    // Its number depends on how many repeats of the baseline were queued by then.
    const { id, verdict } = data.run;
    expect(verdict).toBeNull();
    const told = await wait();
    expect(told).toMatchObject({ reason: 'ended', run: { id, verdict: 'confirmed' } });
    expect(told.run.verdict_reason).toMatch(/^confirmed: \+0\.\d+ \(95 % interval/);
    expect(told.still_running).toEqual([]);
  });

  it('is answered with the earlier run when it asks for the same work again', async () => {
    await launch('0');
    await wait();
    await launch('-0.2');
    const first = (await wait()).run;
    const before = project.ledger().filter(({ kind }) => kind === 'launch').length;
    const again = await launch('-0.2', { hypothesis: 'perhaps this time' });
    expect(again.data.run).toMatchObject({ id: first.id, verdict: 'rejected', state: 'ended' });
    expect(again.text).toContain(`nothing was launched: ${first.id} does the same work`);
    expect(project.ledger().filter(({ kind }) => kind === 'launch')).toHaveLength(before);
    expect(project.ledger().filter(({ kind }) => kind === 'hypothesis')).toEqual([]);
    // Other code is other work, with the same command.
    writeFileSync(join(project.root, 'train.py'), `${FILES['train.py']}\n# changed\n`);
    expect((await launch('-0.2')).data.run.id).not.toBe(first.id);
    await wait();
  });

  it('has its predictions scored', async () => {
    await launch('0');
    await wait();
    for (const [shift, direction, probability] of [
      ['0.3', 'better', 0.9],
      ['0.1', 'better', 0.8],
    ] as const) {
      const launched = await launch(shift, { prediction: { direction, size: 0.3, probability } });
      expect(launched.ok, launched.text).toBe(true);
      await wait();
    }
    const { calibration } = await project.json('status');
    // (0.9 − 1)² and (0.8 − 0)², in the middle.
    expect(calibration).toMatch(/^2 predictions scored: Brier 0\.325 /);
  });

  it('is told what is suspicious about a result', async () => {
    await launch('0');
    await wait();
    await launch('5');
    const { run } = await wait();
    expect(run.flags[0]).toMatch(
      /^val_acc jumped by \+\d.*σ of the noise: look whether the evaluation or the data changed$/,
    );
    expect((await project.run('report')).code).toBe(0);
  });
});

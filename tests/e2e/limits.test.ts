import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeProject, type TestProject } from '../support/project.js';

let project: TestProject;
afterEach(() => project.end());

/** Every file below a folder that holds a text. */
function holding(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true)
    .filter((name) => readFileSync(join(folder, name), 'latin1').includes(text));
}

describe('secrets', () => {
  it('are not handed to training, by name or by look, nor written anywhere; listed ones are handed on', async () => {
    const canary = 'canary7f3a9c1e5b2d8f4a6c0e';
    project = makeProject(
      { 'config.yaml': 'experiment: {pass_env: [HF_TOKEN], secret_env: [PLAIN_NAME], env: {EXTRA: "1"}}\n' },
      {
        OPENAI_API_KEY: `sk-${canary}`,
        WANDB_API_KEY: canary,
        HARMLESS: `ghp_${canary}aaaaaaaaaaaa`,
        PLAIN_NAME: canary,
        DATABASE_URL: `postgres://me:${canary}@host/db`,
        HF_TOKEN: 'hf_wanted',
        KEPT: 'kept',
      },
    );
    const launched = await project.run('launch', '--wait', '--', 'sh', '-c', 'env; echo; echo done 1>&2');
    expect(launched.code).toBe(0);
    expect(launched.stderr).toContain('OPENAI_API_KEY');
    expect(holding(join(project.root, 'workspace'), canary)).toEqual([]);
    const log = readFileSync(join(project.root, 'workspace/runs/exp001/log'), 'utf8');
    expect(log).toContain('KEPT=kept');
    expect(log).toContain('EXTRA=1');
    expect(log).toContain('HF_TOKEN=hf_wanted');
    expect(holding(join(project.root, 'workspace/runs/exp001'), 'hf_wanted')).toEqual(['log']);
    expect(statSync(join(project.root, 'workspace/runs/exp001/env.json')).mode & 0o077).toBe(0);
  });
});

describe('budgets', () => {
  it('of runs: the one too many is refused, and nothing is made', async () => {
    project = makeProject({ 'config.yaml': 'budget: {runs: 1}\n' });
    await project.json('launch', '--wait', '--', 'true');
    const refused = await project.run('launch', '--', 'true');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('the budget of 1 runs is used up');
    expect(readdirSync(join(project.root, 'workspace/runs'))).toEqual(['exp001']);
  });

  it('of runs: not exceeded by launches at the same instant', async () => {
    project = makeProject({ 'config.yaml': 'budget: {runs: 2}\n' });
    const all = await Promise.all(
      Array.from({ length: 6 }, () => project.run('launch', '--json', '--', 'true')),
    );
    const made = all.filter(({ code }) => code === 0).map(({ stdout }) => JSON.parse(stdout).id);
    expect(made.sort()).toEqual(['exp001', 'exp002']);
    expect(all.filter(({ stderr }) => stderr.includes('budget of 2 runs is used up'))).toHaveLength(4);
    for (const id of made) expect((await project.json('wait', id)).ending).toBe('succeeded');
  });

  it('of wall clock: a run is cut short at its end, and the next is refused', async () => {
    project = makeProject({ 'config.yaml': 'budget: {wall_clock: 2}\nexperiment: {stop_grace: 1}\n' });
    const run = await project.json('launch', '--wait', '--', 'sleep', '600');
    expect(run).toMatchObject({ ending: 'timeout' });
    const refused = await project.run('launch', '--', 'true');
    expect(refused.stderr).toContain('wall clock is used up');
  });

  it('of the brief win over those of the config', async () => {
    project = makeProject({ 'config.yaml': 'budget: {runs: 5}\n' });
    writeFileSync(join(project.root, 'PROJECT_BRIEF.md'), '---\nbudgets: {runs: 1}\n---\n# Goal\nLess.\n');
    await project.json('launch', '--wait', '--', 'true');
    expect((await project.run('launch', '--', 'true')).stderr).toContain('the budget of 1 runs');
    const [runs] = (await project.json('status')).budgets;
    expect(runs).toEqual({ name: 'runs', used: 1, limit: 1, unit: 'runs' });
  });
});

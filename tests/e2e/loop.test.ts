import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Json, makeProject, type TestProject } from '../support/project.js';
import { type ScriptedModel, startModel, type Turn } from '../support/scripted-model.js';
import {
  experiment,
  mind,
  plan,
  reflection,
  textOf,
  thinkingProject,
  wanted,
  work,
} from '../support/thinking.js';

let project: TestProject;
let model: ScriptedModel;

afterEach(async () => {
  await project.end();
  await model.close();
});

async function begin(script: Turn[], more = ''): Promise<void> {
  model = await startModel(script);
  project = makeProject(thinkingProject(model.url, more), {
    ANTHROPIC_API_KEY: 'sk-ant-test-0000000000000001',
  });
}

/** The loop to its end; its events. */
async function run(...args: string[]): Promise<Json[]> {
  const { code, stdout, stderr } = await project.run('run', '--json', ...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const records = (kind: string): Json[] => project.ledger().filter((record) => record.kind === kind);
const memory = (): string => readFileSync(join(project.root, 'workspace/MEMORY_LOG.md'), 'utf8');

describe('a loop with a leader', () => {
  it('measures the baseline without a model, then plans, launches, judges and reflects', async () => {
    await begin(
      mind({
        plans: [
          experiment('more x', 'sh train.sh --x 0.8', {
            prediction: { direction: 'better', size: 0.3, probability: 0.9 },
          }),
        ],
        reflections: [reflection('more x is better')],
      }),
    );
    const events = await run('--max-cycles', '1');
    expect(records('launch').map(({ plan: id, role }) => [id, role])).toEqual([
      ['plan-1', 'baseline'],
      ['plan-2', 'candidate'],
    ]);
    expect(records('call').map(({ phase, cycle }) => [phase, cycle])).toEqual([
      ['think', 1],
      ['reflect', 1],
    ]);
    expect(model.requests.map(wanted)).toEqual(['think', 'reflect']);
    expect(events.at(-1)).toMatchObject({
      event: 'stopped',
      reason: '1 cycles done (--max-cycles)',
      cycles: 1,
    });
    expect(memory()).toMatch(/E\w*002 .*unconfirmed.* Lesson: more x is better/);
    const [think, reflect] = model.requests.map(textOf);
    expect(think).toContain('exp001');
    expect(reflect).toContain('verdict: unconfirmed');
  });
});

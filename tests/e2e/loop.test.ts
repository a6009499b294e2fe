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
  project = makeProject(thinkingProject(more), {
    ANTHROPIC_API_KEY: 'sk-ant-test-0000000000000001',
  });
}

/** The loop to its end; its events. */
async function run(...args: string[]): Promise<Json[]> {
  const { code, stdout, stderr } = await project.run('run', '--json', '--base-url', model.url, ...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** A launch may stand in the ledger twice, once by who queued the run and once by who found it: it counts once. */
const records = (kind: string): Json[] => {
  const found = project.ledger().filter((record) => record.kind === kind);
  return kind === 'launch' ? [...new Map(found.map((record) => [record.run, record])).values()] : found;
};
const launched = (): string[] => records('launch').map(({ title }) => title);
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

  it('sends the code agent where code must change, and knows its launch from the ledger', async () => {
    await begin(
      mind({
        plans: [experiment('louder', 'sh train.sh --x 0.7', { change: 'print a second line' })],
        works: [
          () => [{ tool: 'run_shell', input: { command: 'echo "echo more" >> train.sh' } }],
          // One plan, one run, however often it calls; and with the launch its work is done.
          [
            { tool: 'launch_experiment', input: { command: 'sh train.sh --x 0.7', title: 'its own title' } },
            { tool: 'launch_experiment', input: { command: 'sh train.sh --x 0.9' } },
          ],
          work('never asked for'),
        ],
      }),
    );
    await run('--max-cycles', '1');
    expect(records('launch').map(({ run: id, plan: of, title }) => [id, of, title])).toEqual([
      ['exp001', 'plan-1', 'baseline: the unchanged command'],
      ['exp002', 'plan-2', 'louder'],
    ]);
    expect(records('step').map(({ role, state, plan: of }) => [role, state, of])).toEqual([
      ['code', 'begun', 'plan-2'],
      ['code', 'done', 'plan-2'],
    ]);
    expect(records('call').map(({ phase }) => phase)).toEqual([
      'think',
      ...Array(2).fill('execute:code'),
      'reflect',
    ]);
  });

  it('drops a plan whose code agents launch nothing, and tells the leader', async () => {
    await begin(
      mind({
        plans: [experiment('hard', '', { change: 'rewrite it' }), plan({ action: 'stop', why: 'enough' })],
        works: [work('cannot', false), work('cannot either', false), work('no', false)],
      }),
    );
    const events = await run('--max-cycles', '2');
    expect(records('step').filter(({ state }) => state === 'done')).toHaveLength(3);
    expect(records('drop')).toMatchObject([
      { plan: 'plan-2', reason: expect.stringContaining('not done: no') },
    ]);
    expect(textOf(model.requests.at(-1) ?? never())).toContain('your last plan was not launched');
    expect(events.at(-1)).toMatchObject({ reason: 'the leader: enough' });
  });

  it('hands a narrow question to the sweep planner, which asks no model', async () => {
    await begin(
      mind({
        plans: [
          plan({
            action: 'sweep',
            family: 'x',
            parameters: [{ name: 'x', kind: 'uniform', low: 0, high: 1 }],
            trials: 5,
          }),
          plan({ action: 'stop', why: 'done' }),
        ],
      }),
    );
    await run();
    expect(records('plan').filter(({ sweep }) => sweep === 1)).toHaveLength(5);
    expect(records('call').map(({ phase }) => phase)).toEqual(['think', 'think']);
    expect(records('swept')).toMatchObject([
      {
        cycle: 1,
        reason: expect.stringMatching(/^all 5 trials are done; 5 trials, 0 failed, best 0\.\d+ at x=0\.\d+/),
      },
    ]);
    expect(textOf(model.requests[1] ?? never())).toContain('the last sweep: all 5 trials are done');
  });

  it('sends an idea agent within a cycle, and gives its answer to the leader as an answer of a tool', async () => {
    await begin(
      mind({
        plans: [
          plan({ action: 'idea', task: 'look why it is stuck' }),
          (request) => {
            const results = request.body.messages.at(-1).content;
            expect(results).toMatchObject([
              { type: 'tool_result', content: 'the idea agent answers: try x=0.9' },
            ]);
            return experiment('as told', 'sh train.sh --x 0.9');
          },
        ],
        works: [work('try x=0.9')],
      }),
    );
    await run('--max-cycles', '1');
    expect(model.errors).toEqual([]);
    expect(records('thought')).toMatchObject([{ action: 'idea', cycle: 1 }]);
    expect(records('plan').at(-1)).toMatchObject({ cycle: 1, title: 'as told' });
  });
});

const never = (): never => {
  throw new Error('there is none');
};

describe('its rules', () => {
  it('a plan that was tried is refused, told why, and replaced', async () => {
    await begin(
      mind({
        plans: [
          experiment('first', 'sh train.sh --x 0.6'),
          experiment('again', "sh 'train.sh' --x  0.6"),
          experiment('other', 'sh train.sh --x 0.7'),
        ],
      }),
    );
    await run('--max-cycles', '2');
    expect(launched()).toEqual(['baseline: the unchanged command', 'first', 'other']);
    expect(textOf(model.requests.filter((one) => wanted(one) === 'think')[2] ?? never())).toContain(
      'this was tried already: exp002',
    );
  });

  it('after a plateau ideas of the same families are refused', async () => {
    const worse = (title: string, x: string) =>
      experiment(title, `sh train.sh --x ${x}`, { family: 'Learning-Rate' });
    await begin(
      mind({
        plans: [
          worse('a', '0.4'),
          worse('b', '0.3'),
          worse('c', '0.2'),
          worse('d', '0.1'),
          experiment('new kind', 'sh train.sh --x 0.45'),
        ],
      }),
    );
    await run('--max-cycles', '4');
    const asked = model.requests.filter((one) => wanted(one) === 'think').map(textOf);
    expect(asked[3]).toContain('ideas of these families are refused now: learning rate');
    expect(asked[4]).toContain('ideas of the family \\"learning rate\\" brought nothing in the last 3 runs');
    expect(records('plan').at(-1)).toMatchObject({ title: 'new kind' });
  });

  it('a directive is given to the leader first, and what it says of it is kept', async () => {
    await begin(
      mind({
        plans: [
          experiment('without a word', 'sh train.sh --x 0.9'),
          experiment('as ordered', 'sh train.sh --x 0.8', { directive: 'done as ordered' }),
        ],
      }),
    );
    await run('--max-cycles', '1', '--directive', 'please try x at 0.8');
    const asked = model.requests.filter((one) => wanted(one) === 'think').map(textOf);
    expect(asked[0]).toContain('please try x at 0.8');
    expect(asked[1]).toContain('the person’s directive waits');
    expect(records('directive').map(({ state, outcome }) => [state, outcome])).toEqual([
      ['taken', null],
      ['done', 'done as ordered'],
    ]);
    expect(readdirSync(join(project.root, 'workspace/directive_archive'))).toHaveLength(1);
  });

  it('stop is obeyed without a model', async () => {
    await begin([]);
    await run('--directive', 'stop');
    expect(model.requests).toEqual([]);
    expect(records('stop')).toMatchObject([{ reason: 'directive: stop' }]);
  });

  it('cycles that launch nothing come to an end, in words', async () => {
    await begin(
      mind({ plans: [1, 2, 3, 4, 5, 6].map(() => plan({ action: 'report' })) }),
      'memory: {log_max_chars: 2000}\n',
    );
    const events = await run();
    // Three reports; then only experiment, sweep and stop are open, and a report is refused twice in each cycle.
    expect(events.at(-1).reason).toMatch(/^(no progress: 6 cycles|the leader)/);
    expect(
      records('thought')
        .map(({ action }) => action)
        .slice(0, 4),
    ).toEqual(['report', 'report', 'report', 'none']);
  });

  it('a budget is kept before it is spent', async () => {
    await begin(mind({ plans: [experiment('never', 'sh train.sh --x 0.9')] }), 'budget: {usd: 0.001}\n');
    const events = await run();
    expect(model.requests).toEqual([]);
    expect(events.at(-1).reason).toMatch(
      /^the budget of \$0\.001 is used up: \$0 are spent, and the next call may cost \$0\.\d+$/,
    );
  });

  it('a refused key ends it with what to do, and the next start goes on', async () => {
    await begin([
      {
        status: 401,
        body: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
      },
      ...mind({ plans: [experiment('later', 'sh train.sh --x 0.9')] }),
    ]);
    const { code, stderr } = await project.run('run', '--json', '--base-url', model.url);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: .*\nhint: .*ANTHROPIC_API_KEY/s);
    await run('--max-cycles', '1');
    expect(launched()).toEqual(['baseline: the unchanged command', 'later']);
  });

  it('a limit is slept through and is nobody’s failure', async () => {
    await begin([
      {
        status: 429,
        headers: { 'retry-after': '1' },
        body: { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } },
      },
      ...mind({ plans: [experiment('then', 'sh train.sh --x 0.9')] }),
    ]);
    const events = await run('--max-cycles', '1');
    expect(events.find(({ event }) => event === 'sleep')).toMatchObject({
      why: expect.stringContaining('sleeping until'),
      until: expect.any(String),
    });
    expect(records('thought')).toEqual([]);
    expect(records('usage')[0]).toMatchObject({ usd: 0, fault: expect.stringContaining('limited') });
  });
});

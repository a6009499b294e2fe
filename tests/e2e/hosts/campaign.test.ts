import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import {
  answerIn,
  call,
  describeHosts,
  type Home,
  type HostName,
  makeHome,
  startHost,
} from '../../support/hosts.js';
import { type Json, makeProject, type TestProject, until } from '../../support/project.js';
import { type ScriptedModel, startModel, type Turn } from '../../support/scripted-model.js';
import { openTerminal, type Terminal } from '../../support/terminal.js';

// Two full cycles on the digits example with real training, in the real hosts, with a scripted model on loopback.

let project: TestProject;
let model: ScriptedModel;
let home: Home;
let terminal: Terminal | undefined;
afterEach(async () => {
  terminal?.close();
  terminal = undefined;
  await model.close();
  await project.end();
  home.remove();
});

/** Real training, made short: a second or two each. */
const TRAIN = ['python3', 'train.py', '--epochs', '5'];

interface Wait {
  run: string;
  askedAt: number;
  answeredAt: number;
}

/** What the model says in a campaign of two cycles, and what it must have been told each time. */
function campaign(host: HostName, waits: Wait[]): Turn[] {
  const say = (name: string, input: Record<string, unknown> = {}) => call(host, name, input);
  let run = '';
  let code = '';
  const launched: Turn = (request) => {
    run = answerIn(request).run.id;
    waits.push({ run, askedAt: Date.now(), answeredAt: 0 });
    return say('wait_for_experiment', { run });
  };
  const reflect =
    (over: Record<string, unknown> = {}, before = async (): Promise<void> => undefined): Turn =>
    async (request) => {
      const wait = waits.at(-1);
      if (wait !== undefined) wait.answeredAt = request.at;
      expect(answerIn(request)).toMatchObject({ reason: 'ended', run: { id: run, ending: 'succeeded' } });
      await before();
      return say('log_memory', { run, text: `${run}: seen`, ...over });
    };
  return [
    (request) => {
      // The skill is in front of the model, with what the person asked for.
      expect(JSON.stringify(request.body).includes('# Run a campaign of experiments')).toBe(true);
      expect(JSON.stringify(request.body).includes('--max-cycles 2')).toBe(true);
      return say('experiment_status');
    },
    (request) => {
      expect(answerIn(request).status).toMatchObject({ campaign: null, baseline: null });
      return say('read_memory');
    },
    (request) => {
      expect(answerIn(request).brief).toContain('handwritten digits');
      return say('set_campaign', { max_cycles: 2 });
    },
    () => say('launch_experiment', { command: TRAIN, title: 'baseline' }),
    launched,
    reflect(),
    () => say('read_file', { path: 'train.py' }),
    (request) => {
      expect(answerIn(request).text).toContain('learning rate');
      code = readFileSync(join(project.root, 'train.py'), 'utf8');
      return say('write_file', { path: 'train.py', text: code.replace('import argparse', 'import argpars') });
    },
    () => say('launch_experiment', { command: [...TRAIN, '--lr', '0.1'], title: 'lr 0.1' }),
    (request) => {
      expect(request.results.at(-1)).toMatch(
        /the dry run failed with exit code 1; nothing was launched[\s\S]*argpars/,
      );
      return say('write_file', { path: 'train.py', text: code.replace('learning rate', 'step size') });
    },
    () =>
      say('launch_experiment', {
        command: [...TRAIN, '--lr', '0.1'],
        title: 'lr 0.1',
        hypothesis: 'The learning rate is too small for so few epochs.',
      }),
    launched,
    // While the model thinks about the first result, the person leaves an order.
    reflect({}, async () => void (await project.run('directive', 'Try momentum 0.9 with it.'))),
    () => say('experiment_status'),
    (request) => {
      expect(answerIn(request).status).toMatchObject({
        directive: 'Try momentum 0.9 with it.',
        campaign: { cycles_used: 1, max_cycles: 2 },
      });
      const command = [...TRAIN, '--lr', '0.1', '--momentum', '0.9'];
      return say('launch_experiment', { command, title: 'momentum 0.9' });
    },
    launched,
    reflect({ directive_done: 'Try momentum 0.9' }),
    () => say('launch_experiment', { command: [...TRAIN, '--lr', '0.2'], title: 'one too many' }),
    (request) => {
      expect(request.results.at(-1)).toContain('all 2 cycles of this campaign are used');
      return say('set_campaign', { stop: 'cycles used' });
    },
    (request) => {
      expect(answerIn(request)).toMatchObject({ campaign: null, stopped: 'cycles used' });
      return [{ text: 'The campaign is over.' }];
    },
  ];
}

const begin = async (host: HostName, waits: Wait[]): Promise<void> => {
  project = makeProject();
  cpSync('examples/digits', project.root, { recursive: true });
  model = await startModel(campaign(host, waits));
  home = makeHome(model.url, project.root);
};

/** What must be true of the project when two cycles were driven, whoever drove them. */
async function twoCycles(waits: readonly Wait[]): Promise<void> {
  expect(model.errors).toEqual([]);
  expect(model.left()).toBe(0);
  const status: Json = await project.json('status');
  expect(status.status).toBe('stopped: cycles used');
  expect(status.directive).toBe(null);
  const ledger = project.ledger();
  expect(ledger.filter(({ kind }) => kind === 'dry_run').map(({ ok }) => ok)).toContain(false);
  expect(waits).toHaveLength(3);
  for (const { run } of waits) {
    const { title } = status.runs.find(({ id }: Json) => id === run);
    const twins = ledger.filter((record) => record.kind === 'launch' && record.title === title);
    expect([...new Set(twins.map((record) => record.run))], title).toEqual([run]);
  }
  const first = status.runs.find(({ id }: Json) => id === waits[0]?.run);
  const last = status.runs.find(({ id }: Json) => id === waits[2]?.run);
  expect(last.primary.value).toBeGreaterThan(first.primary.value);
  expect(readFileSync(join(project.root, 'workspace/MEMORY_LOG.md'), 'utf8')).toContain(': seen');
  // Zero requests of any kind from the wait to the end of the run.
  for (const { run, askedAt, answeredAt } of waits) {
    const endedAt = Date.parse(status.runs.find(({ id }: Json) => id === run).ended_at);
    expect(answeredAt).toBeGreaterThanOrEqual(endedAt);
    expect(model.requests.filter(({ at }) => at > askedAt && at < answeredAt)).toEqual([]);
  }
}

describeHosts('a campaign in the hosts', () => {
  it.each([
    ['claude', '/auto-experiment --project . --max-cycles 2'],
    ['codex', '$auto-experiment --project . --max-cycles 2'],
  ] as const)('%s without a terminal: two cycles, no request while training runs', async (host, prompt) => {
    const waits: Wait[] = [];
    await begin(host, waits);
    const { code, stdout, stderr } = await startHost(host, home, project.root, prompt).done;
    expect(model.errors, stderr).toEqual([]);
    expect(code, stderr + stdout.slice(-2000)).toBe(0);
    expect(stdout).toContain('The campaign is over.');
    await twoCycles(waits);
  });

  it.each([
    ['claude', '/auto-experiment --project . --max-cycles 2'],
    ['codex', '$auto-experiment --project . --max-cycles 2'],
  ] as const)('%s in a terminal: two cycles, no request while training runs', async (host, prompt) => {
    const waits: Wait[] = [];
    await begin(host, waits);
    terminal = openTerminal(host, home, project.root, prompt);
    await until(() => model.left() === 0 || model.errors.length > 0);
    await until(() => terminal?.screen().includes('The campaign is over.') === true);
    await twoCycles(waits);
  });
});

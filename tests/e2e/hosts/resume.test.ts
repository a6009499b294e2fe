import { execFileSync } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import {
  answerIn,
  call,
  describeHosts,
  type Home,
  type HostName,
  makeHome,
  type Session,
  startHost,
} from '../../support/hosts.js';
import { makeProject, type TestProject, until } from '../../support/project.js';
import {
  type ModelRequest,
  type ScriptedModel,
  startModel,
  type Turn,
} from '../../support/scripted-model.js';

// What outlives a conversation: a killed host, a killed server, a compaction, an agent that stops too early.

const FILES = {
  'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nImprove train.sh.\n',
  'config.yaml':
    'experiment: {stop_grace: 1, survivor_grace: 1, dry_run_args: [--dry]}\ngpu: {auto_detect: false}\n',
  // Ends when the file that its first argument names is there.
  'train.sh':
    'case "$*" in *--dry*) exit 0;; esac\nwhile [ ! -e "$1" ]; do sleep 0.05; done\necho epoch 1/1 val_acc=0.5\n',
};
const HOSTS = ['claude', 'codex'] as const;
const PROMPT = { claude: '/auto-experiment --max-cycles 3', codex: '$auto-experiment --max-cycles 3' };

let project: TestProject;
let home: Home;
const models: ScriptedModel[] = [];
afterEach(async () => {
  for (const model of models.splice(0)) await model.close();
  await project.end();
  home.remove();
});

/** The host with a model that says this. One HOME and one project for all sessions of a test. */
async function session(
  host: HostName,
  script: readonly Turn[],
  more: readonly string[] = [],
): Promise<{ host: Session; model: ScriptedModel }> {
  const model = await startModel(script);
  if (models.length === 0) {
    project = makeProject(FILES);
    home = makeHome(model.url, project.root);
  } else {
    home.remove();
    home = makeHome(model.url, project.root);
  }
  models.push(model);
  return { host: startHost(host, home, project.root, PROMPT[host], more), model };
}

/** Ends as it should: the script was said to its end, and nothing in it was surprised. */
async function over({ host, model }: { host: Session; model: ScriptedModel }): Promise<void> {
  const { code, stdout, stderr } = await host.done;
  expect(model.errors, stderr).toEqual([]);
  expect(model.left(), stdout.slice(-1500)).toBe(0);
  expect(code, stderr).toBe(0);
}

const launch = (host: HostName, name: string): Turn =>
  call(host, 'launch_experiment', { command: ['sh', 'train.sh', name], title: `run ${name}` });
const wait = (host: HostName, run: string): Turn => call(host, 'wait_for_experiment', { run });
const go = (name: string): void => writeFileSync(join(project.root, name), '');
const isEnded = (run: string): boolean => {
  try {
    return project.mark(run, 'ended', 'ending') !== undefined;
  } catch {
    return false;
  }
};
const launches = (): string[] => [
  ...new Set(
    project
      .ledger()
      .filter(({ kind }) => kind === 'launch')
      .map(({ run }) => run),
  ),
];
/** The MCP servers of this test: they work in its folder. */
const servers = (): number[] =>
  execFileSync(
    'sh',
    [
      '-c',
      'cd /proc; for p in [0-9]*; do (tr "\\0" " " < $p/cmdline) 2>/dev/null | sed "s/^/$p /"; echo; done',
    ],
    { encoding: 'utf8' },
  )
    .split('\n')
    .filter((line) => line.includes('main.js mcp '))
    .map((line) => Number(line.split(' ')[0]))
    .filter((pid) => workingFolder(pid) === project.root);
function workingFolder(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}
/** The host has told that it makes this call. */
const called = (at: Session, tool: string): Promise<void> =>
  until(() => new RegExp(`"(?:name|tool)":"(?:mcp__autoexp__)?${tool}"`).test(at.output()));
const all = (request: ModelRequest): string => JSON.stringify(request.body);

describeHosts('what outlives a conversation', () => {
  it.each(HOSTS)(
    '%s killed in mid-wait: the next session is told the ending once and goes on',
    async (host) => {
      const first = await session(host, [
        call(host, 'set_campaign', { max_cycles: 3 }),
        launch(host, 'a'),
        wait(host, 'exp001'),
      ]);
      await called(first.host, 'wait_for_experiment');
      first.host.kill();
      await first.host.done;
      await until(() => servers().length === 0);
      go('a');
      await until(() => isEnded('exp001'));

      const told: string[] = [];
      const note = (request: ModelRequest): void => void told.push(request.results.at(-1) ?? '');
      const second = await session(host, [
        (request) => {
          // The session start has it: with the ending, the count, and the way to go on.
          expect(all(request)).toMatch(/under way in this folder: 0 of 3 cycles used/);
          expect(all(request)).toMatch(/Ended, not told before: exp001 \(run a\) ended: succeeded/);
          return call(host, 'experiment_status');
        },
        (request) => {
          note(request);
          expect(answerIn(request)).toMatchObject({ status: { total_runs: 1, campaign: { max_cycles: 3 } } });
          return call(host, 'log_memory', { run: 'exp001', text: 'the baseline' });
        },
        (request) => {
          note(request);
          return launch(host, 'b') as never;
        },
        (request) => {
          note(request);
          go('b');
          return wait(host, 'exp002') as never;
        },
        (request) => {
          expect(answerIn(request)).toMatchObject({ reason: 'ended', run: { id: 'exp002' } });
          return call(host, 'log_memory', { run: 'exp002', text: 'no better' });
        },
        call(host, 'set_campaign', { stop: 'test' }),
        [{ text: 'Done.' }],
      ]);
      await over(second);
      expect(told.filter((text) => text.includes('news'))).toEqual([]);
      expect(launches()).toEqual(['exp001', 'exp002']);
    },
  );
});

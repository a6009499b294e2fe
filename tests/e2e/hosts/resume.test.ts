import { writeFileSync } from 'node:fs';
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
import { commandLines, kill, makeProject, type TestProject, until } from '../../support/project.js';
import {
  type Block,
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

const launch = (host: HostName, name: string): Block[] =>
  call(host, 'launch_experiment', { command: ['sh', 'train.sh', name], title: `run ${name}` });
const wait = (host: HostName, run: string): Block[] => call(host, 'wait_for_experiment', { run });
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
  commandLines()
    .filter(({ words, folder }) => words.includes('main.cjs mcp ') && folder === project.root)
    .map(({ pid }) => pid);
/** Ends the servers of this test that have a client. */
async function killServers(): Promise<void> {
  await until(() => servers().length > 0);
  for (const pid of servers()) kill(pid);
}
/** The host has told that it makes this call. */
const called = (at: Session, tool: string): Promise<void> =>
  until(() => new RegExp(`"(?:name|tool)":"(?:mcp__autoexp__)?${tool}"`).test(at.output()));
/** Whether the model was told this: a request is too long to be shown where it was not. */
const has = (request: ModelRequest, words: RegExp): boolean => words.test(all(request));
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
          expect(has(request, /under way in this folder: 0 of 3 cycles used/)).toBe(true);
          expect(has(request, /Ended, not told before: exp001 \(run a\) ended: succeeded/)).toBe(true);
          return call(host, 'experiment_status');
        },
        (request) => {
          note(request);
          expect(answerIn(request)).toMatchObject({ status: { total_runs: 1, campaign: { max_cycles: 3 } } });
          return call(host, 'log_memory', { run: 'exp001', text: 'the baseline' });
        },
        (request) => {
          note(request);
          return launch(host, 'b');
        },
        (request) => {
          note(request);
          go('b');
          return wait(host, 'exp002');
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

  it('claude, its server killed in mid-wait: the wait is asked again and answered', async () => {
    const at = await session('claude', [
      call('claude', 'set_campaign', { max_cycles: 3 }),
      launch('claude', 'a'),
      wait('claude', 'exp001'),
      (request) => {
        // Claude Code says that the connection is gone, and starts the server again for the next call.
        expect(request.results.at(-1)).toContain('Connection closed');
        go('a');
        return wait('claude', 'exp001');
      },
      (request) => {
        expect(answerIn(request)).toMatchObject({ reason: 'ended', run: { id: 'exp001' } });
        return call('claude', 'set_campaign', { stop: 'test' });
      },
      (request) => {
        expect(answerIn(request)).not.toHaveProperty('news');
        return [{ text: 'Done.' }];
      },
    ]);
    await called(at.host, 'wait_for_experiment');
    await killServers();
    await over(at);
    expect(launches()).toEqual(['exp001']);
  });

  it('codex, its server killed in mid-wait: the next session is told the ending', async () => {
    const first = await session('codex', [
      launch('codex', 'a'),
      wait('codex', 'exp001'),
      (request) => {
        // Codex does not start a server again: this session is over.
        expect(request.results.at(-1)).toContain('Transport closed');
        return [{ text: 'The server is gone.' }];
      },
    ]);
    await called(first.host, 'wait_for_experiment');
    await killServers();
    await over(first);
    go('a');
    await until(() => isEnded('exp001'));
    const second = await session('codex', [
      (request) => {
        expect(has(request, /Ended, not told before: exp001/)).toBe(true);
        return wait('codex', 'exp001');
      },
      (request) => {
        expect(answerIn(request)).toMatchObject({ reason: 'ended', run: { id: 'exp001' } });
        expect(answerIn(request)).not.toHaveProperty('news');
        return [{ text: 'Done.' }];
      },
    ]);
    await over(second);
    expect(launches()).toEqual(['exp001']);
  });

  it.each(HOSTS)('%s, its conversation compacted in mid-campaign: goes on', async (host) => {
    const large = host === 'claude' ? 990_000 : 9000;
    const at = await session(
      host,
      [
        call(host, 'set_campaign', { max_cycles: 3 }),
        launch(host, 'a'),
        () => {
          go('a');
          return { blocks: wait(host, 'exp001'), tokens: large };
        },
        (request) => {
          // What is left of the conversation is a summary, and what the skill and the hook say.
          expect(at.model.requests.filter(({ compaction }) => compaction)).toHaveLength(1);
          expect(has(request, /under way in this folder: 0 of 3 cycles used/)).toBe(true);
          expect(has(request, /begin at its step 1 again/)).toBe(true);
          // Claude Code keeps the skill, Codex what the person typed.
          expect(
            has(request, host === 'claude' ? /# Run a campaign/ : /auto-experiment --max-cycles 3/),
          ).toBe(true);
          return call(host, 'experiment_status');
        },
        (request) => {
          expect(answerIn(request).status).toMatchObject({
            campaign: { cycles_used: 0, max_cycles: 3 },
            baseline: { run: 'exp001', value: 0.5 },
          });
          return launch(host, 'b');
        },
        () => {
          go('b');
          return wait(host, 'exp002');
        },
        (request) => {
          expect(answerIn(request)).toMatchObject({ reason: 'ended', run: { id: 'exp002' } });
          return call(host, 'set_campaign', { stop: 'test' });
        },
        [{ text: 'Done.' }],
      ],
      host === 'codex' ? ['-c', 'model_auto_compact_token_limit=5000'] : [],
    );
    await over(at);
    expect(launches()).toEqual(['exp001', 'exp002']);
  });

  it.each(HOSTS)('%s, an agent that stops too early is sent back, twice and no more', async (host) => {
    const at = await session(host, [
      call(host, 'set_campaign', { max_cycles: 3 }),
      launch(host, 'a'),
      [{ text: 'I will look at it tomorrow.' }],
      (request) => {
        expect(
          has(request, /0 of 3 cycles used.{1,4}\. exp001 is (queued|running): call wait_for_experiment/),
        ).toBe(true);
        go('a');
        return wait(host, 'exp001');
      },
      call(host, 'log_memory', { run: 'exp001', text: 'the baseline' }),
      [{ text: 'That is enough for today.' }],
      (request) => {
        expect(has(request, /Plan the next cycle/)).toBe(true);
        return [{ text: 'No.' }];
      },
      // The second time in a row without anything new; after it the agent is let go.
      [{ text: 'No.' }],
    ]);
    await over(at);
  });

  it('claude without a campaign is left alone', async () => {
    const at = await session('claude', [call('claude', 'experiment_status'), [{ text: 'Nothing runs.' }]]);
    await over(at);
    expect(at.model.requests.filter(({ turn }) => turn)).toHaveLength(2);
    const words = /campaign of auto-experiment is under way|campaign was under way|cycles used/;
    expect(at.model.requests.filter((request) => words.test(all(request)))).toHaveLength(0);
  });
});
